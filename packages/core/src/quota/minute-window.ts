/**
 * What was used in the last minute: a ring of seconds and the sum over it.
 *
 * A use counts from the start of its second until 60 s after that second's end. So there are never more than the limit
 * in any 60 s, wherever these begin; a counter that starts anew every minute lets twice as many through around the turn.
 */

const seconds = 61;

/** One thing that is counted: requests, or tokens. */
export class MinuteWindow {
  readonly #bySecond = new Float64Array(seconds);
  #sum = 0;
  #second = Number.NEGATIVE_INFINITY;

  /** What counts at `nowMs`, on any clock that does not go back; where it does, the window stands still. */
  used(nowMs: number): number {
    this.#moveTo(Math.floor(nowMs / 1000));
    return this.#sum;
  }

  add(nowMs: number, amount: number): void {
    this.#moveTo(Math.floor(nowMs / 1000));
    this.#bySecond[this.#second % seconds] = this.#at(this.#second) + amount;
    this.#sum += amount;
  }

  /** Changes what was counted in a second; nothing when that second no longer counts. */
  correct(nowMs: number, second: number, change: number): void {
    this.#moveTo(Math.floor(nowMs / 1000));
    if (second <= this.#second - seconds || second > this.#second) return;
    const corrected = Math.max(0, this.#at(second) + change);
    this.#sum += corrected - this.#at(second);
    this.#bySecond[second % seconds] = corrected;
  }

  /** How long until at most `most` are left of what counts now, in ms. */
  msUntilAtMost(most: number, nowMs: number): number {
    let left = this.used(nowMs);
    for (let second = this.#second - seconds + 1; second <= this.#second && left > most; second++) {
      left -= this.#at(second);
      if (left <= most) return Math.max(1, (second + seconds) * 1000 - nowMs);
    }
    return 0;
  }

  #at(second: number): number {
    return second < 0 ? 0 : (this.#bySecond[second % seconds] as number);
  }

  #moveTo(second: number): void {
    if (second <= this.#second) return;
    if (second - this.#second >= seconds) {
      this.#bySecond.fill(0);
      this.#sum = 0;
    } else {
      for (let passed = this.#second + 1; passed <= second; passed++) {
        this.#sum -= this.#at(passed);
        this.#bySecond[passed % seconds] = 0;
      }
    }
    this.#second = second;
  }
}
