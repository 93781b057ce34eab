/** Bytes that count how often they are looked at: work is measured, not time, and no busy machine changes it. */

/** The sum over everything that is counted with it. */
export class Work {
  visits = 0;

  /** Bytes that can be read as others can; whatever is cut out of them counts as well. */
  of(bytes: Uint8Array): Uint8Array {
    return new Proxy(bytes, {
      get: (target, name) => {
        if (typeof name === 'symbol') return Reflect.get(target, name, target) as unknown;
        const first = name.charCodeAt(0);
        if (first >= 0x30 && first <= 0x39) {
          this.visits++;
          return target[name as unknown as number];
        }
        if (name === 'subarray') return (from: number, to?: number) => this.of(target.subarray(from, to));
        if (name === 'indexOf') return (byte: number, from = 0) => this.#search(target, byte, from);
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  /** The engine looks at every byte up to the one that it finds. */
  #search(target: Uint8Array, byte: number, from: number): number {
    const at = target.indexOf(byte, from);
    this.visits += (at < 0 ? target.length : at + 1) - from;
    return at;
  }
}

/** How much work it is for twice as much of the same, in relation. */
export function growth(workFor: (size: number) => number, size: number): number {
  return workFor(size * 2) / workFor(size);
}
