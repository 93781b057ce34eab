/** What one project keeps of one kind: found by its id until it expires, listed newest first. */

import { randomInt } from 'node:crypto';

/** Whatever is kept. */
export interface Keepable {
  /** The last part of its name. */
  readonly id: string;
  readonly expiresMs: number;
}

/** One page of a list; the token is null on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string | null;
}

/** Things of one project. Nothing has to be swept: what has expired is forgotten when somebody looks. */
export class Shelf<Item extends Keepable> {
  readonly #kept = new Map<string, { readonly serial: number; item: Item }>();
  readonly #label: string;
  #serial = 0;

  /** @param label - tells this shelf from all others; a page token of another one is refused */
  constructor(label: string) {
    this.#label = label;
  }

  /** Adds an item, or puts it in the place of the one with its id. */
  put(item: Item): void {
    const known = this.#kept.get(item.id);
    if (known === undefined) this.#kept.set(item.id, { serial: ++this.#serial, item });
    else known.item = item;
  }

  get(id: string, nowMs: number): Item | null {
    const { item } = this.#kept.get(id) ?? {};
    if (item === undefined) return null;
    if (item.expiresMs > nowMs) return item;
    this.#kept.delete(id);
    return null;
  }

  delete(id: string): void {
    this.#kept.delete(id);
  }

  /** Everything, newest first. */
  all(nowMs: number): readonly Item[] {
    return this.#newestFirst(nowMs).map(({ item }) => item);
  }

  /** The items behind those of the page that gave the token, whatever was added or deleted since; null for a bad token. */
  page(
    size: number,
    token: string | null,
    nowMs: number,
    isListed: (item: Item) => boolean = () => true,
  ): Page<Item> | null {
    const before = token === null || token === '' ? Infinity : this.#serialIn(token);
    if (before === null) return null;
    const left = this.#newestFirst(nowMs).filter(({ serial, item }) => serial < before && isListed(item));
    const shown = left.slice(0, size);
    const last = shown.at(-1);
    const isLast = last === undefined || shown.length === left.length;
    const nextPageToken = isLast ? null : Buffer.from(`${this.#label} ${last.serial}`).toString('base64url');
    return { items: shown.map(({ item }) => item), nextPageToken };
  }

  #newestFirst(nowMs: number): { readonly serial: number; readonly item: Item }[] {
    for (const id of this.#kept.keys()) this.get(id, nowMs);
    return [...this.#kept.values()].reverse();
  }

  #serialIn(token: string): number | null {
    const text = Buffer.from(token, 'base64url').toString();
    const serial = text.slice(this.#label.length + 1);
    return text.startsWith(`${this.#label} `) && /^\d{1,15}$/.test(serial) ? Number(serial) : null;
  }
}

/** How many items a page shall have; as at Google, too many are cut down and nonsense is ignored. */
export function pageSizeOf(query: URLSearchParams, usual: number, most: number): number {
  const asked = Number(query.get('pageSize') ?? query.get('page_size') ?? usual);
  return Number.isInteger(asked) && asked >= 1 ? Math.min(asked, most) : usual;
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** An id that nobody has. */
export function newId(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}
