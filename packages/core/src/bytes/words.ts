/** Looks words up where they lie. */

interface Word {
  readonly word: string;
  readonly bytes: Uint8Array;
}

/** A few words that are found in bytes without making a string of these first. */
export class Words {
  readonly #byLength: (Word[] | undefined)[] = [];

  constructor(words: Iterable<string>) {
    for (const word of words) {
      const bytes = new TextEncoder().encode(word);
      this.#byLength[bytes.length] = [...(this.#byLength[bytes.length] ?? []), { word, bytes }];
    }
  }

  /** @returns the word that stands there, or an empty text when it is none of these */
  find(chunk: Uint8Array, from: number, end: number): string {
    const candidates = this.#byLength[end - from];
    if (candidates === undefined) return '';
    for (let at = 0; at < candidates.length; at++) {
      const { word, bytes } = candidates[at] as Word;
      if (isAt(chunk, from, bytes)) return word;
    }
    return '';
  }
}

function isAt(chunk: Uint8Array, from: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (chunk[from + at] !== bytes[at]) return false;
  return true;
}
