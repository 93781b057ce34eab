/** Clients that ask for a stream and then read nothing, while the provider would send for ever. */

import { streamEvents } from '../traffic.ts';
import { type BodyJudge, EndlessStream } from './endless-stream.ts';

/** What the provider sends again and again. */
const cycle = Buffer.concat(streamEvents.slice(0, -1));

/** What came of it. */
export interface StalledResult {
  readonly problems: readonly string[];
}

/** Streams to one port. */
export class StalledReaders {
  readonly #streams: EndlessStream[] = [];
  readonly #judges: CycleJudge[] = [];
  readonly #problems: string[] = [];

  open(port: number, key: string, count: number): StalledResult {
    for (let index = 0; index < count; index++) {
      const judge = new CycleJudge();
      const stream = new EndlessStream(port, 'flood', key, judge, (problem) => this.#problems.push(problem));
      stream.stall();
      this.#streams.push(stream);
      this.#judges.push(judge);
    }
    return { problems: [] };
  }

  /** Reads on, until every client has had `bytes` in the order in which they were sent; then leaves. */
  async drain(bytes: number): Promise<StalledResult> {
    for (const stream of this.#streams) stream.goOn();
    const giveUpAt = performance.now() + 30_000;
    while (this.#problems.length === 0 && this.#judges.some((judge) => judge.bytes < bytes)) {
      if (performance.now() > giveUpAt) this.#problems.push('a stream that was stalled does not go on');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const stream of this.#streams) stream.close();
    return { problems: this.#problems };
  }
}

class CycleJudge implements BodyJudge {
  bytes = 0;

  read(chunk: Buffer): string | null {
    for (let at = 0; at < chunk.length; ) {
      const from = this.bytes % cycle.length;
      const length = Math.min(chunk.length - at, cycle.length - from);
      if (cycle.compare(chunk, at, at + length, from, from + length) !== 0)
        return `the body differs after byte ${this.bytes}`;
      at += length;
      this.bytes += length;
    }
    return null;
  }
}
