/** How late Node's event loop is: a timer that should fire every 20 ms, and by how much it does not. */

const everyMs = 20;
/** Who asks no longer is no longer watched for. */
const idleMs = 2_000;

/**
 * Watches while somebody asks, and stops by itself.
 *
 * Not `monitorEventLoopDelay`: its `reset` forgets the interval that is under way, so a loop that needs longer for a
 * turn than there is between two looks would always seem well (measured with Node 24).
 */
export class LoopWatch {
  #timer: NodeJS.Timeout | null = null;
  #worstMs = 0;
  #dueAtMs = 0;
  #askedAtMs = 0;

  /** The worst since the last time that this was asked, in ms; 0 at first. */
  worstMs(): number {
    const nowMs = performance.now();
    this.#askedAtMs = nowMs;
    if (this.#timer === null) {
      this.#dueAtMs = nowMs + everyMs;
      this.#timer = setInterval(() => this.#tick(), everyMs);
      // It keeps no process alive.
      this.#timer.unref();
      return 0;
    }
    // Whoever asks in the middle of a long turn must not hear that all is well: the timer is overdue by then. What is
    // told now is not told once more when it fires.
    const overdueMs = nowMs - this.#dueAtMs;
    const worstMs = Math.max(this.#worstMs, overdueMs);
    if (overdueMs > 0) this.#dueAtMs = nowMs;
    this.#worstMs = 0;
    return worstMs;
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#worstMs = Math.max(this.#worstMs, nowMs - this.#dueAtMs);
    this.#dueAtMs = nowMs + everyMs;
    if (this.#timer === null || nowMs - this.#askedAtMs < idleMs) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#worstMs = 0;
  }
}
