/** ONE TRY: a lease and a call become a request to the provider, and its answer is shown, or judged and kept back. */

import type { Cancellable } from '../cancellation.ts';
import { isSluiceError, SluiceError } from '../errors.ts';
import type { TokenUsage } from '../events.ts';
import { type Failure, Trouble } from '../failure.ts';
import type { Pass } from '../health/health.ts';
import type { Lease } from '../pool/lease.ts';
import { type Inspection, plainInspection, streamInspection } from '../stream/inspect.ts';
import { Scan } from '../stream/scan.ts';
import { type Ending, Watch } from '../stream/watch.ts';
import type { Call } from '../surface/surface.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';
import type { Errand, Report, Workshop } from './errand.ts';
import { ErrorReader, type ErrorText } from './error-reader.ts';
import { headersDown } from './headers.ts';
import type { HeldAnswer } from './held-answer.ts';
import { Latch } from './latch.ts';
import type { Phase } from './patience.ts';
import { type Reception, receive } from './reception.ts';
import { judgeInnerError, judgeRefusal, type Refused } from './refusal.ts';
import { ResourceAnswer } from './resource-answer.ts';
import * as trouble from './trouble.ts';
import { Vigil } from './vigil.ts';

/** Makes one attempt. Rejects only for bugs; the promise settles when nothing more will happen to it. */
export function attempt(lease: Lease, errand: Errand, workshop: Workshop): Promise<Report> {
  return new Promise((resolve, reject) => {
    const one = new Attempt(lease, errand, workshop, resolve);
    try {
      one.start();
    } catch (error) {
      one.giveUp();
      reject(error);
    }
  });
}

/** From the first byte up to the last byte down. It is the sink that the upstream driver pours into. */
class Attempt implements Sink, Cancellable {
  readonly #lease: Lease;
  readonly #errand: Errand;
  readonly #shop: Workshop;
  readonly #resolve: (report: Report) => void;
  readonly #latch: Latch;
  readonly #vigil: Vigil;
  readonly #startedAtMs: number;
  #pass: Pass | null = null;
  #flow: Flow | null = null;
  #status = 0;
  #headers: HeaderBag = {};
  /** Where the body goes; known once the head is. */
  #body: Sink | null = null;
  /** Set for answers that are complete only with their marker. */
  #watch: Watch | null = null;
  #scan: Scan | null = null;
  /** Bytes behind the latch, as they were last counted. */
  #heldBytes = 0;
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
    this.#vigil = new Vigil(shop, errand.deadlineAtMs, (phase) => this.#onSilence(phase));
  }

  start(): void {
    const { call, cancellation, method, headers, body, tally } = this.#errand;
    const { upstream, provider, origin, health, host } = this.#shop;
    if (cancellation.isCancelled) return this.#lose(trouble.endedBy(cancellation.reason));
    const leave = health.enter({ host, model: call.model });
    if ('retryAfterMs' in leave) {
      const model = leave.target === host ? null : call.model;
      return this.#lose(trouble.circuitOpen(model, leave.retryAfterMs));
    }
    this.#pass = leave;
    cancellation.listen(this);
    this.#vigil.waitForHead(call.answer === 'generation');
    const signed = [...headers, ...provider.credential(this.#lease.key.secret)];
    const hasBody = body.length > 0 || method === 'POST' || method === 'PUT' || method === 'PATCH';
    tally.sent();
    upstream.send({ method, origin, target: call.target, headers: signed, body: hasBody ? body : null }, this);
  }

  cancelled(reason: unknown): void {
    this.#lose(trouble.endedBy(reason));
  }

  // What the upstream driver calls, in this order.

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    if (this.#isOver) return;
    this.#status = status;
    this.#headers = headers;
    const { answer, isArray } = this.#errand.call;
    this.#take(receive(status, headers, answer, isArray));
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver || this.#body === null) return true;
    const hasRoom = this.#body.write(chunk);
    this.#countHeld();
    if (this.#isOver) return true;
    const { maxAnswerBytes } = this.#shop.limits;
    if (maxAnswerBytes > 0 && this.#latch.heldBytes > maxAnswerBytes) {
      this.#lose(trouble.tooLarge(`it has more than limits.maxAnswerBytes (${maxAnswerBytes}) bytes`));
    } else if (hasRoom) this.#vigil.heard();
    else this.#vigil.held();
    return hasRoom;
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#isOver) return;
    this.#vigil.stop();
    this.#body?.end();
    if (this.#body === this.#latch) this.#conclude(null, null);
  }

  fail(error: Error): void {
    this.#hasEnded = true;
    if (this.#isOver) return;
    this.#vigil.stop();
    // A watch may have seen the whole answer all the same, and half an error answer still says something.
    if (this.#body !== null && this.#body !== this.#latch) return this.#body.fail(error);
    this.#lose(trouble.transportFailure(error, this.#status > 0));
  }

  #countHeld(): void {
    const { heldBytes } = this.#latch;
    if (heldBytes === this.#heldBytes) return;
    this.#errand.tally.hold(heldBytes - this.#heldBytes);
    this.#heldBytes = heldBytes;
  }

  // How the body is taken.

  #take(reception: Reception): void {
    switch (reception.as) {
      case 'error':
        this.#vigil.waitForBody();
        this.#body = new ErrorReader(this.#shop.limits.maxErrorBytes, reception.encoding, (read) => this.#judge(read));
        return;
      case 'stream':
        return this.#takeStream(reception.encoding);
      case 'whole':
        this.#vigil.waitForBody();
        this.#body = reception.isJudged ? this.#watched(this.#newScan(), reception.encoding, null) : this.#latch;
        return this.#fillLatch();
      case 'resource':
        this.#vigil.waitForBody();
        this.#body = this.#read(reception.encoding);
        return this.#fillLatch();
      case 'opaque':
        this.#vigil.waitForBody();
        this.#body = this.#latch;
        this.#fillLatch();
        return void this.#latch.release();
      case 'redirect':
        return this.#lose(trouble.redirected(this.#status));
      case 'empty':
        return this.#lose(trouble.emptyAnswer());
      case 'nonsense':
        return this.#lose(trouble.noHttp(reception.why));
    }
  }

  #takeStream(encoding: string | null): void {
    const scan = this.#newScan();
    const inspection =
      encoding === null
        ? plainInspection(scan)
        : streamInspection(scan, encoding, (piece) => this.#watch?.readAlong(piece));
    if (inspection === null) return this.#lose(trouble.noHttp(`the content encoding ${encoding}`));
    this.#vigil.waitForEvents(scan);
    this.#body = this.#watched(scan, encoding, inspection);
    this.#fillLatch();
  }

  #read(encoding: string | null): ResourceAnswer {
    const { maxAnswerBytes } = this.#shop.limits;
    const read = (body: Uint8Array): Promise<Uint8Array | null> => this.#errand.readResource(body, this.#lease.project);
    return new ResourceAnswer(this.#latch, { encoding, maxBytes: maxAnswerBytes, read }, (brokenBy) => {
      if (this.#isOver) return;
      if (isSluiceError(brokenBy)) return this.#lose(trouble.endedBy(brokenBy));
      if (brokenBy !== null) return this.#lose(trouble.transportFailure(brokenBy, true));
      this.#latch.end();
      this.#conclude(null, null);
    });
  }

  #newScan(): Scan {
    this.#scan = new Scan(this.#errand.call.dialect.grammar);
    return this.#scan;
  }

  #watched(scan: Scan, encoding: string | null, inspection: Inspection | null): Watch {
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
    return this.#watch;
  }

  /** Gives the latch the head as the client will see it, and the means to hold the source. */
  #fillLatch(): void {
    const flow = this.#flow as Flow;
    const { scrubber } = this.#shop;
    const down = headersDown(this.#headers, (value) => scrubber.clean(value, this.#lease.key.secret));
    this.#latch.open({
      pause: () => flow.pause(),
      resume: () => {
        if (this.#isOver) return;
        this.#vigil.resumed();
        flow.resume();
      },
      abort: (reason) => this.#lose(trouble.endedBy(reason)),
    });
    this.#latch.head(this.#status, this.#errand.tally.sign(down));
  }

  // How it ends.

  #onRelease(): void {
    this.#pass?.proven();
    this.#vigil.shown();
  }

  #onSilence(phase: Phase | 'total'): void {
    if (phase === 'after-terminal' && this.#watch?.endAtRest()) return;
    // An error answer that never ends is judged by what there is of it.
    if (this.#body instanceof ErrorReader && phase !== 'total') return this.#body.cut();
    this.#lose(trouble.silence(phase, this.#shop.clock.now() - this.#startedAtMs));
  }

  #onEnding(ending: Ending, scan: Scan): void {
    switch (ending.is) {
      case 'complete':
        this.#latch.release();
        if (ending.uncleanly === null) this.#latch.end();
        else this.#latch.fail(ending.uncleanly);
        return this.#conclude(null, null);
      case 'error':
        return this.#judgeInner(ending.text, scan);
      case 'empty':
        return this.#lose(trouble.emptyAnswer());
      case 'unreadable':
        return this.#lose(trouble.unreadable());
      case 'truncated':
        return this.#lose(trouble.truncated(ending.how));
      case 'too-large':
        return this.#lose(trouble.tooLarge(ending.what));
    }
  }

  #judge(read: ErrorText): void {
    if (this.#isOver) return;
    const { failure, held } = judgeRefusal(this.#status, read, this.#refused());
    this.#conclude(failure, held);
  }

  /** Google's own error in the middle of an answer goes on as it is, in the place that the dialect has for it. */
  #judgeInner(text: string, scan: Scan): void {
    const refusal = judgeInnerError(text, this.#refused());
    if (refusal === null) return this.#lose(trouble.truncated('it holds an error that cannot be read'));
    const { failure, held } = refusal;
    if (!this.#latch.isOpen) return this.#conclude(failure, held);
    const words = this.#errand.call.dialect.passOn(decoder.decode(held.body), {
      form: scan.form,
      isBetweenEvents: true,
    });
    this.#latch.fail(new Trouble(failure), encoder.encode(words));
    this.#conclude(failure, null);
  }

  #refused(): Refused {
    const { provider, scrubber, clock } = this.#shop;
    const { call } = this.#errand;
    return { provider, scrubber, key: this.#lease.key.secret, call, headers: this.#headers, nowMs: clock.wallNow() };
  }

  /** There is no answer to show, or one that broke: then the client is told in its own dialect. */
  #lose(failed: Failure): void {
    if (this.#isOver) return;
    if (this.#latch.isOpen) {
      const error = new SluiceError(failed.code, failed.message);
      this.#latch.fail(error, this.#lastWords(error, failed));
    }
    this.#conclude(failed, null);
  }

  /** Who does not read, or has gone, is told nothing; and into bytes that we cannot read, nothing is written. */
  #lastWords(error: SluiceError, { scope }: Failure): Uint8Array | undefined {
    const scan = this.#scan;
    if (scan === null || scope === 'client') return undefined;
    const { form, isBetweenEvents } = scan;
    return encoder.encode(this.#errand.call.dialect.lastWords(error, { form, isBetweenEvents }));
  }

  /** Something threw that never should. The client is told by whoever hears of it. */
  giveUp(): void {
    if (!this.#isOver) this.#letGo(trouble.unforeseen);
  }

  #conclude(failed: Failure | null, held: HeldAnswer | null): void {
    if (this.#isOver) return;
    this.#letGo(failed);
    this.#resolve({ failure: failed, held, usage: () => readUsage(this.#scan, this.#errand.call) });
  }

  #letGo(failed: Failure | null): void {
    this.#isOver = true;
    this.#vigil.stop();
    this.#errand.cancellation.forget(this);
    this.#latch.drop();
    this.#countHeld();
    if (!this.#hasEnded) this.#flow?.abort(new Error(failed?.message ?? 'the answer is complete'));
    this.#pass?.settle(failed);
    if (this.#pass !== null) this.#tell(failed);
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
      status: this.#status === 0 ? null : this.#status,
      durationMs: clock.now() - this.#startedAtMs,
    });
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function readUsage(scan: Scan | null, { dialect }: Call): TokenUsage | null {
  const text = scan?.usageText() ?? '';
  try {
    return text === '' ? null : dialect.readUsage(JSON.parse(text));
  } catch {
    // Half a usage object counts nothing; the answer itself is judged elsewhere.
    return null;
  }
}
