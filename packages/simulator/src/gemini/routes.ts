/** Which path is which call: a table, read from the top. */

/** Who answers a call. */
export type Family =
  | 'content'
  | 'upload'
  | 'file'
  | 'cache'
  | 'batch'
  | 'operation'
  | 'prediction'
  | 'store'
  | 'tuning'
  | 'token'
  | 'tree'
  | 'interaction';

/** The calls that exist here, but for those of the OpenAI paths. */
export type Method = (typeof routes)[number][2];

/** Where a call stands among others. */
export interface Found {
  readonly dialect: 'gemini' | 'interactions';
  readonly family: Family;
  readonly method: Method;
  /** Without `models/`, but with `tunedModels/`. */
  readonly model: string;
  /** What the path names beside a model: the last part of a name, or all of it for operations and trees. */
  readonly resource: string;
  /** What that is part of: the id of a store, of an environment. */
  readonly parent: string;
}

/** What a path has in braces. */
const parts = {
  id: '([^/:]+)',
  model: '(?=models/|tunedModels/)(?:models/)?((?:tunedModels/)?[^/:]+)',
  owner: '(?:models|tunedModels|corpora|generatedFiles|fileSearchStores)/[^/:]+(?:/upload)?',
  /** Things that differ in nothing but their name. */
  trees:
    'agents|environments|voices|webhooks|triggers|credentials|triggers/[^/:]+/executions|' +
    'corpora|corpora/[^/:]+/documents|corpora/[^/:]+/documents/[^/:]+/chunks',
};

/** A path is written without its version; what stands in front of the version at Google stands in front of it here. */
const routes = [
  ['GET', 'models', 'listModels', 'content'],
  ['GET', 'models/{id}', 'getModel', 'content', 'model'],
  ['POST', '{model}:generateContent', 'generateContent', 'content', 'model'],
  ['POST', '{model}:streamGenerateContent', 'streamGenerateContent', 'content', 'model'],
  ['POST', '{model}:countTokens', 'countTokens', 'content', 'model'],
  ['POST', 'models/{id}:embedContent', 'embedContent', 'content', 'model'],
  ['POST', 'models/{id}:batchEmbedContents', 'batchEmbedContents', 'content', 'model'],
  ['POST', 'models/{id}:predict', 'predict', 'prediction', 'model'],
  ['POST', 'models/{id}:predictLongRunning', 'predictLongRunning', 'prediction', 'model'],
  ['POST', 'models/{id}:batchGenerateContent', 'batchGenerateContent', 'batch', 'model'],
  ['POST', 'models/{id}:asyncBatchEmbedContent', 'asyncBatchEmbedContent', 'batch', 'model'],

  ['POST', 'upload/files', 'uploadFile', 'upload'],
  ['POST', 'upload/fileSearchStores/{id}:uploadToFileSearchStore', 'uploadToFileSearchStore', 'upload'],
  ['PUT', 'upload/environments/{id}/files/(.+)', 'uploadEnvironmentFile', 'upload'],

  ['GET', 'files', 'listFiles', 'file'],
  ['POST', 'files', 'createFile', 'file'],
  ['POST', 'files:register', 'registerFiles', 'file'],
  ['GET', 'files/{id}', 'getFile', 'file'],
  ['DELETE', 'files/{id}', 'deleteFile', 'file'],
  ['GET', '(?:download/)?files/{id}:download', 'downloadFile', 'file'],

  ['GET', 'cachedContents', 'listCachedContents', 'cache'],
  ['POST', 'cachedContents', 'createCachedContent', 'cache'],
  ['GET', 'cachedContents/{id}', 'getCachedContent', 'cache'],
  ['PATCH', 'cachedContents/{id}', 'updateCachedContent', 'cache'],
  ['DELETE', 'cachedContents/{id}', 'deleteCachedContent', 'cache'],

  ['GET', 'batches', 'listBatches', 'batch'],
  ['GET', 'batches/{id}', 'getBatch', 'batch'],
  ['POST', 'batches/{id}:cancel', 'cancelBatch', 'batch'],
  ['DELETE', 'batches/{id}', 'deleteBatch', 'batch'],

  ['GET', '({owner}/operations)', 'listOperations', 'operation'],
  ['GET', '({owner}/operations/[^/:]+)', 'getOperation', 'operation'],

  ['GET', 'fileSearchStores', 'listFileSearchStores', 'store'],
  ['POST', 'fileSearchStores', 'createFileSearchStore', 'store'],
  ['GET', 'fileSearchStores/{id}', 'getFileSearchStore', 'store'],
  ['DELETE', 'fileSearchStores/{id}', 'deleteFileSearchStore', 'store'],
  ['POST', 'fileSearchStores/{id}:importFile', 'importFile', 'store'],
  ['GET', 'fileSearchStores/{id}/documents', 'listDocuments', 'store', 'parent'],
  ['GET', 'fileSearchStores/{id}/documents/{id}', 'getDocument', 'store'],
  ['DELETE', 'fileSearchStores/{id}/documents/{id}', 'deleteDocument', 'store'],

  ['GET', 'tunedModels', 'listTunedModels', 'tuning'],
  ['POST', 'tunedModels', 'createTunedModel', 'tuning'],
  ['GET', 'tunedModels/{id}', 'getTunedModel', 'tuning'],
  ['PATCH', 'tunedModels/{id}', 'updateTunedModel', 'tuning'],
  ['DELETE', 'tunedModels/{id}', 'deleteTunedModel', 'tuning'],

  ['POST', 'auth_tokens', 'createAuthToken', 'token'],

  ['POST', 'interactions', 'createInteraction', 'interaction'],
  ['GET', 'interactions/{id}', 'getInteraction', 'interaction'],
  ['POST', 'interactions/{id}/cancel', 'cancelInteraction', 'interaction'],
  ['DELETE', 'interactions/{id}', 'deleteInteraction', 'interaction'],

  ['GET', 'environments/{id}/files(?:/|$)(.*)', 'getEnvironmentFile', 'tree'],
  ['POST', 'webhooks/{id}:ping', 'pingWebhook', 'tree'],
  ['POST', 'webhooks/{id}:rotateSigningSecret', 'rotateSigningSecret', 'tree'],
  ['GET', '({trees})', 'listResources', 'tree'],
  ['POST', '({trees})', 'createResource', 'tree'],
  ['GET', '((?:{trees})/[^/:]+)', 'getResource', 'tree'],
  ['PATCH', '((?:{trees})/[^/:]+)', 'updateResource', 'tree'],
  ['DELETE', '((?:{trees})/[^/:]+)', 'deleteResource', 'tree'],
] as const;

type Row = readonly [httpMethod: string, path: string, method: Method, family: Family, only?: 'model' | 'parent'];

const rows: readonly Row[] = routes;
const table = rows.map(([httpMethod, path, method, family, only]) => {
  return { httpMethod, path: patternOf(path), method, family, only: only ?? 'resource' };
});

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{(\w+)\}/g, (_, name: keyof typeof parts) => parts[name])}$`);
}

/** Paths of the API around interactions, whose errors and lists are written in its own way. */
const interactionsPath = /^(?:upload\/)?(?:interactions|agents|environments|voices|webhooks|triggers|credentials)\b/;

/** The call that a path stands for, or null. An upload that was started takes methods beside its own. */
export function routeFor(httpMethod: string, path: string, isUploadUnderWay: boolean): Found | null {
  for (const route of table) {
    const isWanted = route.httpMethod === httpMethod || (isUploadUnderWay && route.family === 'upload');
    const match = isWanted ? route.path.exec(path) : null;
    if (match === null) continue;
    const [, first = '', second] = match;
    const named = second === undefined ? { parent: '', resource: first } : { parent: first, resource: second };
    return {
      dialect: interactionsPath.test(path) ? 'interactions' : 'gemini',
      family: route.family,
      method: route.method,
      model: route.only === 'model' ? first : '',
      ...(route.only === 'resource' ? named : { parent: route.only === 'parent' ? first : '', resource: '' }),
    };
  }
  return null;
}
