/** Names that the simulated Google makes up by chance, told by their shape and called by the order in which they come. */

import type { Outcome } from '../outcome.ts';

const shapes: readonly (readonly [kind: string, shape: RegExp])[] = [
  ['file', /(?<=files\/(?:batch-)?|\bFile )(?:[a-z0-9]{12}|[a-z0-9]{30})\b/g],
  ['cache', /(?<=cachedContents\/)[a-z0-9]{40}\b/g],
  ['batch', /(?<=batches\/)[a-z0-9]{30}\b/g],
  ['operation', /(?<=operations\/)[a-z0-9-]{12,40}\b/g],
  ['store', /(?<=fileSearchStores\/|\bFileSearchStore )(?:[a-z0-9-]*-)?[a-z0-9]{12}\b/g],
  ['document', /(?<=documents\/|\bDocument )(?:[a-z0-9-]*-)?[a-z0-9]{12}\b/g],
  ['tuned model', /(?<=tunedModels\/)[a-z0-9-]+/g],
  ['interaction', /\bv1_[A-Za-z0-9_-]{40,}/g],
  ['token', /(?<=auth_tokens\/)[0-9a-f]{64}\b/g],
  ['secret', /whsec_[A-Za-z0-9+/=]{20,}/g],
  ['handle', /(?<="newHandle":")[A-Za-z0-9_-]{54}(?=")/g],
  ['upload', /ABgVH8-[A-Za-z0-9_-]{64}/g],
  ['answer', /(?<="(?:function-)?call(?:_id|Id)":")[^"]+(?=")/g],
  ['call', /function-call-[a-z0-9]{16}/g],
  ['id', /(?<="(?:[a-z]+_)?id":")[a-z0-9]{20}(?=")/g],
  ['page', /(?<="(?:nextPageToken|pageToken|next_page_token)":")[^"]+(?=")/g],
];

/** Where the simulated Google wraps an id: the ids of events, the signatures of thoughts. */
const wrapped = /(?<=")(?:djFf|dGhvdWdodHMgb2Yg)[A-Za-z0-9+/=]{40,}(?=")/g;
/** A name has another length when it is compressed, and that is by chance too. */
const compressedLength = /(?<="content-encoding":"gzip",)"content-length":"\d+",/g;

/** The same name is the same number, wherever it stands, so one file in the place of another is seen. */
export function withNumberedNames({ values, error }: Outcome): Outcome {
  let text = JSON.stringify({ values, error })
    .replace(wrapped, (inside) => Buffer.from(inside, 'base64').toString())
    .replace(compressedLength, '');
  for (const [kind, shape] of shapes) {
    const numbers = new Map<string, number>();
    text = text.replace(shape, (name) => {
      const number = numbers.get(name) ?? numbers.size + 1;
      numbers.set(name, number);
      return `‹${kind} ${number}›`;
    });
  }
  return JSON.parse(text) as Outcome;
}
