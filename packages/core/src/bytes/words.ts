/** Looks words up where they lie. */

const endings = 0x800;

/** A few words that are found in bytes without making a string of these first. */
export class Words {
  /** 1 for the {@link endingOf} of each word: hardly any other key has such a one, and is looked up. */
  readonly endings: Uint8Array = new Uint8Array(endings);
  /** By their numbers, which begin with 1. */
  readonly list: readonly string[];
  readonly #bytes: Uint8Array[] = [];
  readonly #byEnding: (readonly number[] | undefined)[] = [];

  constructor(words: Iterable<string>) {
    this.list = ['', ...new Set(words)];
    for (const [number, word] of this.list.entries()) {
      const bytes = new TextEncoder().encode(word);
      this.#bytes.push(bytes);
      if (word === '') continue;
      const ending = endingOf(bytes.length, bytes[bytes.length - 1] as number);
      this.#byEnding[ending] = [...(this.#byEnding[ending] ?? []), number];
      this.endings[ending] = 1;
    }
  }

  /** @returns the word that stands there, or an empty text when it is none of these */
  find(chunk: Uint8Array, from: number, end: number): string {
    return this.list[this.numberAt(chunk, from, end)] as string;
  }

  /** @returns the number of the word that stands there, or 0 when it is none of these */
  numberAt(chunk: Uint8Array, from: number, end: number): number {
    const ending = endingOf(end - from, chunk[end - 1] as number);
    if (this.endings[ending] === 0) return 0;
    const candidates = this.#byEnding[ending] as readonly number[];
    for (let at = 0; at < candidates.length; at++) {
      const candidate = candidates[at] as number;
      const bytes = this.#bytes[candidate] as Uint8Array;
      if (bytes.length === end - from && isAt(chunk, from, bytes)) return candidate;
    }
    return 0;
  }
}

/** Out of the length of a word and its last byte. */
export function endingOf(length: number, last: number): number {
  return (length * 32 + (last & 31)) & (endings - 1);
}

function isAt(chunk: Uint8Array, from: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (chunk[from + at] !== bytes[at]) return false;
  return true;
}
