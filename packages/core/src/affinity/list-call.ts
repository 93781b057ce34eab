/** A list over the whole pool: which call is one, and how one page of it is asked of a project. */

import { SluiceError } from '../errors.ts';
import { paramsOf, pathOf, queryOf, withParams } from '../path-and-query.ts';
import { listedBy } from './lists.ts';
import { segmentsOf } from './resource-name.ts';

/** A call that lists what is spread over the projects of a pool. */
export interface ListCall {
  readonly collection: string;
  /** What is listed, whatever the version: `files`, `models/veo/operations`. */
  readonly of: string;
  readonly path: string;
  /** What else the client asks for, as it came: filters, masks. */
  readonly query: readonly string[];
  /** As many entries as the client takes; null where it does not say, or says what only the provider can judge. */
  readonly pageSize: number | null;
  /** Where the list goes on; null for its beginning. */
  readonly token: string | null;
}

/** What must be known of a call to see what it lists. */
export interface ListedCall {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

/** Collections whose API is written in snake_case. */
const inSnakeCase = new Set([
  'interactions',
  'agents',
  'environments',
  'credentials',
  'triggers',
  'voices',
  'webhooks',
]);
const sizeNames = new Set(['pageSize', 'page_size']);
/** Parameters that say where a list goes on. */
export const tokenNames: ReadonlySet<string> = new Set(['pageToken', 'page_token']);
const version = /^v[0-9][a-z0-9]*$/;

/** @returns null for what is no list, for one inside of a thing, and for OpenAI's lists, which have no tokens */
export function pooledList(method: string, target: string): ListCall | null {
  const path = pathOf(target);
  const collection = listedBy({ method, path });
  if (collection === null) return null;
  const [first = '', ...named] = segmentsOf(path);
  const isOfModel = named.length === 3 && named[0] === 'models' && collection === 'operations';
  if (!version.test(first) || (named.length !== 1 && !isOfModel)) return null;
  const { query, size, token } = pagingIn(target);
  const isCount = size !== null && /^[0-9]{1,9}$/.test(size) && Number(size) > 0;
  // What is no count goes up as it is, and is the provider's to refuse.
  const kept = isCount || size === null ? query : [...query, `pageSize=${encodeURIComponent(size)}`];
  return { collection, of: named.join('/'), path, query: kept, pageSize: isCount ? Number(size) : null, token };
}

/** @throws SluiceError `invalid_request` for a list in a form that could not be cut down to what the caller may see */
export function assertReadable({ target }: ListedCall): void {
  const odd = [...new URLSearchParams(queryOf(target))].find(([name, value]) => {
    const plain = name.replace(/^\$\.?/, '');
    return plain === 'callback' || (plain === 'alt' && value !== 'json');
  });
  if (odd === undefined) return;
  const message = `Lists come as JSON here; leave out the parameter ${JSON.stringify(odd[0].slice(0, 32))}.`;
  throw new SluiceError('invalid_request', message);
}

/** The query of a list taken apart. An empty token is none, as at the provider. */
export function pagingIn(target: string): { query: string[]; size: string | null; token: string | null } {
  const query: string[] = [];
  let size: string | null = null;
  let token: string | null = null;
  for (const raw of paramsOf(target)) {
    const [[name, value] = ['', '']] = [...new URLSearchParams(raw)];
    if (sizeNames.has(name)) size = value;
    else if (tokenNames.has(name)) token = value === '' ? null : value;
    else if (raw !== '') query.push(raw);
  }
  return { query, size, token };
}

/** What one project is asked for one page. */
export function pageTarget({ collection, path, query }: ListCall, size: number | null, token: string | null): string {
  const isSnake = inSnakeCase.has(collection);
  const paging = [
    ...(size === null ? [] : [`${isSnake ? 'page_size' : 'pageSize'}=${size}`]),
    ...(token === null ? [] : [`${isSnake ? 'page_token' : 'pageToken'}=${encodeURIComponent(token)}`]),
  ];
  return withParams(path, [...query, ...paging]);
}

/** Under what name an answer says where the list goes on. */
export function nextTokenField(collection: string): string {
  return inSnakeCase.has(collection) ? 'next_page_token' : 'nextPageToken';
}
