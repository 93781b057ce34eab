/** Plays a recording to one client, no faster than that takes it. Whatever becomes of this client concerns nobody else. */

import type { Alarms, Waiter } from '../attempt/alarms.ts';
import { lastWords } from '../attempt/last-words.ts';
import { endedBy, silence } from '../attempt/trouble.ts';
import type { Cancellable, Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import { isSluiceError, SluiceError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { Meter } from '../stream/meter.ts';
import { Scan } from '../stream/scan.ts';
import type { Call } from '../surface/surface.ts';
import type { Flow, HeaderBag } from '../wire.ts';
import type { Listener, Recording } from './recording.ts';

/** Whose it is, and what it goes by. */
export interface PlaybackOptions {
  readonly client: Meter;
  readonly call: Call;
  readonly cancellation: Cancellation;
  /** The head as this client is told it. */
  readonly sign: (headers: HeaderBag) => HeaderBag;
  /** So many bytes more, or fewer, wait in the client's socket. */
  readonly hold: (deltaBytes: number) => void;
  /** How long the client may take nothing, in ms; 0 for no limit. */
  readonly slowReaderMs: number;
  readonly alarms: Alarms;
  readonly clock: Clock;
}

/** One client's. It listens from the moment it is made, and plays when it is told to. */
export class Playback implements Listener, Flow, Waiter, Cancellable {
  place = -1;
  taken = 0;
  takenBytes = 0;
  /** Nothing is taken before it plays. */
  isFull = true;
  dueAtMs: number = Number.POSITIVE_INFINITY;
  readonly #recording: Recording;
  readonly #options: PlaybackOptions;
  #waitingBytes = 0;
  #isPlaying = false;
  #isOver = false;
  #resolve: (failure: Failure | null) => void = ignore;
  #reject: (reason: unknown) => void = ignore;

  constructor(recording: Recording, options: PlaybackOptions) {
    this.#recording = recording;
    this.#options = options;
    recording.join(this);
  }

  /**
   * Resolves with null when the client was told all there is, its end included; else with why it was not.
   * Rejects where the client has been told nothing: with what the answer failed by, or with what has ended the wait.
   */
  play(): Promise<Failure | null> {
    return new Promise((resolve, reject) => {
      const { cancellation } = this.#options;
      if (cancellation.isCancelled) return reject(cancellation.reason);
      this.#resolve = resolve;
      this.#reject = reject;
      this.#isPlaying = true;
      this.isFull = false;
      cancellation.listen(this);
      this.moved();
      this.#recording.look();
    });
  }

  /** Listens no more; the client is told nothing. */
  stop(): void {
    this.#isOver = true;
    this.#waitFor(false);
    this.#options.cancellation.forget(this);
    this.#recording.leave(this);
  }

  // What the recording tells.

  moved(): void {
    if (!this.#isPlaying || this.#isOver) return;
    const { client, sign } = this.#options;
    const { status, headers, ended } = this.#recording;
    if (status === 0) {
      if (ended !== null) this.#end(() => this.#reject(ended.error));
      return;
    }
    if (!client.isOpen) {
      client.open(this);
      client.head(status, sign({ ...headers }));
    }
    // Who would be told nothing more is given nothing more either.
    if (ended?.error != null && ended.lastWords === undefined) this.taken = this.#recording.length;
    this.#pour();
  }

  remark(bytes: Uint8Array): void {
    if (this.#isPlaying && !this.#isOver && !this.isFull) this.#options.client.remark(bytes);
  }

  #pour(): void {
    const { client } = this.#options;
    const recording = this.#recording;
    while (!this.isFull && !this.#isOver && this.taken < recording.length) {
      const piece = recording.piece(this.taken++);
      this.takenBytes += piece.length;
      // A sink owns what it is given, and may do with it as it likes.
      if (!client.write(new Uint8Array(piece))) this.#waitFor(true);
    }
    const { ended } = recording;
    if (this.#isOver || ended === null || this.taken < recording.length) return;
    this.#end(() => {
      if (ended.error === null) client.end();
      else client.fail(ended.error, ended.lastWords);
      this.#resolve(null);
    });
  }

  // What the client lets it do.

  pause(): void {}

  resume(): void {
    if (this.#isOver || !this.isFull) return;
    this.#waitFor(false);
    this.#pour();
    this.#recording.look();
  }

  /** The client's own sink has failed: it has been cut off already. */
  abort(reason: Error): void {
    this.#lose(endedBy(reason), undefined);
  }

  /** It has taken nothing for too long. */
  due(): void {
    const failed = silence('slow-reader', this.#options.slowReaderMs);
    this.#lose(failed, new SluiceError(failed.code, failed.message));
  }

  /** The client has gone, or the request shall end. */
  cancelled(reason: unknown): void {
    if (!this.#options.client.isOpen) return this.#end(() => this.#reject(reason));
    this.#lose(endedBy(reason), isSluiceError(reason) ? reason : undefined);
  }

  #lose(failed: Failure, error: SluiceError | undefined): void {
    if (this.#isOver) return;
    const { client } = this.#options;
    const words = error === undefined || failed.scope === 'client' ? undefined : this.#lastWords(error);
    this.#end(() => {
      client.fail(error ?? new Error(failed.message), words);
      this.#resolve(failed);
    });
  }

  /** Where this client stands in the answer nobody has followed: what it was given is read once more. */
  #lastWords(error: SluiceError): Uint8Array | undefined {
    const { client, call } = this.#options;
    const recording = this.#recording;
    const isStream = client.isSse || call.isArray;
    if (!isStream || recording.isCut || recording.headers['content-encoding'] !== undefined) return undefined;
    const scan = new Scan(call.dialect.grammar);
    for (let at = 0; at < this.taken; at++) scan.feed(recording.piece(at));
    return lastWords(call, scan, error);
  }

  /** @param tell - nothing follows it */
  #end(tell: () => void): void {
    if (this.#isOver) return;
    this.stop();
    tell();
  }

  #waitFor(isFull: boolean): void {
    const { client, hold, alarms, clock, slowReaderMs } = this.#options;
    this.isFull = isFull;
    const waitingBytes = isFull ? client.waitingBytes : 0;
    if (waitingBytes !== this.#waitingBytes) hold(waitingBytes - this.#waitingBytes);
    this.#waitingBytes = waitingBytes;
    if (!isFull) return alarms.clear(this);
    if (slowReaderMs === 0) return;
    this.dueAtMs = clock.now() + slowReaderMs;
    alarms.set(this);
  }
}

function ignore(): void {}
