/** A provider in memory: it plays answers through the contract of an upstream, and breaks where it is told to. */

import type { FakeClock } from '@sluice/testkit';
import type { Flow, HeaderBag, Sink, Upstream, UpstreamRequest } from '../../src/wire.ts';
import type { Faults } from './faults.ts';

/** One answer. */
export interface Reply {
  readonly status: number;
  readonly headers: HeaderBag;
  readonly chunks: readonly Uint8Array[];
  /** Between two chunks, in ms; 0 for the next turn of the loop. */
  readonly gapMs: number;
  /** Its head says how long it is, so that HTTP itself knows when a part is missing. */
  readonly isFramed: boolean;
}

/** What reached the provider. */
export interface SentCall {
  readonly target: string;
  readonly key: string;
  readonly reply: Reply;
}

/** What a step leaves to wait for: a turn of the loop, a time, or nothing that ever comes. */
type Pause = { readonly ms: number } | 'hangs';

const turn: Pause = { ms: 0 };

export class ScriptedUpstream implements Upstream {
  readonly calls: SentCall[] = [];
  /** Calls that are neither over nor aborted. */
  readonly running = new Set<Play>();
  readonly #answer: (request: UpstreamRequest) => Reply;
  readonly #tools: { readonly faults: Faults; readonly clock: FakeClock };

  constructor(answer: (request: UpstreamRequest) => Reply, faults: Faults, clock: FakeClock) {
    this.#answer = answer;
    this.#tools = { faults, clock };
  }

  send(request: UpstreamRequest, sink: Sink): void {
    const { faults, clock } = this.#tools;
    const key = request.headers[request.headers.indexOf('x-goog-api-key') + 1] ?? '';
    const reply = this.#answer(request);
    this.calls.push({ target: request.target, key, reply });
    const play = new Play(reply, { sink, faults, clock, onOver: () => this.running.delete(play) });
    this.running.add(play);
    sink.open(play);
    // A driver that throws does so while it is in `send`: then everything is played there.
    if (faults.isOf('upstream')) play.playAtOnce();
    else void play.playOn();
  }

  async close(): Promise<void> {
    for (const play of this.running) play.abort(new Error('closed'));
  }
}

interface PlayTools {
  readonly sink: Sink;
  readonly faults: Faults;
  readonly clock: FakeClock;
  readonly onOver: () => void;
}

/** One call under way. What its sink throws comes back to it as a failure, as undici has it. */
class Play implements Flow {
  readonly #tools: PlayTools;
  readonly #steps: Iterator<Pause>;
  readonly #isFramed: boolean;
  #isNonsense = false;
  #isHeld = false;
  #isOver = false;
  #goOn: () => void = () => {};

  constructor(reply: Reply, tools: PlayTools) {
    this.#tools = tools;
    this.#isFramed = reply.isFramed;
    this.#steps = this.#stepsOf(reply);
  }

  pause(): void {
    this.#isHeld = true;
  }

  resume(): void {
    this.#isHeld = false;
    this.#goOn();
  }

  abort(_reason: Error): void {
    this.#over();
    this.#goOn();
  }

  playAtOnce(): void {
    try {
      while (!this.#isOver && !this.#isHeld && this.#steps.next().done !== true);
    } catch (error) {
      // Nobody hears of this call any more.
      this.#over();
      throw error;
    }
    if (!this.#isOver) void this.playOn();
  }

  async playOn(): Promise<void> {
    while (!this.#isOver) {
      if (this.#isHeld) await new Promise<void>((resolve) => (this.#goOn = resolve));
      if (this.#isOver) return;
      try {
        const { done, value } = this.#steps.next();
        if (done === true) return;
        await this.#wait(value);
      } catch (error) {
        if (this.#isOver) continue;
        this.#over();
        this.#tools.sink.fail(error as Error);
      }
    }
  }

  *#stepsOf({ status, headers, chunks, gapMs }: Reply): Generator<Pause, void> {
    const { sink } = this.#tools;
    yield* this.#point('connect', 'ECONNREFUSED');
    yield* this.#point('send', 'EPIPE');
    yield* this.#point('head', 'ECONNRESET');
    if (this.#isOver) return;
    sink.head(this.#isNonsense ? 999 : status, { ...headers });
    for (const chunk of chunks) {
      yield { ms: gapMs };
      yield* this.#point('chunk', 'ECONNRESET');
      if (this.#isOver) return;
      if (!sink.write(new Uint8Array(chunk))) this.#isHeld = true;
      yield turn;
    }
    yield* this.#point('end', 'ECONNRESET');
    if (this.#isOver) return;
    this.#over();
    sink.end();
  }

  *#point(at: 'connect' | 'send' | 'head' | 'chunk' | 'end', code: string): Generator<Pause, void> {
    yield turn;
    if (this.#isOver) return;
    const { faults } = this.#tools;
    if (faults.strike('upstream') !== null) throw new Error('a canary of a driver that throws');
    switch (faults.strike(at)) {
      case null:
        return;
      case 'hangs':
        yield 'hangs';
        return;
      case 'cut':
        if (this.#isFramed) return this.#fail('UND_ERR_RES_CONTENT_LENGTH_MISMATCH');
        this.#over();
        return this.#tools.sink.end();
      case 'nonsense':
        this.#isNonsense = true;
        return;
      default:
        this.#fail(code);
    }
  }

  #fail(code: string): void {
    this.#over();
    this.#tools.sink.fail(Object.assign(new Error(`a canary of ${code}`), { code }));
  }

  #over(): void {
    this.#isOver = true;
    this.#tools.onOver();
  }

  async #wait(pause: Pause): Promise<void> {
    if (pause === 'hangs') return new Promise<void>((resolve) => (this.#goOn = resolve)).then(() => this.#waitOn());
    if (pause.ms === 0) return new Promise((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => {
      const cancel = this.#tools.clock.after(pause.ms, resolve);
      this.#goOn = () => {
        if (!this.#isOver) return;
        cancel();
        resolve();
      };
    });
  }

  /** Whoever is resumed while it hangs, hangs on. */
  async #waitOn(): Promise<void> {
    if (!this.#isOver) await this.#wait('hangs');
  }
}
