/** Reads out of an answer what it made: whatever has a name or an id of its own now. */

import type { Eventually } from '../store/store.ts';
import type { Made } from './affinity.ts';
import {
  type Add,
  addLeft,
  addMentioned,
  deepestResult,
  type Fields,
  inputFields,
  isFields,
  mostResults,
  resultFields,
} from './mentions.ts';
import {
  collectionOf,
  collections,
  firstOf,
  nameIn,
  nameInPath,
  nameInValue,
  nameOfId,
  segmentsOf,
} from './resource-name.ts';
import { tokenName } from './token.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How long things are remembered whose end no answer tells; those not listed stay until they are deleted. */
const keptMs: Readonly<Record<string, number>> = {
  files: 2 * dayMs,
  cachedContents: hourMs,
  token: 7 * dayMs,
  operations: 30 * dayMs,
  models: 30 * dayMs,
  batches: 30 * dayMs,
  interactions: 60 * dayMs,
};

/** Collections whose things are known by `id`, not by `name`. */
const knownById = new Set(['interactions', 'agents', 'environments', 'credentials', 'triggers', 'voices', 'webhooks']);
/** Where a finished operation tells of what came of it. */
const resultHolders = ['response', 'metadata', 'dest', 'output'];
const mostCandidates = 64;
const noHosts: ReadonlySet<string> = new Set();

/**
 * What came into being by a call that succeeded, or was made to last longer by it. Also takes one event of a stream.
 * Nothing for a list: what is listed was made by others.
 *
 * @param answer - its JSON, parsed
 * @param wallMs - now, in ms since 1970
 */
export function madeBy(
  call: { readonly method: string; readonly path: string },
  answer: unknown,
  wallMs: number,
): Eventually<readonly Made[]> {
  if (!isFields(answer)) return [];
  const made = new Map<string, Made>();
  const path = nameInPath(call.path);
  const isNew = call.method === 'POST' || call.method === 'PUT';
  const add = (name: string | null, ends: unknown): void => {
    if (name !== null) made.set(name, { name, untilMs: endOf(name, ends, wallMs), of: isNew ? null : path });
  };
  const mention: Add = (name, ends) => {
    if (name === null || made.has(name)) return;
    made.set(name, { name, untilMs: endOf(name, ends, wallMs), of: isNew ? null : path, isMentioned: true });
  };
  if (firstOf(call.path) === 'openai') addOpenai(call.path, isNew && path === null, answer, add);
  if (isNew) {
    addCreated(call.path, path, answer, add);
    // One that is done when it is made, or waited for by POST.
    if (typeof answer.name === 'string' && isOperation(nameInValue(answer.name, noHosts) ?? ''))
      addResults(answer, mention);
  } else if (call.method === 'PATCH' && path !== null) add(path, answer.expireTime ?? answer.expire_time);
  else if (call.method === 'GET' && path !== null && isOperation(path)) addResults(answer, add);
  if (path !== null && collectionOf(path) === 'triggers') addExecuted(answer, add);
  if (call.method !== 'DELETE') addMentioned(call.path, path, answer, mention);
  if (isNew || call.method === 'GET') addLeft(answer, mention);
  const tokens = tokensIn(answer).map(tokenName);
  if (isMadeHere(call.path, 'auth_tokens') && typeof answer.name === 'string') tokens.push(tokenName(answer.name));
  const withTokens = (names: readonly string[]): readonly Made[] => {
    for (const name of names) add(name, null);
    return [...made.values()];
  };
  return tokens.some((token) => typeof token !== 'string')
    ? Promise.all(tokens).then(withTokens)
    : withTokens(tokens as string[]);
}

function addCreated(path: string, parent: string | null, answer: Fields, add: Add): void {
  // What lies in a thing that the request named is no new one, and its owner stays who he is.
  const addNew: Add = (name, ends) => name !== parent && add(name, ends);
  const files = Array.isArray(answer.files) ? answer.files : [];
  for (const thing of [answer, answer.file, ...files]) {
    if (!isFields(thing)) continue;
    const name = typeof thing.name === 'string' ? nameInValue(thing.name, noHosts) : null;
    addNew(name, thing.expirationTime ?? thing.expireTime ?? thing.expiration_time ?? thing.expire_time);
  }
  const collection = collectionIn(path);
  if (collection === null || !knownById.has(collection)) return;
  const events = isFields(answer.interaction) ? [answer.interaction] : [];
  for (const thing of [answer, ...events]) {
    if (typeof thing.id === 'string') add(nameOfId(collection, thing.id), null);
    if (typeof thing.environment_id === 'string') addNew(nameOfId('environments', thing.environment_id), null);
  }
}

/** Files and batches of that endpoint are known by bare ids, and so are the files that come of a batch. */
function addOpenai(path: string, isNew: boolean, answer: Fields, add: Add): void {
  const collection = collectionIn(path);
  if (isNew && collection !== null && typeof answer.id === 'string') add(nameOfId(collection, answer.id), null);
  for (const id of [answer.output_file_id, answer.error_file_id]) {
    if (typeof id === 'string') add(nameOfId('files', id), null);
  }
}

/** `/v1beta/interactions` is the collection; below it other rules hold. */
function collectionIn(path: string): string | null {
  const last = segmentsOf(path).at(-1) ?? '';
  return collections.has(last) ? last : null;
}

function isMadeHere(path: string, collection: string): boolean {
  return segmentsOf(path).at(-1) === collection;
}

function isOperation(name: string): boolean {
  return ['operations', 'models', 'batches', 'tunedModels', 'fileSearchStores', 'generatedFiles'].includes(
    collectionOf(name),
  );
}

function addResults(answer: Fields, add: Add): void {
  let left = mostResults;
  const walk = (value: unknown, depth: number): void => {
    if (depth > deepestResult || left-- <= 0) return;
    if (Array.isArray(value)) for (const item of value) walk(item, depth + 1);
    else if (isFields(value)) {
      for (const [key, item] of Object.entries(value)) {
        if (inputFields.has(key)) continue;
        if (typeof item !== 'string') walk(item, depth + 1);
        else if (resultFields.has(key)) {
          const name = nameInValue(item, noHosts);
          if (name !== null && nameIn(['files', name.slice('files/'.length)]) === name) add(name, null);
        }
      }
    }
  };
  for (const holder of resultHolders) walk(answer[holder], 0);
}

/** A trigger works while nobody looks: of what its executions have made is heard when they are read. */
function addExecuted(answer: Fields, add: Add): void {
  const executions = Array.isArray(answer.trigger_executions) ? answer.trigger_executions : [answer];
  for (const one of executions.slice(0, mostResults)) {
    if (isFields(one) && typeof one.interaction_id === 'string')
      add(nameOfId('interactions', one.interaction_id), null);
  }
}

/** `candidates[].continuationToken`, `continuation_token` of an interaction, `newHandle` of a Live session. */
function tokensIn(answer: Fields): string[] {
  const candidates = Array.isArray(answer.candidates) ? answer.candidates.slice(0, mostCandidates) : [];
  const holders = [answer, ...candidates, answer.interaction, answer.sessionResumptionUpdate];
  return holders.filter(isFields).flatMap((holder) => {
    const values = [holder.continuationToken, holder.continuation_token, holder.newHandle];
    return values.filter((value): value is string => typeof value === 'string' && value !== '');
  });
}

function endOf(name: string, ends: unknown, wallMs: number): number | null {
  const untilMs = typeof ends === 'string' ? Date.parse(ends) : Number.NaN;
  if (!Number.isNaN(untilMs)) return untilMs;
  const kept = keptMs[collectionOf(name)];
  return kept === undefined ? null : wallMs + kept;
}
