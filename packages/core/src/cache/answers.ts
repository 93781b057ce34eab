/** ANSWERS THAT ARE KNOWN: those that are kept, and those that are on their way. A caller's are nobody else's. */

import type { HeaderBag } from '../wire.ts';
import { Flight, type FlightTools } from './flight.ts';
import { type KeptAnswer, KeptAnswers } from './kept-answers.ts';
import type { Wish } from './wish.ts';

/** The slice of the settings that this folder keeps to. */
export interface CacheSettings {
  /** 0: nothing is kept. */
  readonly ttlMs: number;
  readonly maxBytes: number;
  readonly singleFlight: boolean;
}

/** One answer is no more of all that may be kept: else it alone would drive out all others. */
const longestShare = 0.125;

/** Of one moment, or of the request that was answered first. */
const ofItsTime = new Set(['date', 'age', 'expires', 'server-timing']);

/** A gateway's; they stay when options change. */
export class Answers {
  readonly #tools: FlightTools;
  readonly #kept = new KeptAnswers();
  /** Those that can be joined. */
  readonly #flights = new Map<string, Flight>();
  #settings: CacheSettings;

  constructor(settings: CacheSettings, tools: FlightTools) {
    this.#settings = settings;
    this.#tools = tools;
  }

  get entries(): number {
    return this.#kept.entries;
  }

  /** What is kept takes so many. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /** From now on; flights that are under way land. */
  keepTo(settings: CacheSettings): void {
    this.#settings = settings;
    if (settings.ttlMs === 0) this.#kept.clear();
    else this.#kept.shrink(settings.maxBytes);
    if (!settings.singleFlight) this.#flights.clear();
  }

  /** Lets go of everything, and keeps nothing any more. */
  close(): void {
    this.keepTo({ ...this.#settings, ttlMs: 0, singleFlight: false });
  }

  /** What is kept under a key, where that is fresh enough. */
  find(key: string, { maxAgeMs, minFreshMs }: Wish): KeptAnswer | null {
    const { ttlMs } = this.#settings;
    if (ttlMs === 0 || maxAgeMs <= 0) return null;
    const nowMs = this.#tools.clock.now();
    const kept = this.#kept.find(key, nowMs, ttlMs);
    if (kept === null) return null;
    const ageMs = nowMs - kept.keptAtMs;
    return ageMs <= maxAgeMs && ttlMs - ageMs >= minFreshMs ? kept : null;
  }

  /** What is on its way under a key, and young enough. */
  flightOf(key: string, { maxAgeMs }: Wish): Flight | null {
    const flight = this.#flights.get(key);
    if (flight === undefined || maxAgeMs <= 0) return null;
    return this.#tools.clock.now() - flight.startedAtMs <= maxAgeMs ? flight : null;
  }

  /** @param requestId - of the one who begins it */
  launch(key: string, { maxAgeMs }: Wish, requestId: string): Flight {
    const { singleFlight, maxBytes } = this.#settings;
    const plan = {
      key,
      // Who wants a new answer shall not give it to those who had no say in that.
      isShared: singleFlight && maxAgeMs > 0,
      requestId,
      longestBytes: maxBytes * longestShare,
      onClosed: (flight: Flight) => this.#close(flight),
    };
    const flight = new Flight(plan, this.#tools);
    if (plan.isShared) this.#flights.set(key, flight);
    return flight;
  }

  /** It is over: its answer is kept where it is whole. */
  land(flight: Flight): void {
    this.#close(flight);
    const { ttlMs, maxBytes } = this.#settings;
    const { recording, plan } = flight;
    const isKept = ttlMs > 0 && flight.isWhole && recording.keptBytes <= maxBytes * longestShare;
    if (isKept) {
      const packed = recording.packed(repeatable(recording.headers));
      this.#kept.put(plan.key, { recording: packed, keptAtMs: this.#tools.clock.now() }, { ttlMs, maxBytes });
    }
    flight.land();
  }

  #close(flight: Flight): void {
    if (this.#flights.get(flight.plan.key) === flight) this.#flights.delete(flight.plan.key);
  }
}

function repeatable(headers: HeaderBag): HeaderBag {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofItsTime.has(name)));
}
