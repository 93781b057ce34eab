/** What a call that passes is called in events and logs. The names are few, whatever clients write into paths. */

import type { Target } from './target.ts';

const kinds = setOf(
  'files cachedContents batches fileSearchStores documents operations tunedModels permissions corpora chunks agents',
  'environments credentials triggers executions voices webhooks auth_tokens interactions models',
);
const verbs = setOf(
  'register download cancel importFile uploadToFileSearchStore batchGenerateContent asyncBatchEmbedContent predict',
  'predictLongRunning query batchCreate batchUpdate batchDelete transferOwnership ping rotateSigningSecret',
  'generateAnswer updateGenerateContentBatch updateEmbedContentBatch',
);
const done: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['PATCH', 'update'],
  ['PUT', 'update'],
  ['DELETE', 'delete'],
]);

/** `files.list`, `batches.cancel`, `fileSearchStores.documents.get`; `other` for what is not known. */
export function callName({ segments, verb }: Target, method: string): string {
  const isBeside = segments[0] === 'upload' || segments[0] === 'download';
  const [collection = '', ...rest] = segments.slice(isBeside ? 2 : 1);
  // Collections and ids take turns.
  const path = [collection, ...rest.filter((_, at) => at % 2 === 1)];
  if (!path.every((part) => kinds.has(part)) || (verb !== null && !verbs.has(verb))) return 'other';
  const isOne = rest.length % 2 === 1;
  const reads = method === 'GET' || method === 'HEAD' ? (isOne ? 'get' : 'list') : undefined;
  return `${path.join('.')}.${verb ?? reads ?? done.get(method) ?? 'other'}`;
}

function setOf(...lines: string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '));
}
