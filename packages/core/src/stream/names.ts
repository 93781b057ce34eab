/** Catches the strings of an answer that name what lives in one project, as they pass. */

import { joined } from '../bytes/joined.ts';

const QUOTE = 0x22;
/** A longer one names nothing: requests are not read further either. */
const longestNameBytes = 1_048_576;

const decoder = new TextDecoder();

/** What is told of a name: an answer with nothing but that in it. */
export type Named = Readonly<Record<string, unknown>>;

/** The names of one answer. Each is told once, however often it comes in a row. */
export class Names {
  /** The list whose entries are objects; everything else on a path is an object. */
  readonly #list: string;
  readonly #onName: (named: Named) => void;
  readonly #last = new Map<readonly string[], string>();
  /** Whose value comes next, or is being read. */
  #path: readonly string[] = [];
  #isOpen = false;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #from = 0;

  constructor(list: string, onName: (named: Named) => void) {
    this.#list = list;
    this.#onName = onName;
  }

  /** The value that comes next is a name. */
  expect(path: readonly string[]): void {
    this.#path = path;
  }

  /** It begins; what is no string is no name. */
  begin(chunk: Uint8Array, at: number): void {
    this.#isOpen = chunk[at] === QUOTE;
    this.#from = at;
    this.#bytes = 0;
  }

  /** The chunk is over, and the value is not. */
  cut(chunk: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#keep(chunk, chunk.length);
    this.#from = 0;
  }

  /** A value has ended, whoever has asked for it. @returns true when it was a name */
  end(chunk: Uint8Array, at: number): boolean {
    if (!this.#isOpen) return false;
    this.#keep(chunk, at + 1);
    const path = this.#path;
    const name = this.#bytes <= longestNameBytes ? textOf(joined(this.#pieces)) : '';
    this.#isOpen = false;
    this.#pieces = [];
    if (name === '' || this.#last.get(path) === name) return true;
    this.#last.set(path, name);
    this.#onName(this.#answerWith(path, name));
    return true;
  }

  #keep(chunk: Uint8Array, to: number): void {
    this.#bytes += to - this.#from;
    if (this.#bytes <= longestNameBytes) this.#pieces.push(chunk.subarray(this.#from, to));
    else this.#pieces = [];
  }

  #answerWith(path: readonly string[], name: string): Named {
    return path.reduceRight<unknown>((inner, key) => ({ [key]: key === this.#list ? [inner] : inner }), name) as Named;
  }
}

/** @param keys - from depth 1 on, null in lists. @returns the path that leads to this key, null where none does */
export function nameAt(
  paths: readonly (readonly string[])[],
  keys: readonly (string | null)[],
  depth: number,
  word: string,
): readonly string[] | null {
  // Words that nobody knows come as an empty text, and they are most.
  if (word === '') return null;
  return paths.find((path) => path.at(-1) === word && isAt(path, keys, depth)) ?? null;
}

function isAt(path: readonly string[], keys: readonly (string | null)[], depth: number): boolean {
  let at = 0;
  for (let level = 1; level <= depth; level++) {
    const key = keys[level] ?? null;
    if (key !== null && key !== path[at++]) return false;
  }
  return at === path.length;
}

function textOf(json: Uint8Array): string {
  try {
    return JSON.parse(decoder.decode(json)) as string;
  } catch {
    // A broken escape; nobody can send that name back.
    return '';
  }
}
