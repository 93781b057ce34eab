/** Lists show a whole project; a caller sees of them what it made itself, and what nobody did. */

import { type Fields, isFields } from '../json.ts';
import { collections, nameIn, nameInPath, nameOfId, segmentsOf } from './resource-name.ts';

/** The collection that a call lists; null when it is no list, or one inside of a thing that has an owner itself. */
export function listedBy(call: { readonly method: string; readonly path: string }): string | null {
  if (call.method !== 'GET' || nameInPath(call.path) !== null) return null;
  const last = segmentsOf(call.path).at(-1) ?? '';
  return collections.has(last) ? last : null;
}

/** The names of the things in a list, as the ledger knows them. */
export function namesListed(answer: unknown, collection: string): string[] {
  return entriesIn(answer).flatMap((entry) => nameOfEntry(entry, collection) ?? []);
}

/**
 * The list without what is not shown; every other field stays as it is. An entry whose name cannot be told (a field
 * mask may leave it out) is not shown either.
 *
 * @param shown - the names that may be seen
 * @returns the answer itself when nothing had to go
 */
export function filterList(answer: unknown, collection: string, shown: ReadonlySet<string>): unknown {
  return withEntries(answer, (entry) => {
    const name = nameOfEntry(entry, collection);
    return name !== null && shown.has(name);
  });
}

/** Of a collection that nobody here has heard of: the names of its entries, where they have any. */
export function newNamesListed(answer: unknown, collection: string): string[] {
  return entriesIn(answer).flatMap((entry) => nameOfNew(entry, collection) ?? []);
}

/** The list without what is not shown. What has no name stays: it may be no thing of anybody's. */
export function filterNewList(answer: unknown, collection: string, shown: ReadonlySet<string>): unknown {
  const filtered = withEntries(answer, (entry) => {
    const name = nameOfNew(entry, collection);
    return name === null || shown.has(name);
  });
  if (filtered === answer || !isFields(filtered)) return answer;
  return Object.fromEntries(Object.entries(filtered).filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

function entriesIn(answer: unknown): Fields[] {
  if (!isFields(answer)) return [];
  return Object.values(answer).flatMap((value) => (Array.isArray(value) ? value.filter(isFields) : []));
}

/** With those of its entries that are shown; the answer itself when that is all of them. */
function withEntries(answer: unknown, isShown: (entry: Fields) => boolean): unknown {
  if (!isFields(answer) || entriesIn(answer).every(isShown)) return answer;
  const cut = (value: unknown): unknown =>
    Array.isArray(value) ? value.filter((entry) => !isFields(entry) || isShown(entry)) : value;
  return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, cut(value)]));
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
