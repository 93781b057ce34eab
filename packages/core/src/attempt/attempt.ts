/** ONE TRY: a lease and a call become a request to the provider, and its answer is shown, or judged and kept back. */

import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Emitter, TokenUsage } from '../events.ts';
import { type Failure, Trouble } from '../failure.ts';
import type { Health, Pass } from '../health/health.ts';
import type { Lease } from '../pool/pool.ts';
import type { Provider } from '../provider/provider.ts';
import { type Inspection, joined, plainInspection, streamInspection } from '../stream/inspect.ts';
import type { Meter } from '../stream/meter.ts';
import { Scan } from '../stream/scan.ts';
import { type Ending, Watch } from '../stream/watch.ts';
import type { Call } from '../surface/surface.ts';
import type { Flow, HeaderBag, Sink, Upstream } from '../wire.ts';
import { ErrorReader } from './error-reader.ts';
import { headersDown } from './headers.ts';
import { type HeldAnswer, holdAnswer, holdInnerError } from './held-answer.ts';
import { Latch } from './latch.ts';
import { Patience, type Phase, type TimeoutSettings } from './patience.ts';
import { receive } from './reception.ts';
import type { Scrubber } from './scrub.ts';
import {
  circuitOpen,
  emptyAnswer,
  endedBy,
  noHttp,
  redirected,
  silence,
  tooLarge,
  transportFailure,
  truncated,
  unreadable,
} from './trouble.ts';

/** Bounds of what one attempt may hold; the slice of the settings that this file keeps to. */
export interface LimitSettings {
  readonly maxEventBytes: number;
  readonly maxAnswerBytes: number;
  readonly maxErrorBytes: number;
}

/** What every attempt needs; made once per gateway. */
export interface Workshop {
  readonly upstream: Upstream;
  readonly provider: Provider;
  readonly origin: string;
  readonly host: string;
  readonly health: Health;
  readonly scrubber: Scrubber;
  readonly limits: LimitSettings;
  readonly timeouts: TimeoutSettings;
  readonly clock: Clock;
  readonly emitter: Emitter;
}

/** What one attempt is about. */
export interface Errand {
  readonly requestId: string;
  readonly call: Call;
  readonly method: string;
  /** The client's own header fields, ready to go up. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly client: Meter;
  /** Fires when the client has gone or the gateway wants the request to end. */
  readonly over: AbortSignal;
  readonly deadlineAtMs: number;
  /** Header fields of our own for the answer. */
  readonly ownHeaders: HeaderBag;
}

/** What came of it. */
export interface Report {
  /** Null when the answer went out whole. */
  readonly failure: Failure | null;
  /** The provider's own error answer, cleaned, where there is one to show. */
  readonly held: HeldAnswer | null;
  readonly usage: TokenUsage | null;
}

/** Makes one attempt. Never rejects; the promise settles when nothing more will happen to it. */
export function attempt(lease: Lease, errand: Errand, workshop: Workshop): Promise<Report> {
  return new Promise((resolve) => new Attempt(lease, errand, workshop, resolve).start());
}

/** From the first byte up to the last byte down. It is the sink that the upstream driver pours into. */
class Attempt implements Sink {
  readonly #lease: Lease;
  readonly #errand: Errand;
  readonly #shop: Workshop;
  readonly #resolve: (report: Report) => void;
  readonly #latch: Latch;
  readonly #patience: Patience;
  readonly #startedAtMs: number;
  readonly #onOver = (): void => this.#lose(endedBy(this.#errand.over.reason));
  #pass: Pass | null = null;
  #flow: Flow | null = null;
  #status: number | null = null;
  #headers: HeaderBag = {};
  #body: Sink | null = null;
  #watch: Watch | null = null;
  #scan: Scan | null = null;
  /** Objects of the stream that were read when something last came. */
  #documents = 0;
  /** The upstream has told its end: there is nothing left to kill. */
  #hasEnded = false;
  #isOver = false;

  constructor(lease: Lease, errand: Errand, shop: Workshop, resolve: (report: Report) => void) {
    this.#lease = lease;
    this.#errand = errand;
    this.#shop = shop;
    this.#resolve = resolve;
    this.#startedAtMs = shop.clock.now();
    this.#latch = new Latch(errand.client, () => this.#onRelease());
    this.#patience = new Patience(shop.clock, errand.deadlineAtMs, (phase) => this.#onSilence(phase));
  }

  start(): void {
    const { call, over, method, headers, body } = this.#errand;
    const { upstream, provider, origin, health, timeouts, host } = this.#shop;
    const leave = health.enter({ host, model: call.model });
    if ('retryAfterMs' in leave) return this.#refuse(leave.target, leave.retryAfterMs);
    this.#pass = leave;
    over.addEventListener('abort', this.#onOver, { once: true });
    const headersMs = call.answer === 'generation' ? timeouts.headersMs : timeouts.headersMs / 10;
    this.#patience.enter('headers', headersMs);
    const signed = [...headers, ...provider.credential(this.#lease.key.secret)];
    const hasBody = body.length > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH';
    upstream.send({ method, origin, target: call.target, headers: signed, body: hasBody ? body : null }, this);
  }

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    if (this.#isOver) return;
    this.#status = status;
    this.#headers = headers;
    const { call } = this.#errand;
    const reception = receive(status, headers, call.answer, call.isArray);
    const { firstEventMs, idleMs } = this.#shop.timeouts;
    this.#patience.enter(
      reception.as === 'stream' ? 'first-event' : 'idle',
      reception.as === 'stream' ? firstEventMs : idleMs,
    );
    switch (reception.as) {
      case 'error':
        return this.#readError(reception.encoding);
      case 'stream':
        return this.#watchStream(reception.encoding);
      case 'whole':
        return reception.isJudged ? this.#watchWhole(reception.encoding) : this.#hold();
      case 'opaque':
        this.#hold();
        this.#latch.release();
        return;
      case 'redirect':
        return this.#lose(redirected(status));
      case 'empty':
        return this.#lose(emptyAnswer());
      case 'nonsense':
        return this.#lose(noHttp(reception.why));
    }
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver || this.#body === null) return true;
    const hasRoom = this.#body.write(chunk);
    if (this.#isOver) return true;
    if (!hasRoom) this.#patience.enter('slow-reader', this.#shop.timeouts.slowReaderMs);
    else if (this.#scan === null || this.#patience.phase === 'headers') this.#patience.touch();
    else this.#followScan(this.#scan);
    return hasRoom;
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#isOver) return;
    this.#patience.stop();
    if (this.#body === null) return this.#lose(emptyAnswer());
    this.#body.end();
    if (this.#body === this.#latch) this.#win();
  }

  fail(error: Error): void {
    this.#hasEnded = true;
    if (this.#isOver) return;
    this.#patience.stop();
    if (this.#watch === null && this.#body instanceof ErrorReader) return this.#body.end();
    if (this.#watch !== null) return this.#watch.fail(error);
    this.#lose(transportFailure(error, this.#status !== null));
  }

  #hold(): void {
    this.#body = this.#latch;
    this.#openLatch();
  }

  /** Gives the latch the means to hold the source, watched, and the head as the client will see it. */
  #openLatch(): void {
    const { scrubber } = this.#shop;
    const down = headersDown(this.#headers, (value) => scrubber.clean(value, this.#lease.key.secret));
    this.#latch.open(this.#heldFlow());
    this.#latch.head(this.#status as number, { ...down, ...this.#errand.ownHeaders });
  }

  #heldFlow(): Flow {
    const flow = this.#flow as Flow;
    return {
      pause: () => flow.pause(),
      resume: () => {
        if (this.#isOver) return;
        this.#enterIdle();
        flow.resume();
      },
      abort: (reason) => this.#lose(endedBy(reason)),
    };
  }

  #readError(encoding: string | null): void {
    this.#body = new ErrorReader(this.#shop.limits.maxErrorBytes, encoding, ({ raw, text }) => {
      this.#judgeError(this.#status as number, raw, text);
    });
  }

  #watchStream(encoding: string | null): void {
    const scan = new Scan(this.#errand.call.dialect.grammar);
    const inspection =
      encoding === null
        ? plainInspection(scan)
        : streamInspection(scan, encoding, (piece) => this.#watch?.readAlong(piece));
    if (inspection === null) return this.#lose(noHttp(`the content encoding ${encoding}`));
    this.#setWatch(scan, encoding, inspection);
  }

  #watchWhole(encoding: string | null): void {
    this.#setWatch(new Scan(this.#errand.call.dialect.grammar), encoding, null);
  }

  #setWatch(scan: Scan, encoding: string | null, inspection: Inspection | null): void {
    this.#scan = inspection === null ? null : scan;
    const { maxEventBytes, maxAnswerBytes } = this.#shop.limits;
    this.#watch = new Watch(this.#latch, {
      scan,
      inspection,
      encoding,
      maxEventBytes,
      maxAnswerBytes,
      onMeaning: () => this.#latch.release(),
      onEnding: (ending) => this.#onEnding(ending, scan),
    });
    this.#body = this.#watch;
    this.#openLatch();
  }

  #onRelease(): void {
    this.#pass?.proven();
    if (this.#scan !== null) this.#enterIdle();
  }

  /** A stream is idle when nothing that means something comes; comments do not count. */
  #followScan(scan: Scan): void {
    const { isAtRest } = scan;
    if (isAtRest !== (this.#patience.phase === 'after-terminal')) this.#enterIdle();
    else if (scan.documents !== this.#documents || !scan.isBetweenEvents) this.#patience.touch();
    this.#documents = scan.documents;
  }

  #enterIdle(): void {
    const { idleMs, firstEventMs, afterTerminalMs } = this.#shop.timeouts;
    if (this.#scan?.isAtRest) this.#patience.enter('after-terminal', afterTerminalMs);
    else if (this.#latch.isOpen || this.#scan === null) this.#patience.enter('idle', idleMs);
    else this.#patience.enter('first-event', firstEventMs);
  }

  #onSilence(phase: Phase | 'total'): void {
    if (phase === 'after-terminal' && this.#watch?.endAtRest()) return;
    // An error answer that never ends is judged by what there is of it.
    if (this.#body instanceof ErrorReader && phase !== 'total') return this.#body.end();
    this.#lose(silence(phase, this.#shop.clock.now() - this.#startedAtMs));
  }

  #onEnding(ending: Ending, scan: Scan): void {
    switch (ending.is) {
      case 'complete':
        this.#latch.release();
        if (ending.uncleanly === null) this.#latch.end();
        else this.#latch.fail(ending.uncleanly);
        return this.#win(scan);
      case 'error':
        return this.#judgeInnerError(ending.text, scan);
      case 'empty':
        return this.#lose(emptyAnswer());
      case 'unreadable':
        return this.#lose(unreadable());
      case 'truncated':
        return this.#lose(truncated(ending.how));
      case 'too-large':
        return this.#lose(tooLarge(ending.what));
    }
  }

  /** An error object inside an answer of status 200: what counts is its own code. */
  #judgeInnerError(text: string, scan: Scan): void {
    const failed = this.#classify(200, text);
    const clean = this.#shop.scrubber.clean(text, this.#lease.key.secret);
    const held = holdInnerError(clean);
    if (held === null) return this.#lose(truncated('it holds an error that cannot be read'));
    if (!this.#latch.isOpen) return this.#conclude(failed, held, null);
    const { dialect } = this.#errand.call;
    const words = dialect.passOn(clean, { form: scan.form, isBetweenEvents: true });
    this.#latch.fail(new Trouble(failed), encode(words));
    this.#conclude(failed, null, scan);
  }

  #judgeError(status: number, pieces: Uint8Array[], text: string): void {
    if (this.#isOver) return;
    const raw = joined(pieces);
    const { scrubber } = this.#shop;
    const clean = scrubber.clean(text, this.#lease.key.secret);
    const failed = this.#classify(status, text);
    const headers = headersDown(this.#headers, (value) => scrubber.clean(value, this.#lease.key.secret));
    const held = holdAnswer({ status, headers, raw, text, clean }, failed, this.#errand.call.answer !== 'opaque');
    this.#conclude(failed, held, null);
  }

  #classify(status: number, text: string): Failure {
    const { provider, clock } = this.#shop;
    const retryAfter = this.#headers['retry-after'];
    return provider.classify({
      status,
      text,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
      namesResource: this.#errand.call.isSticky,
      nowMs: clock.wallNow(),
    });
  }

  #win(scan: Scan | null = null): void {
    this.#conclude(null, null, scan);
  }

  /** The attempt is over without an answer to show, or with one that broke: then the client is told in its own dialect. */
  #lose(failed: Failure): void {
    if (this.#isOver) return;
    if (this.#latch.isOpen) {
      const error = new SluiceError(failed.code, failed.message);
      const scan = this.#scan;
      const broken = { form: scan?.form ?? 'other', isBetweenEvents: scan?.isBetweenEvents ?? false } as const;
      // Who does not read, or has gone, is told nothing.
      const isTold = scan !== null && failed.scope !== 'client';
      const words = isTold ? encode(this.#errand.call.dialect.lastWords(error, broken)) : undefined;
      this.#latch.fail(error, words);
    }
    this.#conclude(failed, null, this.#scan);
  }

  /** Too many failures of late: nothing is sent. */
  #refuse(target: string, retryAfterMs: number): void {
    this.#isOver = true;
    this.#resolve({ failure: circuitOpen(target, retryAfterMs), held: null, usage: null });
  }

  #conclude(failed: Failure | null, held: HeldAnswer | null, scan: Scan | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#patience.stop();
    this.#errand.over.removeEventListener('abort', this.#onOver);
    this.#latch.drop();
    if (!this.#hasEnded) this.#flow?.abort(new Error(failed?.message ?? 'the answer is complete'));
    this.#pass?.settle(failed);
    this.#tell(failed);
    this.#resolve({ failure: failed, held, usage: scan === null ? null : readUsage(scan, this.#errand.call) });
  }

  #tell(failed: Failure | null): void {
    const { emitter, clock, provider } = this.#shop;
    if (!emitter.has('attempt')) return;
    emitter.emit('attempt', {
      requestId: this.#errand.requestId,
      provider: provider.name,
      pool: this.#lease.pool,
      project: this.#lease.project,
      key: this.#lease.key.id,
      model: this.#errand.call.model,
      outcome: failed?.kind ?? 'ok',
      status: this.#status,
      durationMs: clock.now() - this.#startedAtMs,
    });
  }
}

const encoder = new TextEncoder();

function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

function readUsage(scan: Scan, { dialect }: Call): TokenUsage | null {
  const text = scan.usageText();
  try {
    return text === '' ? null : dialect.readUsage(JSON.parse(text));
  } catch {
    // Half a usage object counts nothing; the answer itself is judged elsewhere.
    return null;
  }
}
