/** ONE TRY: a lease and a call become a request to the provider, and its answer is shown, or judged and kept back. */

import type { Cancellable } from '../cancellation.ts';
import { isSluiceError, SluiceError } from '../errors.ts';
import { type Failure, Trouble } from '../failure.ts';
import type { Pass } from '../health/leave.ts';
import type { Lease } from '../pool/lease.ts';
import type { Named } from '../stream/names.ts';
import type { Trail } from '../stream/trail.ts';
import type { Ending } from '../stream/watch.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';
import { brokenAnswer, noAnswer } from './broken-answer.ts';
import { type Cut, cutOf, trailOf } from './cut.ts';
import type { Errand, Report, Workshop } from './errand.ts';
import type { ErrorText } from './error-reader.ts';
import { headersDown } from './headers.ts';
import { keepAlive } from './heartbeat.ts';
import type { HeldAnswer } from './held-answer.ts';
import { HeldBytes } from './held-bytes.ts';
import { Intake, type Taker } from './intake.ts';
import { lastWords, passedOn } from './last-words.ts';
import { Latch } from './latch.ts';
import { Learning } from './learning.ts';
import type { Phase } from './patience.ts';
import { type Reception, receive } from './reception.ts';
import { judgeInnerError, judgeRefusal, type Refused } from './refusal.ts';
import { bodyUp, type Sending, watched } from './sending.ts';
import { tellAttempt } from './told-attempt.ts';
import * as trouble from './trouble.ts';
import { readUsage } from './usage.ts';
import { shortestAttemptMs } from './verdict.ts';
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
class Attempt implements Sink, Cancellable, Taker {
  readonly #lease: Lease;
  readonly #errand: Errand;
  readonly #shop: Workshop;
  readonly #resolve: (report: Report) => void;
  readonly #latch: Latch;
  readonly #intake: Intake;
  readonly #held: HeldBytes;
  readonly #learning: Learning;
  #vigil: Vigil;
  readonly #startedAtMs: number;
  /** Set while the request's own body passes. */
  #sending: Sending | null = null;
  #pass: Pass | null = null;
  #flow: Flow | null = null;
  #status = 0;
  #headers: HeaderBag = {};
  #trail: Trail | null = null;
  #cut: Cut | null = null;
  /** Set while the provider is done and the client still takes its time. */
  #onRest: ((failed: Failure | null) => void) | null = null;
  /** The upstream has told its end: there is nothing left to kill. */
  #hasEnded = false;
  #isOver = false;

  constructor(lease: Lease, errand: Errand, shop: Workshop, resolve: (report: Report) => void) {
    this.#lease = lease;
    this.#errand = errand;
    this.#shop = shop;
    this.#resolve = resolve;
    this.#startedAtMs = shop.clock.now();
    this.#latch = new Latch(
      errand.client,
      () => this.#onRelease(),
      () => this.#onMove(),
    );
    this.#intake = new Intake(this.#latch, shop.limits, this);
    this.#held = new HeldBytes(errand, this.#latch);
    this.#learning = new Learning(errand, lease.project, this.#latch);
    this.#vigil = this.#newVigil();
  }

  start(): void {
    const { call, cancellation, method, headers, tally, deadlineAtMs, limit } = this.#errand;
    const { upstream, provider, origin, health, host } = this.#shop;
    if (cancellation.isCancelled) return this.#lose(trouble.endedBefore(cancellation.reason));
    const leftMs = deadlineAtMs - this.#startedAtMs;
    if (leftMs < shortestAttemptMs) return this.#lose(trouble.tooLate(limit, leftMs));
    const leave = health.enter({ host, model: call.model });
    if ('retryAfterMs' in leave) {
      const model = leave.target === host ? null : call.model;
      return this.#lose(trouble.circuitOpen(model, leave.retryAfterMs, leave.isIsolated));
    }
    this.#pass = leave;
    cancellation.listen(this);
    this.#vigil.waitForHead(call.answer === 'generation' && method === 'POST');
    const signed = [...headers, ...provider.credential(this.#lease.key.secret)];
    this.#sending = watched(this.#errand, this.#vigil, (error) => this.#lose(trouble.endedBy(error)));
    tally.sent();
    upstream.send({ method, origin, target: call.target, headers: signed, body: bodyUp(this.#errand) }, this);
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
    this.#sending?.answered();
    const { answer, isArray } = this.#errand.call;
    this.#take(receive(status, headers, answer, isArray));
  }

  write(chunk: Uint8Array): boolean {
    const { body } = this.#intake;
    if (this.#isOver || body === null) return true;
    const hasRoom = body.write(chunk);
    this.#countHeld(hasRoom);
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
    const { body } = this.#intake;
    if (body === this.#latch) this.#finish(null);
    else body?.end();
  }

  fail(error: Error): void {
    this.#hasEnded = true;
    if (this.#isOver) return;
    this.#vigil.stop();
    // A watch may have seen the whole answer all the same, and half an error answer still says something.
    const { body } = this.#intake;
    if (body !== null && body !== this.#latch) return body.fail(error);
    this.#lose(trouble.transportFailure(error, this.#status > 0));
  }

  #countHeld(hasRoom: boolean): void {
    if (!this.#held.count(this.#intake.body, hasRoom)) this.#lose(trouble.noRoom());
  }

  // How the body is taken.

  #take(reception: Reception): void {
    switch (reception.as) {
      case 'error':
        this.#vigil.waitForError();
        return this.#intake.error(reception.encoding);
      case 'stream':
        return this.#takeStream(reception.encoding);
      case 'whole':
        this.#vigil.waitForBody();
        if (reception.isJudged) this.#intake.whole(this.#errand.call.dialect.grammar, reception.encoding);
        else this.#intake.plain();
        return this.#fillLatch();
      case 'resource':
        this.#vigil.waitForBody();
        this.#intake.resource(reception.encoding, this.#errand, this.#lease.project);
        return this.#fillLatch();
      case 'opaque':
        this.#vigil.waitForBody();
        this.#intake.plain(reception.isNaming);
        this.#fillLatch();
        return void this.meant();
      default:
        return this.#lose(noAnswer(reception, this.#status));
    }
  }

  #takeStream(encoding: string | null): void {
    this.#trail = trailOf(this.#errand, encoding);
    const scan = this.#intake.stream(this.#errand.call.dialect.grammar, encoding, this.#trail);
    if (scan === null) return this.#lose(trouble.noHttp(`the content encoding ${encoding}`));
    this.#vigil.waitForEvents(scan);
    if (this.#trail?.isGoingOn) this.#vigil.shown();
    this.#fillLatch('stream');
  }

  /** Gives the latch the head as the client will see it, and the means to hold the source. */
  #fillLatch(as: 'whole' | 'stream' = 'whole'): void {
    const flow = this.#flow as Flow;
    const { scrubber } = this.#shop;
    const down = headersDown(this.#headers, (value) => scrubber.clean(value, this.#lease.key.secret));
    this.#learning.wait(this.#errand.readHead?.(this.#headers, down, this.#lease.project) ?? null);
    // It may break in the middle. By a length that was promised, a beginning of it could look whole.
    if (as === 'stream') delete down['content-length'];
    this.#latch.open({
      pause: () => flow.pause(),
      resume: () => {
        if (this.#isOver) return;
        this.#countHeld(true);
        this.#vigil.resumed();
        flow.resume();
      },
      abort: (reason) => this.#lose(trouble.endedBy(reason)),
    });
    this.#latch.head(this.#status, this.#errand.tally.sign(down));
  }

  // What the answer turns out to be.

  get showsFirst(): boolean {
    return this.#errand.call.repeat === 'if-nothing-happened' || this.#trail?.isGoingOn === true;
  }

  named(named: Named): void {
    this.#learning.learn(named);
  }

  meant(): boolean {
    return this.#learning.show(() => this.#isOver || this.#release());
  }

  copied(): void {
    this.#countHeld(true);
  }

  wasRead(brokenBy: Error | null): void {
    if (this.#isOver) return;
    if (isSluiceError(brokenBy)) return this.#lose(trouble.endedBy(brokenBy));
    if (brokenBy !== null) return this.#lose(trouble.transportFailure(brokenBy, true));
    this.#finish(null);
  }

  // How it ends.

  /** @returns false when the client is full */
  #release(): boolean {
    const hasRoom = this.#latch.release();
    if (!hasRoom) this.#onMove();
    return hasRoom;
  }

  #onRelease(): void {
    this.#pass?.proven();
    this.#vigil.shown();
    keepAlive(this.#errand, this.#shop, this.#intake);
  }

  /** The client has taken a part of what was held, and is full again. */
  #onMove(): void {
    this.#countHeld(false);
    if (!this.#isOver) this.#vigil.held();
  }

  #newVigil(): Vigil {
    return new Vigil(this.#shop, this.#errand.deadlineAtMs, (phase) => this.#onSilence(phase));
  }

  #onSilence(phase: Phase | 'total'): void {
    if ((phase === 'after-terminal' || phase === 'idle') && this.#intake.endAtRest()) return;
    // An error answer that never ends is judged by what there is of it.
    if (phase !== 'total' && this.#intake.cut()) return;
    if (phase === 'total') this.#lose(trouble.outOfTime(this.#errand.limit));
    else this.#lose(trouble.silence(phase, this.#shop.clock.now() - this.#startedAtMs));
  }

  ended(ending: Ending): void {
    if (ending.is === 'error') return this.#judgeInner(ending.text);
    if (ending.is !== 'complete') return this.#lose(brokenAnswer(ending));
    this.#finish(ending.uncleanly);
  }

  refused(read: ErrorText): void {
    if (this.#isOver) return;
    const { failure, held } = judgeRefusal(this.#status, read, this.#refused());
    this.#conclude(failure, held);
  }

  /** Google's own error in the middle of an answer goes on as it is, in the place that the dialect has for it. */
  #judgeInner(text: string): void {
    const refusal = judgeInnerError(text, this.#refused());
    if (refusal === null) return this.#lose(trouble.truncated('it holds an error that cannot be read'));
    this.#learning.hurry();
    const { failure, held } = refusal;
    const { scan } = this.#intake;
    if (!this.#latch.isOpen || scan === null) return this.#conclude(failure, held);
    this.#latch.fail(new Trouble(failure), passedOn(this.#errand.call, scan, held.body));
    this.#conclude(failure, null);
  }

  #refused(): Refused {
    const { provider, scrubber, clock } = this.#shop;
    const { call } = this.#errand;
    return { provider, scrubber, key: this.#lease.key.secret, call, headers: this.#headers, nowMs: clock.wallNow() };
  }

  /** There is no answer to show, or one that broke: then it is heard on, or the client is told in its own dialect. */
  #lose(failed: Failure): void {
    if (this.#isOver) return;
    if (failed.scope !== 'client') this.#learning.hurry();
    if (this.#isOver) return;
    const isSeen = this.#latch.isOpen && this.#onRest === null;
    const cut = isSeen ? cutOf(failed, this.#trail, this.#errand.call) : null;
    if (cut !== null) return this.#handOver(failed, cut);
    this.#breakOff(failed);
    this.#conclude(failed, null);
  }

  #breakOff(failed: Failure): void {
    if (!this.#latch.isOpen) return;
    const error = new SluiceError(failed.code, failed.message);
    const { scan } = this.#intake;
    // Who does not read, or has gone, is told nothing; and into bytes that we cannot read, nothing is written.
    const isMute = scan === null || failed.scope === 'client' || this.#onRest !== null;
    this.#latch.fail(error, isMute ? undefined : lastWords(this.#errand.call, scan, error));
  }

  /** Something threw that never should. Who has seen nothing yet is told by whoever hears of it. */
  giveUp(): void {
    if (this.#isOver) return;
    this.#breakOff(trouble.unforeseen);
    this.#letGo(trouble.unforeseen);
  }

  /** The answer is whole, and shown when all that it names is written down. @param uncleanly - how its body broke all the same */
  #finish(uncleanly: Error | null): void {
    this.#learning.whenDone(() => {
      if (!this.#isOver) this.#latch.end(uncleanly, () => this.#conclude(null, null));
      if (!this.#isOver) this.#linger(null);
      return true;
    });
  }

  /** Whoever goes on waits until the client has room. */
  #handOver(failed: Failure, cut: Cut): void {
    this.#cut = cut;
    this.#latch.handOver(() => this.#conclude(this.#onRest === null ? failed : null, null));
    if (!this.#isOver) this.#linger(failed);
  }

  /** The client has no room for all of it yet. Key and provider are done with, and need not wait for that. */
  #linger(failed: Failure | null): void {
    if (!this.#hasEnded) this.#flow?.abort(new Error(failed?.message ?? 'the answer is complete'));
    this.#hasEnded = true;
    this.#vigil.stop();
    this.#vigil = this.#newVigil();
    this.#onMove();
    this.#settle(failed);
    const rest = new Promise<Failure | null>((resolve) => (this.#onRest = resolve));
    this.#resolve(this.#report(failed, null, rest));
  }

  #conclude(failed: Failure | null, held: HeldAnswer | null): void {
    if (this.#isOver) return;
    this.#letGo(failed);
    if (this.#onRest === null) this.#resolve(this.#report(failed, held, null));
    else this.#onRest(failed);
  }

  #report(failure: Failure | null, held: HeldAnswer | null, rest: Report['rest']): Report {
    return { failure, held, rest, cut: this.#cut, usage: () => readUsage(this.#intake.scan, this.#errand.call) };
  }

  #letGo(failed: Failure | null): void {
    this.#isOver = true;
    this.#vigil.stop();
    this.#errand.cancellation.forget(this);
    this.#latch.drop();
    this.#intake.close();
    this.#countHeld(true);
    if (!this.#hasEnded) this.#flow?.abort(new Error(failed?.message ?? 'the answer is complete'));
    this.#sending?.end();
    this.#settle(failed);
  }

  #settle(failed: Failure | null): void {
    const pass = this.#pass;
    if (pass === null) return;
    this.#pass = null;
    pass.settle(failed);
    const outcome = { status: this.#status, failed, startedAtMs: this.#startedAtMs };
    tellAttempt(this.#shop, this.#lease, this.#errand, outcome);
  }
}
