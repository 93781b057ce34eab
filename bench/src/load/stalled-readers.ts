/** Clients that ask for a stream and then read nothing, while the provider would send for ever. */

import { requestBytes, streamEvents } from '../traffic.ts';
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
      const stream = new EndlessStream(port, requestBytes('flood', key), judge, (problem) =>
        this.#problems.push(problem),
      );
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

  /**
   * For readers that the gateway has dropped: they read on, and each finds what it has got in order, and then a
   * connection that is broken. An end that looks like one would be a lie.
   *
   * @param refused - so many have been answered 503 instead
   */
  async untilCut(refused: number): Promise<StalledResult> {
    for (const stream of this.#streams) stream.goOn();
    const giveUpAt = performance.now() + 30_000;
    while (this.#problems.length < this.#streams.length && performance.now() < giveUpAt) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const missing = this.#streams.length - this.#problems.length;
    const isRefusal = (problem: string): boolean => problem.startsWith('the answer is "HTTP/1.1 503 ');
    const problems = this.#problems.filter((problem) => !cuts.test(problem) && !isRefusal(problem));
    const refusals = this.#problems.filter(isRefusal).length;
    if (refusals !== refused) problems.push(`${refusals} readers were answered 503, and ${refused} have not come up`);
    if (missing > 0) problems.push(`${missing} readers that were dropped do not notice`);
    for (const stream of this.#streams) stream.close();
    return { problems };
  }
}

/** How a broken connection looks from the client's side. */
const cuts = /^(?:the connection was closed|read ECONNRESET|write EPIPE)$/;

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
