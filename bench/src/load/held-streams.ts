/** Many streams at human speed that stay open, and how late each event came. */

import { nowUs, pacedEventBytes, readPaced } from '../pacer.ts';
import { requestBytes } from '../traffic.ts';
import { type BodyJudge, EndlessStream } from './endless-stream.ts';

/** What came of listening. */
export interface HeldResult {
  /** From the moment the provider wrote an event until it was here, in µs. */
  readonly delaysUs: Float64Array;
  readonly open: number;
  /** The generator's own CPU time. */
  readonly cpuUs: number;
  readonly problems: readonly string[];
}

/** More at once would measure the queue of the listening socket. */
const openAtOnce = 50;

/** Streams to one port. */
export class HeldStreams {
  readonly #streams: EndlessStream[] = [];
  readonly #problems: string[] = [];
  #delays: number[] | null = null;

  /** Opens streams until there are `count`; resolves when each has had its first event. */
  async open(port: number, key: string, count: number): Promise<HeldResult> {
    let left = count - this.#streams.length;
    const one = async (): Promise<void> => {
      while (left-- > 0 && this.#problems.length === 0) await this.#openOne(port, key);
    };
    await Promise.all(Array.from({ length: openAtOnce }, one));
    return this.#result(new Float64Array(0), 0);
  }

  async listen(ms: number): Promise<HeldResult> {
    const before = process.cpuUsage();
    const delays: number[] = [];
    this.#delays = delays;
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#delays = null;
    const { user, system } = process.cpuUsage(before);
    return this.#result(Float64Array.from(delays), user + system);
  }

  close(): void {
    for (const stream of this.#streams.splice(0)) stream.close();
  }

  #openOne(port: number, key: string): Promise<void> {
    return new Promise((resolve) => {
      const judge = new PacedJudge((delayUs) => {
        this.#delays?.push(delayUs);
        resolve();
      });
      const stream = new EndlessStream(port, requestBytes('paced', key), judge, (problem) => {
        this.#problems.push(problem);
        resolve();
      });
      this.#streams.push(stream);
    });
  }

  #result(delaysUs: Float64Array, cpuUs: number): HeldResult {
    return { delaysUs, open: this.#streams.length, cpuUs, problems: this.#problems.splice(0) };
  }
}

/** Events have one length, whatever pieces they come in; each is the one after the one before. */
class PacedJudge implements BodyJudge {
  readonly #onEvent: (delayUs: number) => void;
  readonly #event = Buffer.alloc(pacedEventBytes);
  #filled = 0;
  #next = 0;

  constructor(onEvent: (delayUs: number) => void) {
    this.#onEvent = onEvent;
  }

  read(chunk: Buffer): string | null {
    for (let at = 0; at < chunk.length; ) {
      const taken = chunk.copy(this.#event, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled < pacedEventBytes) return null;
      this.#filled = 0;
      const event = readPaced(this.#event);
      if (event === null) return 'an event is not as it was written';
      if (event.number !== this.#next++) return `event ${event.number} came in the place of ${this.#next - 1}`;
      this.#onEvent(nowUs() - event.writtenUs);
    }
    return null;
  }
}
