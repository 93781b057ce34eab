/** Names of stateful resources: which ones there are, and how one is read out of a path, a name or a URI. */

/** Collections whose things live in one project. What lies deeper (documents, operations, chunks) lives with its parent. */
export const collections: ReadonlySet<string> = new Set([
  'files',
  'generatedFiles',
  'cachedContents',
  'batches',
  'operations',
  'tunedModels',
  'dynamic',
  'corpora',
  'fileSearchStores',
  'interactions',
  'agents',
  'environments',
  'credentials',
  'triggers',
  'voices',
  'webhooks',
]);

/** Nobody can be asked for these, or the provider's own ones are among them. */
const neverSearched = new Set(['token', 'dynamic', 'agents', 'voices']);
/** The provider makes up these ids; all others may be chosen by clients, and two projects may hold the same. */
const madeUpIds = new Set([
  'token',
  'models',
  'generatedFiles',
  'cachedContents',
  'batches',
  'operations',
  'interactions',
]);

/** Real ids are shorter by far. What else could be in one never exists at the provider. */
const idShape = /^[\w.~=+-]{1,512}$/;
const scheme = /^[a-z][a-z0-9+.-]*:/i;
/** Also its regional, mTLS and sandbox forms; not `storage.googleapis.com`, whose objects are anybody's. */
const googleHost = /^(?:[a-z0-9-]+[.-])?generativelanguage\.(?:[a-z0-9-]+\.)*googleapis\.com$/;

const anyBase = 'https://relative.invalid';

/** The canonical name in a list of decoded segments: the first collection that has an id behind it. */
export function nameIn(segments: readonly string[]): string | null {
  for (let at = 0; at < segments.length; at++) {
    const segment = segments[at] as string;
    if (segment === 'models') {
      const model = idOf(segments[at + 1]);
      const operation = segments[at + 2] === 'operations' ? idOf(segments[at + 3]) : null;
      return model === null || operation === null ? null : `models/${model}/operations/${operation}`;
    }
    if (!collections.has(segment)) continue;
    // A whole name may stand where the id does, its slash encoded or not: `/openai/files/files%2Fabc`.
    if (segments[at + 1] === segment && segments[at + 2] !== undefined) continue;
    const next = segments[at + 1];
    const id = idOf(next?.startsWith(`${segment}/`) ? next.slice(segment.length + 1) : next);
    return id === null ? null : `${segment}/${id}`;
  }
  return null;
}

/**
 * The canonical name in a path as it came; encodings are undone, for the provider will do so too. What stands where a
 * collection and an id stand is taken for one also when nobody here has heard of it: a new API is like the old ones.
 */
export function nameInPath(path: string): string | null {
  const segments = segmentsOf(path);
  return nameIn(segments) ?? newNameIn(segments);
}

/** The collection at the end of a path that nobody here has heard of; null for those that are known. */
export function newCollectionIn(path: string): string | null {
  const [last = '', ...rest] = behindVersion(segmentsOf(path));
  // What a verb makes lies in the collection that it is asked of: `/v2/things:draw`.
  const collection = last.split(':', 1)[0] as string;
  return rest.length === 0 && isNewCollection(collection) ? collection : null;
}

/** The first word behind the version: `files` of `/upload/v1beta/files`; empty where there is none. */
export function firstOf(path: string): string {
  return behindVersion(segmentsOf(path))[0] ?? '';
}

/** Names of the provider's own things, and tokens, which are no names to write down. */
const neverNew = new Set(['models', 'openai', 'auth_tokens', 'authTokens', 'operations']);
const newCollection = /^[a-z][A-Za-z_]{2,63}$/;
const doors = new Set(['upload', 'download']);
const version = /^v[0-9][a-z0-9]*$/;

function newNameIn(segments: readonly string[]): string | null {
  const [collection = '', id] = behindVersion(segments);
  return isNewCollection(collection) && idOf(id) !== null ? `${collection}/${idOf(id)}` : null;
}

/** Whether a word can be a collection that nobody here has heard of. */
export function isNewCollection(collection: string): boolean {
  return newCollection.test(collection) && !collections.has(collection) && !neverNew.has(collection);
}

function behindVersion(segments: readonly string[]): readonly string[] {
  const at = doors.has(segments[0] ?? '') ? 1 : 0;
  return version.test(segments[at] ?? '') ? segments.slice(at + 1) : [];
}

/**
 * The canonical name in a value: `files/abc`, or a URI of the provider's host or one of `ownHosts`. Every other URI
 * (YouTube, `gs:`, anybody's server) names nothing that lives in a project.
 */
export function nameInValue(value: string, ownHosts: ReadonlySet<string>): string | null {
  const text = value.trim();
  const isHttp = /^(?:https?:|\/\/)/i.test(text);
  if (!isHttp) return scheme.test(text) ? null : nameIn(segmentsOf(text.split(/[?#]/, 1)[0] as string));
  if (!URL.canParse(text, anyBase)) return null;
  const url = new URL(text, anyBase);
  return googleHost.test(url.hostname) || ownHosts.has(url.host) ? nameIn(segmentsOf(url.pathname)) : null;
}

/** A name out of a bare id: `v1_x` under `previous_interaction_id` is `interactions/v1_x`, and so is that itself. */
export function nameOfId(collection: string, value: string): string | null {
  const text = value.trim();
  if (text.includes('/')) return nameIn(segmentsOf(text));
  return idOf(text) === null ? null : `${collection}/${text}`;
}

export function segmentsOf(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '');
  return path.includes('%') ? segments.map(decoded) : segments;
}

export function isSearchable(name: string): boolean {
  const collection = collectionOf(name);
  return collection === 'models' || (collections.has(collection) && !neverSearched.has(collection));
}

export function hasChosenId(name: string): boolean {
  return !madeUpIds.has(collectionOf(name));
}

export function collectionOf(name: string): string {
  return name.slice(0, name.indexOf('/'));
}

/** A verb behind the id is no part of it: `abc:download`. */
function idOf(segment: string | undefined): string | null {
  const id = segment?.split(':', 1)[0];
  return id !== undefined && idShape.test(id) ? id : null;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
