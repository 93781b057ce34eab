/** Paths of things that a project keeps: files, uploads of files, cached contents. */

/** Calls about them. */
export type ResourceMethod =
  | 'uploadFile'
  | 'listFiles'
  | 'getFile'
  | 'deleteFile'
  | 'downloadFile'
  | 'listCachedContents'
  | 'createCachedContent'
  | 'getCachedContent'
  | 'updateCachedContent'
  | 'deleteCachedContent';

/** A call about one of them, or about all. */
export interface ResourceCall {
  readonly method: ResourceMethod;
  /** The last part of the name; empty for calls about all. */
  readonly resource: string;
}

/** A path without its version; what stands in front of the version at Google stands in front of it here. */
const routes: readonly (readonly [httpMethods: string, path: RegExp, method: ResourceMethod])[] = [
  ['POST', /^upload\/files()$/, 'uploadFile'],
  ['GET', /^files()$/, 'listFiles'],
  ['GET', /^files\/([^/:]+)$/, 'getFile'],
  ['DELETE', /^files\/([^/:]+)$/, 'deleteFile'],
  ['GET', /^(?:download\/)?files\/([^/:]+):download$/, 'downloadFile'],
  ['GET', /^cachedContents()$/, 'listCachedContents'],
  ['POST', /^cachedContents()$/, 'createCachedContent'],
  ['GET', /^cachedContents\/([^/:]+)$/, 'getCachedContent'],
  ['PATCH', /^cachedContents\/([^/:]+)$/, 'updateCachedContent'],
  ['DELETE', /^cachedContents\/([^/:]+)$/, 'deleteCachedContent'],
];

/** The call that a path stands for, or null. Only an upload that was started takes methods beside POST. */
export function resourceCall(httpMethod: string, path: string, query: URLSearchParams): ResourceCall | null {
  if (path === 'upload/files' && query.has('upload_id')) return { method: 'uploadFile', resource: '' };
  for (const [wanted, pattern, method] of routes) {
    const resource = pattern.exec(path)?.[1];
    if (wanted === httpMethod && resource !== undefined) return { method, resource };
  }
  return null;
}
