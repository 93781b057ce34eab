/**
 * Lists of the OpenAI endpoint, over all projects of a pool. They go on behind the id of an entry, wherever that lies, and
 * stand in the order of time: so each of them is read whole, put in order, and cut where the client wants it.
 */

import { SluiceError } from '../errors.ts';
import { type Fields, isFields, readJson, writeJson } from '../json.ts';
import { paramsOf, pathOf, queryOf, withParams } from '../path-and-query.ts';
import type { ListingTools } from './listing.ts';
import { nameOfEntry } from './lists.ts';
import type { AskPage } from './page-source.ts';
import { collections, segmentsOf } from './resource-name.ts';

/** A call that lists the things of an OpenAI collection that lives in projects. */
export interface OpenaiList {
  readonly collection: string;
  readonly path: string;
  /** What else the client asks for, as it came. */
  readonly query: readonly string[];
  readonly limit: number;
  /** The id of the entry behind which it goes on; null for its beginning. */
  readonly after: string | null;
  readonly isAscending: boolean;
}

/** What OpenAI gives where nobody says how many, and at most (https://platform.openai.com/docs/api-reference/batch/list). */
const usualLimit = 20;
const largestLimit = 100;
/** Projects that are asked at a time. */
const mostAtOnce = 4;
/** Pages of one project. */
const mostPages = 64;

/** @returns null for what is no list of things that live in a project */
export function openaiList(method: string, target: string): OpenaiList | null {
  const path = pathOf(target);
  const [, api, collection = '', ...rest] = segmentsOf(path);
  if (method !== 'GET' || api !== 'openai' || rest.length > 0 || !collections.has(collection)) return null;
  const named = (name: string): string | null => new URLSearchParams(queryOf(target)).get(name);
  const query = paramsOf(target).filter((raw) => raw !== '' && !/^(?:after|limit)(?:=|$)/.test(raw));
  const limit = Number(named('limit') ?? usualLimit);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new SluiceError('invalid_request', 'The parameter limit is a whole number above 0.');
  }
  const after = named('after');
  return {
    collection,
    path,
    query,
    limit: Math.min(limit, largestLimit),
    after: after === '' ? null : after,
    isAscending: named('order') === 'asc',
  };
}

/** A page for the caller, as JSON. @throws SluiceError, and what `ask` throws */
export async function openaiListPage(
  list: OpenaiList,
  callerId: string,
  ask: AskPage,
  tools: ListingTools,
): Promise<Uint8Array> {
  const order = [...tools.projects()].sort();
  const entries: Fields[] = [];
  for (let at = 0; at < order.length; at += mostAtOnce) {
    // All of them come to their end before anything else is done: nothing outlives the request.
    const some = order.slice(at, at + mostAtOnce).map((project) => readAll(list, project, callerId, ask, tools));
    for (const read of await Promise.allSettled(some)) {
      if (read.status === 'rejected') throw read.reason;
      entries.push(...read.value);
    }
  }
  tools.assertCanTell();
  const sign = list.isAscending ? 1 : -1;
  entries.sort((one, other) => sign * (createdAt(one) - createdAt(other)));
  const from = list.after === null ? 0 : entries.findIndex(({ id }) => id === list.after) + 1;
  if (list.after !== null && from === 0) {
    throw new SluiceError('invalid_request', 'The list has no entry with the id that it is to go on behind.');
  }
  const data = entries.slice(from, from + list.limit);
  const ends = data.length === 0 ? {} : { first_id: data[0]?.id, last_id: data.at(-1)?.id };
  return writeJson({ object: 'list', data, ...ends, has_more: from + data.length < entries.length });
}

/** What one project has that the caller may see. */
async function readAll(
  { collection, path, query }: OpenaiList,
  project: string,
  callerId: string,
  ask: AskPage,
  { ledger }: ListingTools,
): Promise<Fields[]> {
  const all: Fields[] = [];
  let after: string | null = null;
  for (let pages = 0; ; pages++) {
    if (pages === mostPages) throw tooLong(collection);
    const paging: string[] = after === null ? [] : [`after=${encodeURIComponent(after)}`];
    const body = await ask(project, withParams(path, [...query, `limit=${largestLimit}`, ...paging]));
    if (body === null) return all;
    const { data, hasMore } = pageIn(body, collection);
    const names = data.map((entry) => nameOfEntry(entry, collection));
    const shown = await ledger.shownTo(
      callerId,
      project,
      names.filter((name) => name !== null),
    );
    all.push(...data.filter((_, at) => shown.has(names[at] ?? '')));
    const last = data.at(-1)?.id;
    if (!hasMore || typeof last !== 'string' || last === after) return all;
    after = last;
  }
}

function pageIn(body: Uint8Array, collection: string): { data: Fields[]; hasMore: boolean } {
  const page = readJson(body);
  const data = isFields(page) ? page.data : undefined;
  if (!Array.isArray(data)) {
    // Shown as it is, it might show what is not the caller's.
    throw new SluiceError('upstream_protocol', `The provider's list of ${collection} has no data.`);
  }
  return { data: data.filter(isFields), hasMore: isFields(page) && page.has_more === true };
}

function createdAt({ created_at: createdAt }: Fields): number {
  return typeof createdAt === 'number' ? createdAt : 0;
}

function tooLong(collection: string): SluiceError {
  return new SluiceError('overloaded', `More than ${mostPages * largestLimit} ${collection} lie in one project.`);
}
