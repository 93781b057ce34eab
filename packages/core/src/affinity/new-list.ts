/**
 * Lists of an API that nobody here has heard of: they begin in the caller's home, and go on in the other projects.
 *
 * That an answer is a list is seen by its entries, so the first page passes through like anything unknown, and is only
 * then put together with the pages of the other projects. What is no list stays as it came.
 */

import { SluiceError } from '../errors.ts';
import { isFields, readJson, writeJson } from '../json.ts';
import { pathOf, withParams } from '../path-and-query.ts';
import type { Ledger } from './ledger.ts';
import { pagingIn } from './list-call.ts';
import { filterNewList, newNamesListed } from './lists.ts';
import type { AskPage } from './page-source.ts';
import type { Cursor, PageTokens, TokenOf } from './page-tokens.ts';
import { segmentsOf } from './resource-name.ts';

export interface NewListTools {
  readonly ledger: Ledger;
  readonly tokens: PageTokens;
  readonly projects: () => readonly string[];
  /** No key opens it any more. */
  readonly isClosed: (project: string) => boolean;
  readonly assertCanTell: () => void;
}

/** A page that one project has given, and who has asked for it. */
export interface Begun {
  readonly collection: string;
  /** As the client wrote it. */
  readonly target: string;
  readonly body: Uint8Array;
  readonly project: string;
  readonly callerId: string;
}

/** Calls for one page that is shown, beside one for each project. */
const mostCalls = 16;
const tokenFields = ['nextPageToken', 'next_page_token'];

/**
 * The page as the client sees it: filled from the projects that follow, and with a token of ours where there is more.
 *
 * @returns null where it is no list, or where no other project has anything to add
 * @throws SluiceError, and what `ask` throws where there is nothing to show before that
 */
export async function newListPage(begun: Begun, ask: AskPage, tools: NewListTools): Promise<Uint8Array | null> {
  const answer = readJson(begun.body);
  if (!isListOf(answer, begun.collection) || tools.projects().length < 2) return null;
  const of = tokenOf(begun);
  const { query, size, token } = pagingIn(begun.target);
  const cursor = token === null ? null : await tools.tokens.open(token, of);
  const home = cursor?.first ?? begun.project;
  const order = [home, ...[...tools.projects()].filter((one) => one !== home).sort()];
  const most = size !== null && /^[1-9][0-9]{0,8}$/.test(size) ? Number(size) : null;
  const page = new NewPage(begun.collection);
  const isSeen = (project: string) => (names: readonly string[]) =>
    tools.ledger.shownTo(begun.callerId, project, names);
  await page.add(answer, isSeen(begun.project));
  const behind = (project: string, next: string | null): Cursor | null =>
    next === null ? after(project, order, tools.isClosed) : { project, token: next };
  let at = behind(begun.project, page.next);
  for (let calls = 0; at !== null; calls++) {
    const isFull = page.count > 0 && (at.token !== null || (most !== null && page.count >= most));
    if (calls > mostCalls + order.length) {
      if (page.count > 0) break;
      throw tooMuchOfOthers(begun.collection, calls);
    }
    const room = most === null || isFull ? most : most - page.count;
    const paging = [
      ...(room === null ? [] : [`pageSize=${room}`]),
      ...(at.token === null ? [] : [`pageToken=${encodeURIComponent(at.token)}`]),
    ];
    const { project } = at;
    const asked = await ask(project, withParams(pathOf(begun.target), [...query, ...paging])).catch(
      (error: unknown) => {
        // What is there is shown first, and its token leads to what went wrong.
        if (page.count === 0) throw error;
        return error as Error;
      },
    );
    if (asked instanceof Error) break;
    const more = asked === null ? {} : readJson(asked);
    // A full page gets its token only where an entry follows: what follows a token is handed out as one.
    const into = isFull ? new NewPage(begun.collection) : page;
    await into.add(isListOf(more, begun.collection) ? more : {}, isSeen(project));
    if (isFull && into.count > 0) break;
    at = behind(project, into.next);
  }
  tools.assertCanTell();
  const isAsItCame = !page.isChanged && at === null;
  return isAsItCame ? null : page.body(at === null ? null : await tools.tokens.seal({ ...at, first: home }, of));
}

/** A page as it grows. */
class NewPage {
  readonly #collection: string;
  readonly #fields: Record<string, unknown> = {};
  #tokenField = tokenFields[0] as string;
  #pages = 0;
  /** Entries in it. */
  count = 0;
  /** Where the project goes on that was added last. */
  next: string | null = null;
  /** It is another one than the first that was added. */
  isChanged = false;

  constructor(collection: string) {
    this.#collection = collection;
  }

  async add(
    answer: object,
    shownOf: (names: readonly string[]) => ReadonlySet<string> | Promise<ReadonlySet<string>>,
  ): Promise<void> {
    const shown = filterNewList(answer, this.#collection, await shownOf(newNamesListed(answer, this.#collection)));
    if (shown !== answer) this.isChanged = true;
    this.next = null;
    const before = this.count;
    for (const [key, value] of Object.entries(shown as object)) {
      if (tokenFields.includes(key)) {
        this.#tokenField = key;
        this.next = typeof value === 'string' && value !== '' ? value : null;
      } else if (Array.isArray(value)) this.#push(key, value);
      else if (!(key in this.#fields)) this.#fields[key] = value;
    }
    if (this.#pages++ > 0 && this.count > before) this.isChanged = true;
  }

  body(token: string | null): Uint8Array {
    return writeJson(token === null ? this.#fields : { ...this.#fields, [this.#tokenField]: token });
  }

  #push(key: string, entries: readonly unknown[]): void {
    const known = this.#fields[key];
    this.#fields[key] = Array.isArray(known) ? [...known, ...entries] : entries;
    this.count += entries.filter(isFields).length;
  }
}

/** Where the list goes on behind a project; null where that was the last. */
function after(project: string, order: readonly string[], isClosed: (project: string) => boolean): Cursor | null {
  const next = order.slice(order.indexOf(project) + 1).find((one) => !isClosed(one));
  return next === undefined ? null : { project: next, token: null };
}

/** Its entries have names in it; an empty one has nothing else either. */
function isListOf(answer: unknown, collection: string): answer is object {
  if (!isFields(answer)) return false;
  if (newNamesListed(answer, collection).length > 0) return true;
  return Object.entries(answer).every(
    ([key, value]) => tokenFields.includes(key) || (Array.isArray(value) && value.length === 0),
  );
}

function tokenOf({ target, callerId }: Begun): TokenOf {
  const [, ...named] = segmentsOf(pathOf(target));
  return { callerId, list: named.join('/') };
}

function tooMuchOfOthers(collection: string, calls: number): SluiceError {
  const message = `${calls} pages of ${collection} held nothing of yours. Ask for a thing by its name.`;
  return new SluiceError('overloaded', message, { retryAfterMs: 1_000 });
}
