/** The fields of a request body that can name a resource, as data. */

import { Words } from '../bytes/words.ts';

/** How a field names something. `under`: only there, for the word is used for other things too. */
export type Field =
  /** By a full name or a URI; any other value names nothing. */
  | { readonly holds: 'name'; readonly under: string | null }
  /** By an opaque handle. */
  | { readonly holds: 'token'; readonly under: string | null }
  /**
   * By a bare id. Words of every day (`agent`, `voice`) count only where the call is one of the interactions family;
   * `atTop`: and there only at the root or directly under `interaction`.
   */
  | { readonly holds: 'id'; readonly collection: string; readonly isEveryday: boolean; readonly atTop: boolean };

const name: Field = { holds: 'name', under: null };
const token: Field = { holds: 'token', under: null };

function id(collection: string, { isEveryday = false, atTop = false } = {}): Field {
  return { holds: 'id', collection, isEveryday, atTop };
}

/** In camelCase; each is known in snake_case as well. */
const camelCase: Readonly<Record<string, Field>> = {
  fileUri: name,
  uri: name,
  url: name,
  imageUrl: name,
  fileName: name,
  fileId: name,
  inputFileId: name,
  cachedContent: name,
  fileSearchStoreNames: name,
  fileSearchStore: name,
  model: name,
  tunedModel: name,
  source: { holds: 'name', under: 'semanticRetriever' },
  continuationToken: token,
  handle: { holds: 'token', under: 'sessionResumption' },
  previousInteractionId: id('interactions'),
  environment: id('environments', { isEveryday: true, atTop: true }),
  baseEnvironment: id('environments', { isEveryday: true, atTop: true }),
  environmentId: id('environments', { isEveryday: true }),
  fromEnvironment: id('environments', { isEveryday: true }),
  credential: id('credentials', { isEveryday: true }),
  agent: id('agents', { isEveryday: true, atTop: true }),
  baseAgent: id('agents', { isEveryday: true, atTop: true }),
  voice: id('voices', { isEveryday: true }),
  baseVoice: id('voices', { isEveryday: true }),
};

/** Every spelling that names something. */
export const fields: ReadonlyMap<string, Field> = new Map(
  Object.entries(camelCase).flatMap(([word, field]) => spellings(word).map((spelling) => [spelling, field] as const)),
);

/** Whose objects hold whatever a tool takes or gives: nothing in them is a reference. */
const freeForm: ReadonlyMap<string, string> = new Map([
  ['functionCall', 'args'],
  ['function_call', 'args'],
  ['functionResponse', 'response'],
  ['function_response', 'response'],
]);

/** True for an object under `key` in one under `parent` that is free of meaning. */
export function isFreeForm(parent: string, key: string): boolean {
  return key !== '' && (key === 'arguments' || freeForm.get(parent) === key);
}

/** Keys that a reader of bodies has to know. */
export const fieldWords: Words = new Words([
  ...fields.keys(),
  ...freeForm.keys(),
  ...new Set(freeForm.values()),
  'arguments',
  'interaction',
  ...spellings('sessionResumption'),
  ...spellings('semanticRetriever'),
]);

/** The fields by the numbers of their words; nothing for a word that is no field. */
export const fieldsByNumber: readonly (Field | undefined)[] = fieldWords.list.map((word) => fields.get(word));

/** A word of a model is nearly always there and hardly ever a tuned one: the search for marks looks at its value. */
export const modelField = 'model';

/** A `environment` that is none yet: the provider makes a new one. */
export const newEnvironment = 'remote';

export function snakeCase(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function spellings(word: string): string[] {
  const snake = snakeCase(word);
  return snake === word ? [word] : [word, snake];
}
