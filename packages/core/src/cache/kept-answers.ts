/** Whole answers that may be given again: within a bound of bytes, for a while, the longest unused ones going first. */

import { LRU } from 'tiny-lru';
import type { Recording } from './recording.ts';

/** One of them. */
export interface KeptAnswer {
  readonly recording: Recording;
  readonly keptAtMs: number;
}

/** In the order in which they were used. How many is for their bytes to say. */
export class KeptAnswers {
  readonly #answers = new LRU<KeptAnswer>();
  #bytes = 0;
  #sweptAtMs = 0;

  get entries(): number {
    return this.#answers.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The answer under a key, as long as it is no older than `ttlMs`; it counts as used then. */
  find(key: string, nowMs: number, ttlMs: number): KeptAnswer | null {
    const answer = this.#answers.get(key);
    if (answer === undefined) return null;
    if (nowMs - answer.keptAtMs < ttlMs) return answer;
    this.delete(key);
    return null;
  }

  /** @param maxBytes - all of them together */
  put(key: string, answer: KeptAnswer, { maxBytes, ttlMs }: { maxBytes: number; ttlMs: number }): void {
    this.sweep(answer.keptAtMs, ttlMs);
    this.delete(key);
    this.#answers.set(key, answer);
    this.#bytes += answer.recording.keptBytes;
    this.shrink(maxBytes);
  }

  delete(key: string): void {
    const answer = this.#answers.peek(key);
    if (answer === undefined) return;
    this.#answers.delete(key);
    this.#bytes -= answer.recording.keptBytes;
  }

  /** Lets go of the longest unused ones until the rest fits. */
  shrink(maxBytes: number): void {
    while (this.#bytes > maxBytes && this.#answers.first !== null) this.delete(this.#answers.first.key);
  }

  /** Lets go of what is too old: at most once in the time that they live, for all of them are looked at. */
  sweep(nowMs: number, ttlMs: number): void {
    if (nowMs - this.#sweptAtMs < ttlMs) return;
    this.#sweptAtMs = nowMs;
    this.#answers.forEach(({ keptAtMs }, key) => {
      if (nowMs - keptAtMs >= ttlMs) this.delete(key);
    });
  }

  clear(): void {
    this.#answers.clear();
    this.#bytes = 0;
  }
}
