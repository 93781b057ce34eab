/** Thrown through a play when the peer has left: whatever it wanted to send, nobody reads it any more. */
export class PeerLeft extends Error {}

/** Whether somebody still reads an answer. Every wait of a stage goes through it, and ends when the reader leaves. */
export class Presence {
  readonly #waiting = new Set<(left: PeerLeft) => void>();
  #left: PeerLeft | null = null;

  /** Why nobody reads any more; null while somebody does. */
  get left(): PeerLeft | null {
    return this.#left;
  }

  /** Ends every wait, now and from now on. */
  leave(left: PeerLeft): void {
    if (this.#left !== null) return;
    this.#left = left;
    for (const reject of this.#waiting) reject(left);
    this.#waiting.clear();
  }

  /** Runs `start` until it calls `done` or the peer leaves; the function it returned then clears what it began. */
  until(start: (done: () => void) => () => void): Promise<void> {
    if (this.#left !== null) return Promise.reject(this.#left);
    return new Promise((resolve, reject) => {
      let clear = () => {};
      const leave = (left: PeerLeft) => {
        clear();
        reject(left);
      };
      this.#waiting.add(leave);
      clear = start(() => {
        this.#waiting.delete(leave);
        resolve();
      });
    });
  }

  /** @see Stage.silence */
  silence(ms: number): Promise<void> {
    return this.until((done) => {
      if (ms > 0) {
        const timer = setTimeout(done, ms);
        return () => clearTimeout(timer);
      }
      const immediate = setImmediate(done);
      return () => clearImmediate(immediate);
    });
  }

  /** @see Stage.silenceForEver */
  async silenceForEver(): Promise<never> {
    await this.until(() => () => {});
    throw new PeerLeft('Unreachable: a wait without an end cannot end');
  }
}
