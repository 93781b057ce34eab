/** WHERE IT BELONGS: the project that a request's resources live in, and what an answer tells of new ones. */

import type { Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Eventually } from '../store/store.ts';
import { madeBy } from './creations.ts';
import type { Ledger } from './ledger.ts';
import { filterList, listedBy, namesListed } from './lists.ts';
import { mayNameResources } from './marks.ts';
import { type Pin, pinOf } from './place.ts';
import { referencesOf } from './references.ts';
import { nameInPath } from './resource-name.ts';
import type { Search } from './search.ts';

/** What must be known of a call. */
export interface PlacedCall {
  readonly method: string;
  /** Path and query, without credentials. */
  readonly target: string;
  /** It names nothing but a model in its path. */
  readonly isOfModel: boolean;
}

/** What a pool's places are made of. */
export interface PlaceTools {
  readonly ledger: Ledger;
  readonly search: Search;
  /** All projects of the pool, by id. */
  readonly projects: () => readonly string[];
  /** `host:port` of URIs that mean the provider. */
  readonly hosts: ReadonlySet<string>;
  /** False while the store is out of reach: then it is not known what has an owner. */
  readonly canTell: () => boolean;
  readonly clock: Clock;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The places of one pool. */
export class Places {
  readonly #tools: PlaceTools;

  constructor(tools: PlaceTools) {
    this.#tools = tools;
  }

  /**
   * The project that everything named in a request lives in. At once for a request that names nothing.
   *
   * @returns null when any project will do
   * @throws SluiceError `not_found` for what is nowhere or another caller's, `resource_key_unavailable` for things of two
   *   projects, `invalid_request` for too many of them
   */
  pin(
    call: PlacedCall,
    body: Uint8Array,
    contentType: string | null,
    callerId: string,
    gone: Cancellation,
  ): Eventually<Pin | null> {
    if (call.isOfModel && hasPlainQuery(call.target) && !mayNameResources(body)) return null;
    if (isList(call)) this.#assertCanTell();
    assertReadable(call);
    const { ledger, search, projects, hosts } = this.#tools;
    const references = referencesOf(namedBy(call.target), body, contentType, hosts);
    const find = (found: Awaited<typeof references>): Eventually<Pin | null> =>
      pinOf(found, callerId, { ledger, search, projects: projects(), gone });
    return references instanceof Promise ? references.then(find) : find(references);
  }

  /** The project in which a caller's things are made. @param usable - those that can serve, the preferred one first */
  home(callerId: string, usable: readonly string[]): Promise<string | null> {
    return this.#tools.ledger.homeOf(callerId, usable);
  }

  /**
   * Reads an answer about resources before it is shown: what was made is written down, what was deleted is forgotten,
   * and a list is cut down to what the caller may see.
   *
   * @returns the bytes to show instead; null when the answer may go as it is
   */
  async read(call: PlacedCall, body: Uint8Array, project: string, callerId: string): Promise<Uint8Array | null> {
    const { path } = namedBy(call.target);
    const collection = listedBy({ method: call.method, path });
    if (collection !== null) return this.#cutDown(collection, body, project, callerId);
    try {
      await this.#note(call.method, path, body, project, callerId);
    } catch {
      // It was done all the same, and whoever asked for it has to hear of it. What is not written down is searched for.
    }
    return null;
  }

  async #note(method: string, path: string, body: Uint8Array, project: string, callerId: string): Promise<void> {
    const { ledger, clock } = this.#tools;
    if (method === 'DELETE') {
      const name = nameInPath(path);
      if (name !== null && isWholeName(path, name)) await ledger.forget(name, project, callerId);
      return;
    }
    await ledger.learn(await madeBy({ method, path }, parsed(body), clock.wallNow()), project, callerId);
  }

  async #cutDown(collection: string, body: Uint8Array, project: string, callerId: string): Promise<Uint8Array | null> {
    const answer = parsed(body);
    if (answer === null) throw new Error(`a list of ${collection} that is no JSON`);
    const shown = await this.#tools.ledger.shownTo(callerId, project, namesListed(answer, collection));
    this.#assertCanTell();
    const filtered = filterList(answer, collection, shown);
    return filtered === answer ? null : encoder.encode(`${JSON.stringify(filtered, null, 2)}\n`);
  }

  /** Without the store, what somebody owns would look like nobody's. */
  #assertCanTell(): void {
    if (this.#tools.canTell()) return;
    throw new SluiceError(
      'storage_unavailable',
      'Just now it cannot be told whose things these are. Try again in a moment.',
      {
        retryAfterMs: 1_000,
      },
    );
  }
}

function namedBy(target: string): { path: string; query: { name: string; value: string }[] } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: [] };
  const query = [...new URLSearchParams(target.slice(mark + 1))].map(([name, value]) => ({ name, value }));
  return { path: target.slice(0, mark), query };
}

/** Nothing is named in it: the only query of most calls. */
function hasPlainQuery(target: string): boolean {
  const mark = target.indexOf('?');
  return mark < 0 || target.slice(mark) === '?alt=sse';
}

function isList({ method, target }: PlacedCall): boolean {
  return listedBy({ method, path: namedBy(target).path }) !== null;
}

/** A list in a form that cannot be read could not be cut down to what the caller may see. */
function assertReadable(call: PlacedCall): void {
  if (!isList(call)) return;
  const { query } = namedBy(call.target);
  const odd = query.find(({ name, value }) => {
    const plain = name.replace(/^\$\.?/, '');
    return plain === 'callback' || (plain === 'alt' && value !== 'json');
  });
  if (odd !== undefined) {
    const message = `Lists come as JSON here; leave out the parameter ${JSON.stringify(odd.name.slice(0, 32))}.`;
    throw new SluiceError('invalid_request', message);
  }
}

/** What lies in a thing may be deleted without it. */
function isWholeName(path: string, name: string): boolean {
  return path.split('/').length - name.split('/').length === 2;
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    // What is no JSON makes nothing that has a name.
    return null;
  }
}
