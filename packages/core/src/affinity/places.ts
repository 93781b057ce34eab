/** WHERE IT BELONGS: the project that a request's resources live in, and what an answer tells of new ones. */

import type { Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import { readJson, writeJson } from '../json.ts';
import { pathOf, queryOf } from '../path-and-query.ts';
import type { Eventually } from '../store/store.ts';
import { madeBy } from './creations.ts';
import type { Ledger, Owner } from './ledger.ts';
import { assertReadable, pooledList } from './list-call.ts';
import { listPage } from './listing.ts';
import { filterList, filterNewList, listedBy, namesListed, newNamesListed } from './lists.ts';
import { mayNameResources } from './marks.ts';
import { type NewListTools, newListPage } from './new-list.ts';
import { openaiList, openaiListPage } from './openai-list.ts';
import type { AskPage } from './page-source.ts';
import type { PageTokens } from './page-tokens.ts';
import { PinnedPages, type Place } from './pinned-pages.ts';
import { type Pin, pinOf } from './place.ts';
import { referencesOf } from './references.ts';
import { unknownUpload } from './refusals.ts';
import { nameInPath, newCollectionIn } from './resource-name.ts';
import type { Search } from './search.ts';
import { tokenName } from './token.ts';

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
  readonly tokens: PageTokens;
  /** Whether no key opens a project any more. @default none is */
  readonly isClosed?: (project: string) => boolean;
  /** `host:port` of URIs that mean the provider. */
  readonly hosts: ReadonlySet<string>;
  /** False while the store is out of reach: then it is not known what has an owner. */
  readonly canTell: () => boolean;
  readonly clock: Clock;
}

/** As long as the provider keeps a session of an upload. */
const sessionMs = 7 * 24 * 3_600_000;

/** The places of one pool. */
export class Places {
  readonly #tools: PlaceTools;
  readonly #pages: PinnedPages;
  readonly #newLists: NewListTools;

  constructor(tools: PlaceTools) {
    this.#tools = tools;
    this.#newLists = { isClosed: () => false, ...tools, assertCanTell: () => this.#assertCanTell() };
    this.#pages = new PinnedPages(tools.tokens, tools.projects);
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
  ): Eventually<Place | null> {
    if (call.isOfModel && hasPlainQuery(call.target) && !mayNameResources(body)) return null;
    if (isList(call)) {
      // Whoever knows how long a list is knows something of what is on it.
      if (call.method === 'HEAD') throw notByHead();
      this.#assertCanTell();
      assertReadable(call);
    }
    const { ledger, search, projects, hosts } = this.#tools;
    const references = referencesOf(namedBy(call.target), body, contentType, hosts);
    const find = (found: Awaited<typeof references>): Eventually<Pin | null> =>
      pinOf(found, callerId, { ledger, search, projects: projects(), gone });
    const pin = references instanceof Promise ? references.then(find) : find(references);
    return this.#pages.goesOn(call) ? this.#nextPage(call, callerId, pin) : pin;
  }

  /** The project in which a caller's things are made. @param usable - those that can serve, the preferred one first */
  home(callerId: string, usable: readonly string[]): Promise<string | null> {
    return this.#tools.ledger.homeOf(callerId, usable);
  }

  /** Whether a call lists what is spread over the projects of the pool: {@link list} answers it. */
  lists({ method, target }: PlacedCall): boolean {
    return method === 'GET' && (pooledList(method, target) !== null || openaiList(method, target) !== null);
  }

  /**
   * One page of a list over all projects.
   *
   * @throws SluiceError `invalid_request` for a token that is not of this list, `storage_unavailable` while it is not known
   *   what has an owner; what `ask` throws
   */
  async list(call: PlacedCall, callerId: string, ask: AskPage): Promise<Uint8Array> {
    this.#assertCanTell();
    assertReadable(call);
    const { ledger, tokens, projects, clock } = this.#tools;
    const tools = { ledger, tokens, projects, clock, assertCanTell: () => this.#assertCanTell() };
    const list = pooledList(call.method, call.target);
    if (list !== null) return listPage(list, callerId, ask, tools);
    const ofOpenai = openaiList(call.method, call.target);
    if (ofOpenai === null) throw new Error('this call lists nothing');
    return openaiListPage(ofOpenai, callerId, ask, tools);
  }

  /**
   * Writes down who has opened an upload, and where it goes on. Never rejects.
   *
   * @returns null when that is done
   */
  openedSession(uploadId: string, project: string, callerId: string): Promise<void> | null {
    const { ledger, clock } = this.#tools;
    const learn = (name: string): Eventually<void> =>
      ledger.learn([{ name, untilMs: clock.wallNow() + sessionMs, of: null }], project, callerId);
    const name = tokenName(uploadId);
    const written = typeof name === 'string' ? learn(name) : name.then(learn);
    // It was opened all the same; what is not written down cannot be found again, and the client begins anew.
    return written instanceof Promise ? written.catch(() => {}) : null;
  }

  /**
   * Where an upload goes on.
   *
   * @throws SluiceError `not_found` for a session that is not known here, or another caller's: the same for both;
   *   `storage_unavailable` while that cannot be told
   */
  async sessionOf(uploadId: string, callerId: string): Promise<Place> {
    const opener = await this.openerOf(uploadId);
    if (opener?.caller === callerId) return { is: 'pinned', project: opener.project, isOwn: true };
    throw unknownUpload();
  }

  /**
   * Who has opened an upload, and where; null for one that is not known here.
   *
   * @throws SluiceError `storage_unavailable` while that cannot be told
   */
  async openerOf(uploadId: string): Promise<Owner | null> {
    const opener = await this.ownerOfToken(uploadId);
    if (opener === null) this.#assertCanTell();
    return opener;
  }

  /** Who has minted an ephemeral token, and where; null for one that is not known here. */
  async ownerOfToken(token: string): Promise<Owner | null> {
    return this.#tools.ledger.ownerOf(await tokenName(token));
  }

  /**
   * Reads an answer about resources before it is shown: what was made is written down, what was deleted is forgotten,
   * and a list is cut down to what the caller may see, and filled with what it has in other projects.
   *
   * @param ask - how other projects are asked
   * @returns the bytes to show instead; null when the answer may go as it is
   */
  async read(
    call: PlacedCall,
    body: Uint8Array,
    project: string,
    callerId: string,
    ask: AskPage = askNobody,
  ): Promise<Uint8Array | null> {
    const { path } = namedBy(call.target);
    const collection = listedBy({ method: call.method, path });
    if (collection !== null) return this.#cutDown(collection, body, project, callerId);
    const fresh = call.method === 'GET' ? newCollectionIn(path) : null;
    if (fresh !== null) {
      const begun = { collection: fresh, target: call.target, body, project, callerId };
      const whole = await newListPage(begun, ask, this.#newLists);
      if (whole !== null) return whole;
    }
    const cut = fresh === null ? null : await this.#hideOthers(fresh, body, project, callerId);
    if (fresh === null) await this.#note(call.method, path, readJson(body), project, callerId);
    if (!this.#pages.mayHave(call)) return cut;
    return (await this.#pages.show(call.target, cut ?? body, project, callerId)) ?? cut;
  }

  /** Writes down what an answer names while it goes out. Never rejects. @param named - an answer with nothing but that in it */
  learn(call: PlacedCall, named: unknown, project: string, callerId: string): Promise<void> {
    // It shows what it was given as well, and whose that is nobody has said.
    if (showsInput.test(call.target) && JSON.stringify(named).includes('"uri":')) return Promise.resolve();
    return this.#note(call.method, namedBy(call.target).path, named, project, callerId);
  }

  async #nextPage({ target }: PlacedCall, callerId: string, pin: Eventually<Pin | null>): Promise<Place> {
    return this.#pages.place(target, callerId, await pin);
  }

  async #note(method: string, path: string, answer: unknown, project: string, callerId: string): Promise<void> {
    const { ledger, clock } = this.#tools;
    try {
      if (method !== 'DELETE') {
        return await ledger.learn(await madeBy({ method, path }, answer, clock.wallNow()), project, callerId);
      }
      const name = nameInPath(path);
      if (name !== null && isWholeName(path, name)) await ledger.forget(name, project, callerId);
    } catch {
      // It was done all the same, and whoever asked for it has to hear of it. What is not written down is searched for.
    }
  }

  async #cutDown(collection: string, body: Uint8Array, project: string, callerId: string): Promise<Uint8Array | null> {
    const answer = readJson(body);
    if (answer === null) throw new Error(`a list of ${collection} that is no JSON`);
    const shown = await this.#tools.ledger.shownTo(callerId, project, namesListed(answer, collection));
    this.#assertCanTell();
    const filtered = filterList(answer, collection, shown);
    return filtered === answer ? null : writeJson(filtered);
  }

  async #hideOthers(
    collection: string,
    body: Uint8Array,
    project: string,
    callerId: string,
  ): Promise<Uint8Array | null> {
    const answer = readJson(body);
    const names = newNamesListed(answer, collection);
    if (names.length === 0) return null;
    const shown = await this.#tools.ledger.shownTo(callerId, project, names);
    this.#assertCanTell();
    const filtered = filterNewList(answer, collection, shown);
    return filtered === answer ? null : writeJson(filtered);
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

const showsInput = /[?&]include_input=(?!false|0)/;

/** Where nobody else can be asked, everything lies in one project. */
const askNobody: AskPage = async () => null;

function namedBy(target: string): { path: string; query: { name: string; value: string }[] } {
  const query = [...new URLSearchParams(queryOf(target))].map(([name, value]) => ({ name, value }));
  return { path: pathOf(target), query };
}

/** Nothing is named in it: the only query of most calls. */
function hasPlainQuery(target: string): boolean {
  const query = queryOf(target);
  return query === '' || query === 'alt=sse';
}

function notByHead(): SluiceError {
  return new SluiceError('method_not_allowed', 'A list is asked for by GET here.', { allow: 'GET' });
}

function isList({ method, target }: PlacedCall): boolean {
  return listedBy({ method: method === 'HEAD' ? 'GET' : method, path: pathOf(target) }) !== null;
}

/** What lies in a thing may be deleted without it. */
function isWholeName(path: string, name: string): boolean {
  return path.split('/').length - name.split('/').length === 2;
}
