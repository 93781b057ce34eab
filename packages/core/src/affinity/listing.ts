/**
 * One list over all projects of a pool: project after project, page after page, and of each what the caller may see.
 *
 * The order is that of the projects' names, so that pages fit together whatever else changes. A page is filled until it
 * has an entry, or the list is over: SDKs take an empty page for the end. A token is only given where an entry follows:
 * the same SDKs hand out what follows a token as an entry, and nothing is none.
 */

import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import { madeBy } from './creations.ts';
import type { Ledger } from './ledger.ts';
import type { ListCall } from './list-call.ts';
import { type AskPage, PageSource } from './page-source.ts';
import type { Cursor, PageTokens, TokenOf } from './page-tokens.ts';
import { type Page, Shown } from './pages.ts';

export interface ListingTools {
  readonly ledger: Ledger;
  readonly tokens: PageTokens;
  readonly projects: () => readonly string[];
  readonly clock: Clock;
  /** @throws SluiceError `storage_unavailable` while it is not known what has an owner */
  readonly assertCanTell: () => void;
}

/** Calls to the provider for one page that is shown, beside one for each project. */
const mostCalls = 64;
/** The provider's smallest page where nobody says how large: a page of ours goes on to the next project below that. */
const usualEntries = 10;
/** A page for the caller, as JSON. @throws SluiceError, and what `ask` throws: a list is never silently short */
export async function listPage(
  call: ListCall,
  callerId: string,
  ask: AskPage,
  tools: ListingTools,
): Promise<Uint8Array> {
  const { tokens, projects } = tools;
  const of: TokenOf = { callerId, list: call.of };
  const order = [...projects()].sort(byName);
  const source = new PageSource(call, order, ask);
  const shown = new Shown(call.collection);
  const most = call.pageSize ?? usualEntries;
  let cursor = call.token === null ? startOf(order) : standing(await tokens.open(call.token, of), order);
  let isKnown = false;
  while (cursor !== null && shown.count < most) {
    if (source.calls >= mostCalls + order.length && shown.count === 0) throw tooMuchOfOthers(call, source.calls);
    if (source.calls >= mostCalls + order.length) break;
    const room = call.pageSize === null ? null : most - shown.count;
    const asked = await source.page(cursor, room, shown.count === 0).catch((error: unknown) => {
      // What is there is shown first, and its token leads to what went wrong.
      if (shown.count === 0) throw error;
      return null;
    });
    isKnown = asked === null;
    if (asked === null) break;
    const { page, size } = asked;
    const seen = await visibleOf(page, cursor, callerId, tools);
    const added = shown.add(page, (name) => seen.has(name), room ?? Number.POSITIVE_INFINITY);
    await noteResults(page, added, { project: cursor.project, callerId }, tools);
    if (added.length < seen.size && size !== null) {
      cursor = { ...cursor, shown: { size, marks: [...(cursor.shown?.marks ?? []), ...added.map(markOf)] } };
      isKnown = true;
      break;
    }
    if (page.next === null) cursor = after(cursor.project, order);
    else {
      cursor = { project: cursor.project, token: page.next };
      if (shown.count > 0) break;
    }
  }
  if (!isKnown) cursor = await nextPlace(cursor, source, call, order, callerId, tools);
  return shown.body(cursor === null ? null : await tokens.seal(cursor, of));
}

/** From a cursor on, the first page that has something for the caller; null where none has. */
async function nextPlace(
  from: Cursor | null,
  source: PageSource,
  { pageSize }: ListCall,
  order: readonly string[],
  callerId: string,
  tools: ListingTools,
): Promise<Cursor | null> {
  let cursor = from;
  while (cursor !== null && source.calls < mostCalls + order.length) {
    // What goes wrong is told on the page that begins with it.
    const asked = await source.page(cursor, pageSize, true).catch(() => null);
    if (asked === null || (await visibleOf(asked.page, cursor, callerId, tools)).size > 0) break;
    const { next } = asked.page;
    cursor = next === null ? after(cursor.project, order) : { project: cursor.project, token: next };
  }
  return cursor;
}

/** The names that the caller may see and has not been shown yet. */
async function visibleOf(
  { entries, products }: Page,
  { project, shown }: Cursor,
  callerId: string,
  { ledger, assertCanTell }: ListingTools,
): Promise<ReadonlySet<string>> {
  const visible = await ledger.shownTo(callerId, project, [...entries.keys()], products);
  assertCanTell();
  if (shown === undefined) return visible;
  const before = new Set(shown.marks);
  return new Set([...visible].filter((name) => !before.has(markOf(name))));
}

/** What came of a batch or an operation belongs to whom that does, also where a list is the first to tell of it. */
async function noteResults(
  { entries }: Page,
  added: readonly string[],
  { project, callerId }: { readonly project: string; readonly callerId: string },
  { ledger, clock }: ListingTools,
): Promise<void> {
  const wallMs = clock.wallNow();
  const found = added.map((name) => madeBy({ method: 'GET', path: `/v1beta/${name}` }, entries.get(name), wallMs));
  await ledger.learn((await Promise.all(found)).flat(), project, callerId);
}

function startOf([first]: readonly string[]): Cursor | null {
  return first === undefined ? null : { project: first, token: null };
}

/** A project that is no longer there is passed over. */
function standing(cursor: Cursor, order: readonly string[]): Cursor | null {
  return order.includes(cursor.project) ? cursor : after(cursor.project, order);
}

function after(project: string, order: readonly string[]): Cursor | null {
  return startOf(order.filter((one) => byName(one, project) > 0));
}

function byName(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** A name, short: 53 bits of it (cyrb53), enough to tell the entries of one page apart. */
function markOf(name: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < name.length; at++) {
    const letter = name.charCodeAt(at);
    high = Math.imul(high ^ letter, 2_654_435_761);
    low = Math.imul(low ^ letter, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & low) + (high >>> 0)).toString(36);
}

function tooMuchOfOthers({ collection, pageSize }: ListCall, calls: number): SluiceError {
  const asked = pageSize === null ? '' : ` of ${pageSize}`;
  return new SluiceError(
    'overloaded',
    `${calls} pages${asked} of ${collection} held nothing of yours. Ask for larger pages (pageSize), or for a thing by its name.`,
    { retryAfterMs: 1_000 },
  );
}
