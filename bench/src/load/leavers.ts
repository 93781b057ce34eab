/** Clients that ask and leave: each is brought to its phase, and goes at the moment at which it is told to. */

import { opening } from '../farewells.ts';
import { type Phase, pathOf } from '../leaving.ts';
import { nowUs } from '../pacer.ts';
import { callerKey, requestTo } from '../traffic.ts';
import { type BodyJudge, EndlessStream } from './endless-stream.ts';

/** What is asked for. */
export interface LeaversOrder {
  /** Not used by clients that live in the gateway's own process. */
  readonly port: number;
  readonly phase: Phase;
  readonly numbers: readonly number[];
}

/** Where the clients stand. */
export interface LeaversStanding {
  /** Clients that have read all there is to read before they leave. */
  readonly served: number;
  readonly problems: readonly string[];
}

/** Clients in one phase. Those of the bench are connections; a subject in process has its own. */
export interface LeavingClients {
  open(order: LeaversOrder): void;
  standing(): LeaversStanding;
  /** @returns when the client left, in µs of the clock that all processes share */
  leave(number: number): number;
}

/** Over connections of their own. */
export class Leavers implements LeavingClients {
  readonly #streams = new Map<number, EndlessStream>();
  readonly #problems: string[] = [];
  #served = 0;

  open({ port, phase, numbers }: LeaversOrder): void {
    this.#served = 0;
    for (const number of numbers) {
      const judge = judgeFor(phase, () => this.#served++);
      const stream = new EndlessStream(port, requestTo(pathOf({ phase, number }), callerKey), judge, (problem) =>
        this.#problems.push(`${phase}: ${problem}`),
      );
      if (phase === 'backpressure') stream.stall();
      this.#streams.set(number, stream);
    }
  }

  standing(): LeaversStanding {
    return { served: this.#served, problems: this.#problems };
  }

  leave(number: number): number {
    const leftUs = nowUs();
    this.#streams.get(number)?.close();
    this.#streams.delete(number);
    return leftUs;
  }
}

/** What a client may have read before it leaves: one event in mid-stream, and nothing at all anywhere else. */
function judgeFor(phase: Phase, onServed: () => void): BodyJudge {
  if (phase === 'mid-stream') return new OpeningJudge(onServed);
  return {
    head: () => (phase === 'backpressure' ? null : 'an answer has begun that should have been held back'),
    read: () => (phase === 'backpressure' ? null : 'bytes came that should have been held back'),
  };
}

/** Takes the one event with which a stream begins. */
export class OpeningJudge implements BodyJudge {
  readonly #onServed: () => void;
  #at = 0;

  constructor(onServed: () => void) {
    this.#onServed = onServed;
  }

  read(chunk: Buffer): string | null {
    const end = this.#at + chunk.length;
    if (end > opening.length || opening.compare(chunk, 0, chunk.length, this.#at, end) !== 0)
      return 'the first event is not as it was written';
    this.#at = end;
    if (end === opening.length) this.#onServed();
    return null;
  }
}
