/** Which texts came before in a body, known by their bytes: what comes again and again is made into a string once. */

interface Span {
  readonly kind: string;
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Different for each process, so that nobody can look for texts that fall together. */
const seed = (Math.random() * 0x7fffffff) | 0;

/** Keeps nothing of the texts but where they are. Of two with the same hash the later one is new again and again. */
export class SeenSpans {
  readonly #byHash = new Map<number, Span>();

  /** @param isLent - the bytes will be overwritten, and are copied if they are to be known */
  isNew(kind: string, bytes: Uint8Array, from: number, to: number, isLent: boolean): boolean {
    let hash = seed ^ kind.length;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
    hash ^= hash >>> 15;
    const known = this.#byHash.get(hash);
    if (known === undefined) {
      const span = isLent ? { kind, bytes: bytes.slice(from, to), from: 0, to: to - from } : { kind, bytes, from, to };
      this.#byHash.set(hash, span);
      return true;
    }
    return known.kind !== kind || !isSame(known, bytes, from, to);
  }
}

function isSame(known: Span, bytes: Uint8Array, from: number, to: number): boolean {
  if (known.to - known.from !== to - from) return false;
  for (let at = from; at < to; at++) if (known.bytes[known.from + at - from] !== bytes[at]) return false;
  return true;
}
