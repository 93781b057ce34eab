/** Lists show a whole project; a caller sees of them what it made itself, and what nobody did. */

import { collections, nameIn, nameInPath, nameOfId, segmentsOf } from './resource-name.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The collection that a call lists; null when it is no list, or one inside of a thing that has an owner itself. */
export function listedBy(call: { readonly method: string; readonly path: string }): string | null {
  if (call.method !== 'GET' || nameInPath(call.path) !== null) return null;
  const last = segmentsOf(call.path).at(-1) ?? '';
  return collections.has(last) ? last : null;
}

/** The names of the things in a list, as the ledger knows them. */
export function namesListed(answer: unknown, collection: string): string[] {
  if (!isFields(answer)) return [];
  const entries = Object.values(answer).flatMap((value) => (Array.isArray(value) ? value : []));
  return entries.flatMap((entry) => (isFields(entry) ? (nameOfEntry(entry, collection) ?? []) : []));
}

/**
 * The list without what is not shown; every other field stays as it is. An entry whose name cannot be told (a field
 * mask may leave it out) is not shown either.
 *
 * @param shown - the names that may be seen
 * @returns the answer itself when nothing had to go
 */
export function filterList(answer: unknown, collection: string, shown: ReadonlySet<string>): unknown {
  if (!isFields(answer)) return answer;
  const isShown = (entry: Fields): boolean => {
    const name = nameOfEntry(entry, collection);
    return name !== null && shown.has(name);
  };
  let isWhole = true;
  const filtered: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(answer)) {
    if (!Array.isArray(value)) {
      filtered[key] = value;
      continue;
    }
    const kept = value.filter((entry) => !isFields(entry) || isShown(entry));
    filtered[key] = kept;
    if (kept.length < value.length) isWhole = false;
  }
  return isWhole ? answer : filtered;
}

/** Of a collection that nobody here has heard of: the names of its entries, where they have any. */
export function newNamesListed(answer: unknown, collection: string): string[] {
  if (!isFields(answer)) return [];
  const entries = Object.values(answer).flatMap((value) => (Array.isArray(value) ? value : []));
  return entries.flatMap((entry) => (isFields(entry) ? (nameOfNew(entry, collection) ?? []) : []));
}

/** The list without what is not shown. What has no name stays: it may be no thing of anybody's. */
export function filterNewList(answer: unknown, collection: string, shown: ReadonlySet<string>): unknown {
  if (!isFields(answer)) return answer;
  let isWhole = true;
  const isShown = (entry: unknown): boolean => {
    const name = isFields(entry) ? nameOfNew(entry, collection) : null;
    if (name === null || shown.has(name)) return true;
    isWhole = false;
    return false;
  };
  const filtered = Object.entries(answer).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.filter(isShown) : value,
  ]);
  return isWhole
    ? answer
    : Object.fromEntries(filtered.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

function nameOfNew(entry: Fields, collection: string): string | null {
  if (typeof entry.name === 'string' && entry.name.startsWith(`${collection}/`)) return nameInPath(`/v1/${entry.name}`);
  return typeof entry.id === 'string' ? nameInPath(`/v1/${collection}/${entry.id}`) : null;
}

/** Files and the like have a name; interactions and their family an id. */
export function nameOfEntry(entry: Fields, collection: string): string | null {
  if (typeof entry.name === 'string') {
    const name = nameIn(segmentsOf(entry.name));
    if (name !== null) return name;
  }
  return typeof entry.id === 'string' ? nameOfId(collection, entry.id) : null;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
