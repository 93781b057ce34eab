/** How late Node's event loop is, and how busy: a timer that should fire every 5 ms, and by how much it does not. */

import { performance as hooks } from 'node:perf_hooks';

const { eventLoopUtilization } = hooks;
const everyMs = 5;
/** Who asks no longer is no longer watched for. */
const idleMs = 2_000;

/** What a look finds. */
export interface LoopState {
  /** How long a turn is that somebody meets who comes at any moment since the last look, in ms. */
  readonly delayMs: number;
  /** Of the time since the last look, how much of it the loop was not idle: 0 to 1. */
  readonly busyShare: number;
}

/**
 * Watches while somebody asks, and stops by itself.
 *
 * Each delay counts for as long as it lasted, for so many meet it: neither the worst, which a single collection makes,
 * nor the mean over ticks, of which a loop with long turns has few. Not `monitorEventLoopDelay`: its `reset` forgets the
 * interval that is under way, so a loop that needs longer for a turn than there is between two looks would always seem
 * well (measured with Node 24).
 */
export class LoopWatch {
  #timer: NodeJS.Timeout | null = null;
  /** Each delay times its own length. */
  #weighted = 0;
  #dueAtMs = 0;
  #askedAtMs = 0;
  #used = eventLoopUtilization();

  /** Since the last time that this was asked. Where nobody has watched meanwhile it counts as on time. */
  look(): LoopState {
    const nowMs = performance.now();
    const sinceMs = nowMs - this.#askedAtMs;
    this.#askedAtMs = nowMs;
    const used = eventLoopUtilization();
    const { utilization } = eventLoopUtilization(used, this.#used);
    this.#used = used;
    if (this.#timer === null) {
      this.#dueAtMs = nowMs + everyMs;
      this.#timer = setInterval(() => this.#tick(), everyMs);
      // It keeps no process alive.
      this.#timer.unref();
      return { delayMs: 0, busyShare: utilization };
    }
    // Whoever asks in the middle of a long turn must not hear that all is well: the timer is overdue by then. What is
    // told now is not told once more when it fires.
    if (nowMs > this.#dueAtMs) {
      this.#count(nowMs);
      this.#dueAtMs = nowMs;
    }
    const delayMs = sinceMs > 0 ? this.#weighted / sinceMs : 0;
    this.#weighted = 0;
    return { delayMs, busyShare: utilization };
  }

  #count(nowMs: number): void {
    const lateMs = Math.max(0, nowMs - this.#dueAtMs);
    this.#weighted += lateMs * lateMs;
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#count(nowMs);
    this.#dueAtMs = nowMs + everyMs;
    if (this.#timer === null || nowMs - this.#askedAtMs < idleMs) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#weighted = 0;
  }
}
