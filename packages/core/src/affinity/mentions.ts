/** Names that stand somewhere in an answer: what an API that nobody here has heard of tells of, and files that a model has left. */

import {
  collectionOf,
  collections,
  firstOf,
  isNewCollection,
  nameInPath,
  nameInValue,
  newCollectionIn,
} from './resource-name.ts';

/** Takes a name that was found, and when its thing ends where that is told; null for what names nothing. */
export type Add = (name: string | null, ends: unknown) => void;

export type Fields = Readonly<Record<string, unknown>>;

/** Where an answer tells the files that came of something. */
export const resultFields: ReadonlySet<string> = new Set([
  ...['responsesFile', 'responses_file', 'fileName', 'file_name', 'uri'],
]);
/** Where it tells of what it was given. */
export const inputFields: ReadonlySet<string> = new Set(['inputConfig', 'input_config', 'src', 'request', 'input']);
/** What models say is no word of the provider's, and the names of tokens are secrets. */
const neverMentioning = new Set(['models', 'openai', 'auth_tokens', 'authTokens']);
/** An answer is the provider's own and flat; this only keeps a strange one from being walked for long. */
export const deepestResult = 12;
export const mostResults = 4_096;
const noHosts: ReadonlySet<string> = new Set();

/**
 * An API that nobody here has heard of names what it has made somewhere, as the others do. One that is known says it where
 * it is looked for, and what it names beside may be what it was given.
 *
 * @param thing - what the path names
 */
export function addMentioned(path: string, thing: string | null, answer: Fields, mention: Add): void {
  const first = firstOf(path);
  const isKnown = collections.has(first.split(':', 1)[0] as string) && !hasNewVerb(path);
  if (isKnown || neverMentioning.has(first) || 'candidates' in answer) return;
  const inside = thing === null ? '' : collectionOf(thing);
  const fresh = newCollectionIn(path) ?? (isNewCollection(inside) ? inside : null);
  let left = mostResults;
  const walk = (value: unknown, depth: number): void => {
    if (depth > deepestResult || left-- <= 0) return;
    if (Array.isArray(value)) for (const item of value) walk(item, depth + 1);
    if (!isFields(value)) return;
    for (const [key, item] of Object.entries(value)) {
      if (inputFields.has(key)) continue;
      if (typeof item !== 'string') walk(item, depth + 1);
      else if (key === 'name' || resultFields.has(key) || contentFields.has(key)) note(item);
    }
  };
  const note = (value: string): void => {
    const isFresh = fresh !== null && value.startsWith(`${fresh}/`);
    const name = isFresh ? nameInPath(`/v1/${value}`) : nameInValue(value, noHosts);
    if (name !== thing) mention(name, null);
  };
  walk(answer, 0);
  const isById = thing === null && typeof answer.name !== 'string' && typeof answer.id === 'string';
  if (fresh !== null && isById) note(`${fresh}/${answer.id}`);
}

/** Verbs of the known APIs: where they tell of what they have made is known as well. */
const knownVerbs = new Set([
  ...['register', 'download', 'cancel', 'wait', 'importFile', 'uploadToFileSearchStore', 'transferOwnership'],
  ...['query', 'batchCreate', 'batchUpdate', 'batchDelete', 'ping', 'rotateSigningSecret'],
  ...['generateContent', 'streamGenerateContent', 'countTokens', 'embedContent', 'batchEmbedContents', 'generateText'],
  ...['batchGenerateContent', 'asyncBatchEmbedContent', 'updateGenerateContentBatch', 'updateEmbedContentBatch'],
]);

function hasNewVerb(path: string): boolean {
  const verb = /:([A-Za-z]+)$/.exec(path)?.[1];
  return verb !== undefined && !knownVerbs.has(verb);
}

/** Holders between the root of a generation and a file that a model has left in it. What a tool is given is none of them. */
const contentHolders = new Set([
  ...['candidates', 'content', 'parts', 'fileData', 'file_data'],
  ...['interaction', 'steps', 'outputs', 'step', 'delta'],
  ...['response', 'metadata', 'dest', 'output', 'inlinedResponses', 'inlined_responses'],
]);
const contentFields = new Set(['fileUri', 'file_uri', 'uri']);

/** Files that a model has left in the content of its answer, also in the results of a batch. */
export function addLeft(answer: Fields, mention: Add): void {
  let left = mostResults;
  const walk = (value: unknown, depth: number): void => {
    if (depth > deepestResult || left-- <= 0) return;
    if (Array.isArray(value)) for (const item of value) walk(item, depth + 1);
    else if (isFields(value)) {
      for (const [key, item] of Object.entries(value)) {
        if (typeof item !== 'string') {
          if (contentHolders.has(key)) walk(item, depth + 1);
          continue;
        }
        const name = depth > 0 && contentFields.has(key) ? nameInValue(item, noHosts) : null;
        if (name !== null && collectionOf(name) === 'files') mention(name, null);
      }
    }
  };
  walk(answer, 0);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
