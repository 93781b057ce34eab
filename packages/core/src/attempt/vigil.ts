/** Which silence an attempt is in: it knows what is being waited for, and lets {@link Patience} count. */

import type { Clock } from '../clock.ts';
import type { Scan } from '../stream/scan.ts';
import type { Alarms } from './alarms.ts';
import { Patience, type Phase, type TimeoutSettings } from './patience.ts';

/** Calls that do not generate are answered at once or not at all. */
const quickShare = 0.1;

/** What every vigil shares. */
export interface VigilTools {
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly timeouts: TimeoutSettings;
  /** How long a client may send nothing of a body that passes while it comes, in ms; 0 for no limit. */
  readonly bodyInMs: number;
}

/** Follows one attempt from the request to the last byte. */
export class Vigil {
  readonly #patience: Patience;
  readonly #timeouts: TimeoutSettings;
  readonly #bodyInMs: number;
  /** What a judged stream has said so far; null for every other answer, where each byte is a sign of life. */
  #scan: Scan | null = null;
  #signs = 0;
  #isShown = false;
  /** Whatever comes of an error answer, it has to be over in time. */
  #isError = false;

  /** @param onOver - a silence was too long; called at most once */
  constructor(
    { clock, alarms, timeouts, bodyInMs }: VigilTools,
    deadlineAtMs: number,
    onOver: (phase: Phase | 'total') => void,
  ) {
    this.#patience = new Patience(clock, alarms, deadlineAtMs, onOver);
    this.#timeouts = timeouts;
    this.#bodyInMs = bodyInMs;
  }

  waitForHead(isGeneration: boolean): void {
    const { headersMs } = this.#timeouts;
    this.#patience.enter('headers', isGeneration ? headersMs : headersMs * quickShare);
  }

  /** There is room for more of the request, and its client has to send it. */
  waitForClient(): void {
    this.#patience.enter('client-body', this.#bodyInMs);
  }

  /** A piece of the request is there, and the provider has to take it. */
  waitForRoom(): void {
    this.#patience.enter('sending', this.#timeouts.idleMs);
  }

  /**
   * All of the request is there. What the provider makes of it may take as long as an answer of a model.
   *
   * @param limitMs - the request as a whole has so much time from here on
   */
  waitForReceipt(limitMs: number): void {
    this.#patience.endIn(limitMs);
    this.#patience.enter('headers', this.#timeouts.headersMs);
  }

  waitForBody(): void {
    this.#patience.enter('idle', this.#timeouts.idleMs);
  }

  /** What the provider has to say against a call it says at once: the whole of it has as long as one silence. */
  waitForError(): void {
    this.#isError = true;
    this.waitForBody();
  }

  waitForEvents(scan: Scan): void {
    this.#scan = scan;
    this.#patience.enter('first-event', this.#timeouts.firstEventMs);
  }

  /** The client has begun to see the answer. */
  shown(): void {
    this.#isShown = true;
    this.#waitOn();
  }

  /**
   * A piece has come. In a stream, comments and pings do not count: only an event that tells something does, and before
   * the first one nothing but that.
   */
  heard(): void {
    const scan = this.#scan;
    if (scan === null) {
      if (!this.#isError) this.#patience.touch();
      return;
    }
    const { phase } = this.#patience;
    if (scan.isAtRest !== (phase === 'after-terminal')) this.#waitOn();
    else if (phase !== 'first-event' && (scan.signs !== this.#signs || !scan.isBetweenEvents)) this.#patience.touch();
    this.#signs = scan.signs;
  }

  /** The client takes nothing more: from here on it is the client's silence that counts. */
  held(): void {
    this.#patience.enter('slow-reader', this.#timeouts.slowReaderMs);
  }

  /** It takes more. Clients say so after whatever they have read, and that alone is no sign of the provider's. */
  resumed(): void {
    if (this.#patience.phase === 'slow-reader') this.#waitOn();
  }

  stop(): void {
    this.#patience.stop();
  }

  #waitOn(): void {
    const { idleMs, firstEventMs, afterTerminalMs } = this.#timeouts;
    if (this.#scan?.isAtRest) this.#patience.enter('after-terminal', afterTerminalMs);
    else if (this.#isShown || this.#scan === null) this.#patience.enter('idle', idleMs);
    else this.#patience.enter('first-event', firstEventMs);
  }
}
