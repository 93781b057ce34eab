/** Finds out which project holds something that the ledger has never heard of, by asking each of them once. */

import PQueue from 'p-queue';
import { LRU } from 'tiny-lru';
import { Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import type { Finding, Probe, ProbeAnswer, Reference } from './affinity.ts';
import type { Ledger } from './ledger.ts';

/** Of all searches of a pool together. */
const mostProbes = 4;
const probeMs = 5_000;
const searchMs = 15_000;
const missForMs = 60_000;
/** Names come from clients: the misses not asked for longest are forgotten first. */
const mostMisses = 10_000;

/** Things that one request may have searched, and searches under way of all of them: names cost a client nothing. */
const mostNames = 100;
const mostInquiries = 1_000;

/** A search under way; whoever asks for the same thing meanwhile waits for it too. */
interface Inquiry {
  readonly over: Cancellation;
  readonly finding: Promise<Finding>;
  waiting: number;
}

/**
 * `refuse`: what is not known does not exist. `wait`: nobody can tell just now what is known, and what somebody owns must
 * not be taken for nobody's.
 */
export type SearchMode = 'search' | 'refuse' | 'wait';

/** The searches of one pool. */
export class Search {
  readonly #mode: () => SearchMode;
  readonly #probe: Probe;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #queue = new PQueue({ concurrency: mostProbes });
  readonly #running = new Map<string, Inquiry>();
  /** Until when each miss is believed, on the monotonic clock. */
  readonly #misses = new LRU<number>(mostMisses);

  constructor(mode: () => SearchMode, probe: Probe, ledger: Ledger, clock: Clock) {
    this.#mode = mode;
    this.#probe = probe;
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Probes that run now. */
  get probes(): number {
    return this.#queue.pending;
  }

  /**
   * Looks for all of them. What is found is in the ledger afterwards, and nobody's. One that is nowhere makes the answer
   * `missing`; one that some project gave no answer for makes it `unsure`, and that is not remembered. So does asking
   * for too many at once.
   *
   * @param projects - all of the pool, also those that rest: one that is left out is never asked
   * @param gone - a search that nobody waits for any more ends
   * @throws the reason of `gone`
   */
  async find(references: readonly Reference[], projects: readonly string[], gone: Cancellation): Promise<Finding> {
    const names = [...new Set(references.map(({ name }) => name))];
    const mode = this.#mode();
    if (mode !== 'search' && names.length > 0) return mode === 'refuse' ? 'missing' : 'unsure';
    if (names.length > mostNames) return 'unsure';
    const findings = await Promise.all(names.map((name) => this.#findOne(name, projects, gone)));
    if (findings.includes('missing')) return 'missing';
    return findings.includes('unsure') ? 'unsure' : 'found';
  }

  async #findOne(name: string, projects: readonly string[], gone: Cancellation): Promise<Finding> {
    gone.throwIfCancelled();
    if ((this.#misses.get(name) ?? 0) > this.#clock.now()) return 'missing';
    const running = this.#running.get(name);
    if (running === undefined && this.#running.size >= mostInquiries) return 'unsure';
    const inquiry = running ?? this.#begin(name, projects);
    inquiry.waiting++;
    return new Promise((resolve, reject) => {
      const hangUp = {
        cancelled: (reason: unknown) => {
          inquiry.waiting--;
          if (inquiry.waiting === 0) this.#abandon(name, inquiry, reason);
          reject(reason);
        },
      };
      gone.listen(hangUp);
      inquiry.finding.then(resolve, reject).finally(() => gone.forget(hangUp));
    });
  }

  #begin(name: string, projects: readonly string[]): Inquiry {
    const over = new Cancellation();
    const finding = this.#ask(name, projects, over).finally(() => {
      if (this.#running.get(name) === inquiry) this.#running.delete(name);
    });
    const inquiry: Inquiry = { over, finding, waiting: 0 };
    this.#running.set(name, inquiry);
    // Whoever waits hears of it; when all have gone there is nobody to.
    finding.catch(() => {});
    return inquiry;
  }

  #abandon(name: string, inquiry: Inquiry, reason: unknown): void {
    if (this.#running.get(name) === inquiry) this.#running.delete(name);
    inquiry.over.cancel(reason);
  }

  async #ask(name: string, projects: readonly string[], over: Cancellation): Promise<Finding> {
    let isFound = false;
    let failures = 0;
    const stop = this.#clock.after(searchMs, () => over.cancel(new Error(`no answer in ${searchMs} ms`)));
    const ask = async (project: string): Promise<void> => {
      const answer = await this.#askOne(project, name, over);
      if (answer === 'failed') failures++;
      if (answer !== 'found' || isFound || !(await this.#ledger.found(name, project))) return;
      isFound = true;
      over.cancel(new Error('found'));
    };
    // The first projects of every search come before the last ones of any: a long search holds up nobody.
    const asked = projects.map((project, at) =>
      this.#queue.add(() => ask(project), { signal: over.signal, priority: -at }),
    );
    const ends = await Promise.allSettled(asked);
    stop();
    if (isFound) return 'found';
    if (failures > 0 || projects.length === 0 || ends.some(({ status }) => status === 'rejected')) return 'unsure';
    this.#misses.set(name, this.#clock.now() + missForMs);
    return 'missing';
  }

  async #askOne(project: string, name: string, over: Cancellation): Promise<ProbeAnswer> {
    const end = new Cancellation();
    const ended = new Promise<never>((_, reject) => end.listen({ cancelled: reject }));
    const stopped = { cancelled: (reason: unknown) => end.cancel(reason) };
    over.listen(stopped);
    const stop = this.#clock.after(probeMs, () => end.cancel(new Error(`no answer in ${probeMs} ms`)));
    try {
      return await Promise.race([this.#probe(project, name, end.signal), ended]);
    } catch {
      return 'failed';
    } finally {
      stop();
      over.forget(stopped);
    }
  }
}
