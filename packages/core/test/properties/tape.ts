/** Choices read off a tape of bytes: whatever stands on it makes something, and a shorter tape something simpler. */

import fc from 'fast-check';

/** Where things are made from. At its end every choice is the first one. */
export class Tape {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A whole number from 0 to below `count`, which is 65,536 at most. */
  below(count: number): number {
    const high = count > 256 ? this.#next() << 8 : 0;
    return (high + this.#next()) % count;
  }

  pick<One>(list: readonly One[]): One {
    return list[this.below(list.length)] as One;
  }

  /** True once in `times`, and never when the tape is over. */
  isOneIn(times: number): boolean {
    return this.below(times) === times - 1;
  }

  /** Between 0 and `most` of them. */
  several<One>(most: number, make: (at: number) => One): One[] {
    return Array.from({ length: this.below(most + 1) }, (_, at) => make(at));
  }

  #next(): number {
    const byte = this.#bytes[this.#at++];
    return byte ?? 0;
  }
}

/** Tapes up to a length. The same bytes make the same things. */
export function tapes(maxLength = 90): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ maxLength, size: 'max' });
}
