/** Looks words up where they lie. */

interface Word {
  readonly word: string;
  readonly bytes: Uint8Array;
}

const slots = 0x400;

/** A few words that are found in bytes without making a string of these first. */
export class Words {
  /** By length, first and last byte: hardly any other word gets as far as being compared. */
  readonly #bySlot: (readonly Word[] | null)[] = new Array(slots).fill(null);

  constructor(words: Iterable<string>) {
    for (const word of words) {
      const bytes = new TextEncoder().encode(word);
      const slot = slotOf(bytes, 0, bytes.length);
      this.#bySlot[slot] = [...(this.#bySlot[slot] ?? []), { word, bytes }];
    }
  }

  /** @returns the word that stands there, or an empty text when it is none of these */
  find(chunk: Uint8Array, from: number, end: number): string {
    // An empty text looks at what is outside of it, and is none of the words either way.
    if (end <= from) return '';
    const candidates = this.#bySlot[slotOf(chunk, from, end)] as readonly Word[] | null;
    return candidates === null ? '' : wordAt(candidates, chunk, from, end);
  }
}

function slotOf(bytes: Uint8Array, from: number, end: number): number {
  return ((end - from) * 37 + (bytes[from] as number) * 5 + (bytes[end - 1] as number) * 11) & (slots - 1);
}

function wordAt(candidates: readonly Word[], chunk: Uint8Array, from: number, end: number): string {
  for (let at = 0; at < candidates.length; at++) {
    const { word, bytes } = candidates[at] as Word;
    if (bytes.length === end - from && isAt(chunk, from, bytes)) return word;
  }
  return '';
}

function isAt(chunk: Uint8Array, from: number, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (chunk[from + at] !== bytes[at]) return false;
  return true;
}
