/** Finds out that a side is gone although nobody has said so: it is asked for a sign of life, again and again. */

import type { Alarms, Waiter } from '../attempt/alarms.ts';
import type { Channel } from '../channel.ts';
import type { Clock } from '../clock.ts';

/** How long an answer to a ping may take. */
const pongInMs = 10_000;

/** What a pulse goes by. */
export interface PulseTools {
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** From one ping to the next; 0 for none. */
  readonly pingMs: number;
}

/** One channel's. Whatever comes from the other side is a sign of life, not only pongs. */
export class Pulse implements Waiter {
  place = -1;
  dueAtMs: number = Number.POSITIVE_INFINITY;
  readonly #channel: Channel;
  readonly #tools: PulseTools;
  readonly #isHeld: () => boolean;
  readonly #onDead: () => void;
  #bytesBefore = 0;
  #isAsked = false;

  /** @param isHeld - nothing is read from it, or a ping could not get through to it: silence means nothing then */
  constructor(channel: Channel, tools: PulseTools, isHeld: () => boolean, onDead: () => void) {
    this.#channel = channel;
    this.#tools = tools;
    this.#isHeld = isHeld;
    this.#onDead = onDead;
  }

  start(): void {
    if (this.#tools.pingMs > 0) this.#waitFor(this.#tools.pingMs);
  }

  stop(): void {
    this.#tools.alarms.clear(this);
  }

  due(): void {
    const { pingMs } = this.#tools;
    if (!this.#isAsked) {
      this.#bytesBefore = this.#channel.bytesRead;
      this.#isAsked = true;
      this.#channel.ping();
      return this.#waitFor(pongInMs);
    }
    this.#isAsked = false;
    if (this.#channel.bytesRead === this.#bytesBefore && !this.#isHeld()) return this.#onDead();
    this.#waitFor(Math.max(0, pingMs - pongInMs));
  }

  #waitFor(ms: number): void {
    const { clock, alarms } = this.#tools;
    this.dueAtMs = clock.now() + ms;
    alarms.set(this);
  }
}
