/** Pages of a list: read as the provider sends them, and put together to the one that is shown. */

import { SluiceError } from '../errors.ts';
import { type Fields, isFields, readJson, writeJson } from '../json.ts';
import { nextTokenField } from './list-call.ts';
import { nameOfEntry } from './lists.ts';

/** A page of one project. */
export interface Page {
  /** Everything in it but its token. */
  readonly fields: Fields;
  /** Its entries by their names, as the ledger knows them. */
  readonly entries: ReadonlyMap<string, object>;
  /** Of those, files that a model or a batch has left: they came of somebody's call. */
  readonly products: ReadonlySet<string>;
  /** Null on a project's last page. */
  readonly next: string | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @throws SluiceError `upstream_protocol` for what is no page: shown as it is, it might show what is not the caller's */
export function pageIn(body: Uint8Array, collection: string): Page {
  const answer = readJson(body);
  if (!isFields(answer)) throw new SluiceError('upstream_protocol', `The provider's list of ${collection} is no JSON.`);
  const { nextPageToken, next_page_token, ...fields } = answer;
  const next = nextPageToken ?? next_page_token;
  const entries = new Map<string, object>();
  const products = new Set<string>();
  for (const entry of Object.values(fields).flatMap((value) => (Array.isArray(value) ? value : []))) {
    const name = isFields(entry) ? nameOfEntry(entry, collection) : null;
    if (name === null) continue;
    entries.set(name, entry);
    if (entry.source === 'GENERATED') products.add(name);
  }
  return { fields, entries, products, next: typeof next === 'string' && next !== '' ? next : null };
}

/** The page that the client will see: as it grows, entry by entry. */
export class Shown {
  readonly #collection: string;
  readonly #fields: Record<string, unknown> = {};
  /** Entries in it. */
  count = 0;

  constructor(collection: string) {
    this.#collection = collection;
  }

  /**
   * Adds what may be seen of a page; fields beside the lists are the first page's. An entry whose name cannot be told
   * (a mask may leave it out) is not shown.
   *
   * @param most - so many entries and no more
   * @returns the names that were added
   */
  add({ fields }: Page, maySee: (name: string) => boolean, most: number): string[] {
    const added: string[] = [];
    for (const [key, value] of Object.entries(fields)) {
      if (!Array.isArray(value)) {
        if (!(key in this.#fields)) this.#fields[key] = value;
        continue;
      }
      for (const entry of value) {
        if (isFields(entry)) {
          const name = nameOfEntry(entry, this.#collection);
          if (name === null || !maySee(name) || added.length >= most) continue;
          added.push(name);
        }
        this.#push(key, entry);
      }
    }
    this.count += added.length;
    return added;
  }

  /** An empty list is left out, as at the provider: nobody learns that something was taken out. */
  body(token: string | null): Uint8Array {
    return writeJson(token === null ? this.#fields : { ...this.#fields, [nextTokenField(this.#collection)]: token });
  }

  #push(key: string, entry: unknown): void {
    const list = this.#fields[key];
    if (Array.isArray(list)) list.push(entry);
    else this.#fields[key] = [entry];
  }
}

/** Another token in an answer that is shown as it came, every other byte untouched. @returns null where there is none */
export async function withToken(
  body: Uint8Array,
  seal: (token: string) => Promise<string>,
): Promise<Uint8Array | null> {
  const text = decoder.decode(body);
  if (!tokenShape.test(text)) return null;
  const answer = readJson(body);
  const next = isFields(answer) ? (answer.nextPageToken ?? answer.next_page_token) : undefined;
  if (typeof next !== 'string' || next === '') return null;
  const sealed = JSON.stringify(await seal(next));
  const shown = text.replaceAll(new RegExp(tokenShape, 'g'), (field: string, name: string, value: string) =>
    JSON.parse(value) === next ? `${name}${sealed}` : field,
  );
  return encoder.encode(shown);
}

/** Within a text a quote has a backslash before it: this is found only where it is a field. */
const tokenShape = /("(?:nextPageToken|next_page_token)"\s*:\s*)("(?:[^"\\]|\\.)*")/;
