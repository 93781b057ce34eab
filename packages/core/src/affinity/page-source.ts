/** Where the pages of a list come from: one project at a time, and several where there is far to go. */

import { type ListCall, pageTarget } from './list-call.ts';
import type { Cursor } from './page-tokens.ts';
import { type Page, pageIn } from './pages.ts';

/**
 * Asks one project for one page.
 *
 * @returns null where no key opens the project any more: the list goes on without it, and whoever asks says so
 * @throws SluiceError that names neither project nor key, and whatever the asker knows to show
 */
export type AskPage = (project: string, target: string) => Promise<Uint8Array | null>;

/** Projects that are asked at a time, once one has had nothing. */
const mostAtOnce = 4;
/** How large a page may be at the provider, where its documentation says so (read 2026-11-21). */
const largestPages: Readonly<Record<string, number>> = {
  files: 100,
  cachedContents: 100,
  fileSearchStores: 20,
  tunedModels: 100,
  corpora: 20,
};

/** A page, and how many entries were asked for. */
export interface Asked {
  readonly page: Page;
  readonly size: number | null;
}

/** The provider's pages for one of ours: one by one, and several projects at a time where there is far to go. */
export class PageSource {
  calls = 0;
  readonly #call: ListCall;
  readonly #order: readonly string[];
  readonly #ask: AskPage;
  /** First pages that were asked for beside another project's. */
  readonly #ahead = new Map<string, PromiseSettledResult<Asked>>();

  constructor(call: ListCall, order: readonly string[], ask: AskPage) {
    this.#call = call;
    this.#order = order;
    this.#ask = ask;
  }

  /** @param isEmpty - nothing was found so far */
  async page(cursor: Cursor, room: number | null, isEmpty: boolean): Promise<Asked> {
    const hasFoundNothing = isEmpty && this.calls > 0;
    const size = cursor.shown?.size ?? (hasFoundNothing ? largerPage(this.#call, room) : room);
    if (!hasFoundNothing || cursor.token !== null || cursor.shown !== undefined) {
      const known = cursor.token === null ? this.#ahead.get(cursor.project) : undefined;
      return known === undefined ? this.#one(cursor, size) : given(known);
    }
    if (!this.#ahead.has(cursor.project)) await this.#lookAhead(cursor.project, size);
    return given(this.#ahead.get(cursor.project) as PromiseSettledResult<Asked>);
  }

  /** All of them come to their end before anything else is done: nothing outlives the request. */
  async #lookAhead(project: string, size: number | null): Promise<void> {
    const from = this.#order.indexOf(project);
    const next = this.#order.slice(from, from + mostAtOnce);
    const asked = await Promise.allSettled(next.map((one) => this.#one({ project: one, token: null }, size)));
    for (const [at, one] of next.entries()) this.#ahead.set(one, asked[at] as PromiseSettledResult<Asked>);
  }

  async #one({ project, token }: Cursor, size: number | null): Promise<Asked> {
    this.calls++;
    const body = await this.#ask(project, pageTarget(this.#call, size, token));
    return { page: body === null ? closedPage : pageIn(body, this.#call.collection), size };
  }
}

/** What is behind a closed door is not on the list. */
const closedPage: Page = { fields: {}, entries: new Map(), products: new Set(), next: null };

function given<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** What is not the caller's is passed faster in large pages. */
function largerPage({ collection }: ListCall, room: number | null): number | null {
  const largest = largestPages[collection];
  return largest === undefined ? room : Math.max(largest, room ?? 0);
}
