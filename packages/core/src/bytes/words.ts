/** Looks words up where they lie. */

/** A few words that are found in bytes without making a string of these first. */
export class Words {
  readonly #byLength = new Map<number, { readonly word: string; readonly bytes: Uint8Array }[]>();

  constructor(words: Iterable<string>) {
    for (const word of words) {
      const bytes = new TextEncoder().encode(word);
      const alike = this.#byLength.get(bytes.length);
      if (alike === undefined) this.#byLength.set(bytes.length, [{ word, bytes }]);
      else alike.push({ word, bytes });
    }
  }

  /** @returns the word that stands there, or an empty text when it is none of these */
  find(chunk: Uint8Array, from: number, end: number): string {
    const candidates = this.#byLength.get(end - from);
    if (candidates === undefined) return '';
    for (const { word, bytes } of candidates) if (isAt(chunk, from, bytes)) return word;
    return '';
  }
}

function isAt(chunk: Uint8Array, from: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (chunk[from + at] !== bytes[at]) return false;
  return true;
}
