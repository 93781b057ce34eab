/** One side of a talk: its frames go to the other side, and it is held when that is full. */

import type { Waiter } from '../attempt/alarms.ts';
import type { Channel, ChannelListener, Closing, Frame } from '../channel.ts';
import type { Farewell } from './close-codes.ts';
import { Pulse, type PulseTools } from './pulse.ts';

/** What a side goes by. */
export interface LegTools extends PulseTools {
  /** How long it may take nothing while there is something to give, in ms; 0 for no limit. */
  readonly slowReaderMs: number;
  readonly hold: (deltaBytes: number) => void;
  /** Looks at a frame that it has sent, and says to whom it goes. */
  readonly pour: (frame: Frame) => Leg;
  readonly onClosed: (closing: Closing) => void;
  readonly onSlow: () => void;
  readonly onDead: () => void;
}

/** The listener of one channel. */
export class Leg implements ChannelListener, Waiter {
  place = -1;
  dueAtMs: number = Number.POSITIVE_INFINITY;
  readonly channel: Channel;
  isGone = false;
  readonly #tools: LegTools;
  readonly #pulse: Pulse;
  #isLeaving = false;
  /** It has more than it takes, and this one is held for it. */
  #isFull = false;
  #source: Leg | null = null;
  #isPaused = false;

  constructor(channel: Channel, tools: LegTools) {
    this.channel = channel;
    this.#tools = tools;
    this.#pulse = new Pulse(
      channel,
      tools,
      () => this.#isPaused || this.#isFull,
      () => tools.onDead(),
    );
    this.#pulse.start();
  }

  frame(frame: Frame): void {
    if (this.#isLeaving) return;
    this.#tools.pour(frame).take(frame, this);
  }

  room(): void {
    this.#isFull = false;
    if (!this.#isLeaving) this.#tools.alarms.clear(this);
    this.#source?.go();
    this.#source = null;
  }

  held(deltaBytes: number): void {
    this.#tools.hold(deltaBytes);
  }

  closed(closing: Closing): void {
    this.isGone = true;
    this.#tools.alarms.clear(this);
    this.#pulse.stop();
    this.#tools.onClosed(closing);
  }

  /** It has taken nothing for too long, or does not go. */
  due(): void {
    if (this.#isLeaving) this.channel.abort(new Error('it does not go'));
    else this.#tools.onSlow();
  }

  take(frame: Frame, source: Leg): void {
    if (this.#isLeaving || this.channel.send(frame) || this.#isFull) return;
    this.#isFull = true;
    this.#source = source;
    source.halt();
    if (this.#tools.slowReaderMs > 0) this.#waitFor(this.#tools.slowReaderMs);
  }

  halt(): void {
    this.#isPaused = true;
    this.channel.pause();
  }

  go(): void {
    this.#isPaused = false;
    this.channel.resume();
  }

  /**
   * @param farewell - null where there is nobody left to say it to
   * @param withinMs - how long it may take to read what it was sent, and to go
   */
  leave(farewell: Farewell | null, withinMs: number): void {
    this.#isLeaving = true;
    this.#pulse.stop();
    if (this.isGone) return;
    if (farewell === null) this.channel.abort(new Error('it has gone'));
    else this.channel.close(farewell.code, farewell.reason);
    if (!this.isGone) this.#waitFor(withinMs);
  }

  /** It is leaving, and is to be gone within so many ms. */
  hurry(withinMs: number): void {
    if (!this.isGone) this.#waitFor(withinMs);
  }

  #waitFor(ms: number): void {
    this.dueAtMs = this.#tools.clock.now() + ms;
    this.#tools.alarms.set(this);
  }
}
