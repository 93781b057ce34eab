import { type FakeClock, fakeClock } from '@sluice/testkit';
import { expect } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import type { Clock } from '../../src/clock.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import type { GatewayOptions } from '../../src/options.ts';
import type { HeaderBag, Sink, Upstream, UpstreamRequest } from '../../src/wire.ts';
import { type RecordingSink, recordingSink } from '../recording-sink.ts';

const encoder = new TextEncoder();
/** However busy the machine is that these tests run on. */
const neverOverloaded = {
  queueDelayMs: 0,
  refuseDelayMs: 0,
  queueHeapShare: 0,
  refuseHeapShare: 0,
  endHeapShare: 0,
  maxStreams: 0,
};

/** One call to the provider, in a test's hands. */
export class Played {
  readonly request: UpstreamRequest;
  readonly atMs: number;
  isAborted = false;
  isHeld = false;
  readonly #sink: Sink;

  constructor(request: UpstreamRequest, sink: Sink, clock: Clock) {
    this.request = request;
    this.#sink = sink;
    this.atMs = clock.now();
    sink.open({
      pause: () => {
        this.isHeld = true;
      },
      resume: () => {
        this.isHeld = false;
      },
      abort: () => {
        this.isAborted = true;
      },
    });
  }

  header(name: string): string | undefined {
    const { headers } = this.request;
    for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return headers[at + 1];
    return undefined;
  }

  answer(text = 'hello'): void {
    this.#whole(200, {}, `{"candidates":[{"content":{"parts":[{"text":"${text}"}]},"finishReason":"STOP"}]}`);
  }

  refuse(status: number, headers: HeaderBag = {}): void {
    const word = status === 429 ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE';
    this.#whole(
      status,
      headers,
      `{"error":{"code":${status},"message":"The model is overloaded.","status":"${word}"}}`,
    );
  }

  begin(status = 200, headers: HeaderBag = {}): void {
    const type = status === 200 ? 'text/event-stream' : 'application/json';
    if (!this.isAborted) this.#sink.head(status, { 'content-type': type, ...headers });
  }

  say(piece: string | Uint8Array): void {
    if (!this.isAborted) this.isHeld = !this.#sink.write(typeof piece === 'string' ? encoder.encode(piece) : piece);
  }

  break(error: Error): void {
    if (!this.isAborted) this.#sink.fail(error);
  }

  end(): void {
    if (!this.isAborted) this.#sink.end();
  }

  #whole(status: number, headers: HeaderBag, text: string): void {
    if (this.isAborted) return;
    this.#sink.head(status, { 'content-type': 'application/json', ...headers });
    this.#sink.write(encoder.encode(text));
    this.#sink.end();
  }
}

export const word = (text: string): string =>
  `data: {"candidates":[{"content":{"parts":[{"text":"${text}"}]}}]}\r\n\r\n`;
export const lastWord = 'data: {"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]}\r\n\r\n';

/** What a client asks. */
export interface Question {
  readonly isStream?: boolean;
  readonly headers?: HeaderBag;
  readonly readBody?: () => Promise<Uint8Array>;
  readonly sink?: RecordingSink;
}

/** What became of it. */
export interface Asked {
  readonly sink: RecordingSink;
  readonly cancellation: Cancellation;
  readonly over: Promise<void>;
  /** On the clock's monotonic scale; null while it runs. */
  endedAtMs: number | null;
}

/** A gateway without a socket: a provider in memory, clients in memory, time in the test's hands. */
export class Stage {
  readonly clock: FakeClock = fakeClock();
  /** How far the wall clock has been put forward. */
  wallJumpMs = 0;
  readonly calls: Played[] = [];
  readonly gateway: Gateway;

  /** @param play - answers a call; none leaves it to the test */
  constructor(options: Partial<GatewayOptions> = {}, play: (call: Played) => void = () => {}) {
    const { clock } = this;
    const jumping: Clock = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow() + this.wallJumpMs,
      after: (ms, then) => clock.after(ms, then),
    };
    const upstream: Upstream = {
      send: (request, sink) => {
        const call = new Played(request, sink, clock);
        this.calls.push(call);
        play(call);
      },
      async close() {},
    };
    const base = { keys: 'main=canary-1', callers: 'anyone', overload: neverOverloaded } as const;
    this.gateway = createGateway({ ...base, ...options, clock: jumping, upstream });
  }

  ask({ isStream = false, headers = {}, readBody = whole, sink = recordingSink() }: Question = {}): Asked {
    const cancellation = new Cancellation();
    const method = isStream ? 'streamGenerateContent?alt=sse' : 'generateContent';
    const over = this.gateway.handle({
      id: 'x',
      method: 'POST',
      target: `/v1beta/models/gemini-2.5-flash:${method}`,
      headers: { 'content-type': 'application/json', ...headers },
      remote: null,
      client: sink,
      cancellation,
      readBody,
      openBody: () => null,
      publicBase: () => 'http://gateway.test',
    });
    const asked: Asked = { sink, cancellation, over, endedAtMs: null };
    void over.then(() => {
      asked.endedAtMs = this.clock.now();
    });
    return asked;
  }

  /** Nothing is inside, waits, is lent or ticks any more. */
  expectNothingLeft(): void {
    const { open, waiting, bufferedBytes, pools } = this.gateway.snapshot();
    const inFlight = pools.flatMap(({ projects }) => projects.map((one) => one.inFlight));
    expect({ open, waiting, bufferedBytes, inFlight }).toEqual({
      open: 0,
      waiting: 0,
      bufferedBytes: 0,
      inFlight: inFlight.map(() => 0),
    });
    expect(this.clock.pending).toBe(0);
  }
}

/** The reason of one of our own errors, in lower case; empty for somebody else's. */
export function codeOf(sink: RecordingSink): string {
  return /"reason": ?"([A-Z_]+)"/.exec(sink.body.toString() + sink.told.join(''))?.[1]?.toLowerCase() ?? '';
}

const body = encoder.encode('{"contents":[{"role":"user","parts":[{"text":"Say something."}]}]}');
async function whole(): Promise<Uint8Array> {
  return body;
}
