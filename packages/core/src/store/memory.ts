/** The store of one process: nothing survives it, and nobody else sees it. The default, and the reference for the others. */

import { LRU } from 'tiny-lru';
import type { Clock } from '../clock.ts';
import { pacificDays } from '../quota/pacific-day.ts';
import { Counter, type Entry, type Moment } from './meters.ts';
import type { Admission, AuditEntry, Meter, Need, Owned, Reservation, Rest, Shortage, Spent, Store } from './store.ts';

/** Things and choices that are remembered; the ones not asked for longest are forgotten first. */
const mostOwned = 100_000;
const mostClaims = 100_000;
const mostEntries = 1_000;

interface Claim {
  readonly choice: string;
  readonly untilMs: number;
}

interface Held extends Reservation {
  /** A counter and what stands on it, in turn; empty once settled. */
  entries: readonly (readonly [Counter, Entry])[];
}

/** @see Store */
export function memoryStore(clock: Clock): Store {
  return new MemoryStore(clock);
}

class MemoryStore implements Store {
  readonly name = 'memory';
  readonly isShared = false;
  readonly #clock: Clock;
  readonly #dayOf = pacificDays();
  readonly #scopes = new Map<string, Map<string, Counter>>();
  readonly #rests = new Map<string, Map<string, Rest>>();
  readonly #owned = new LRU<Owned>(mostOwned);
  readonly #claims = new LRU<Claim>(mostClaims);
  readonly #entries: AuditEntry[] = [];
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  reserve({ scope, meters, subjects, tokens, leaseMs }: Need): Admission {
    const at = this.#moment();
    let shortage = this.#restOf(scope, subjects, at.wallMs);
    const counters = meters.map((meter) => this.#counterOf(scope, meter));
    for (let index = 0; index < meters.length; index++) {
      const found = (counters[index] as Counter).shortage(meters[index] as Meter, tokens, at);
      if (found !== null && isLonger(found, shortage)) shortage = found;
    }
    if (shortage !== null) return { reservation: null, shortage };
    const entries = counters.map((counter, index): readonly [Counter, Entry] => [
      counter,
      counter.add(meters[index] as Meter, tokens, leaseMs, at),
    ]);
    this.#count++;
    const held: Held = { id: `m${this.#count}`, scope, entries };
    return { reservation: held, shortage: null };
  }

  settle(reservation: Reservation, { requests, tokens }: Spent): void {
    // Another store's, or nobody's, has no entries here.
    const held = reservation as Partial<Held>;
    const { entries = [] } = held;
    held.entries = [];
    const at = this.#moment();
    for (const [counter, entry] of entries) counter.settle(entry, requests, tokens, at);
  }

  renew(reservations: readonly Reservation[], leaseMs: number): void {
    const leaseEndsAtMs = this.#clock.now() + leaseMs;
    for (const reservation of reservations) {
      for (const [counter, entry] of (reservation as Partial<Held>).entries ?? []) counter.renew(entry, leaseEndsAtMs);
    }
  }

  cool(rest: Rest): void {
    const rests = this.#rests.get(rest.scope) ?? new Map<string, Rest>();
    this.#rests.set(rest.scope, rests);
    const before = rests.get(rest.subject);
    if (before === undefined || endOf(before) < endOf(rest)) rests.set(rest.subject, rest);
  }

  wake(scope: string, subject: string): void {
    const rests = this.#rests.get(scope);
    rests?.delete(subject);
    if (rests?.size === 0) this.#rests.delete(scope);
  }

  rests(): Rest[] {
    const wallMs = this.#clock.wallNow();
    return [...this.#rests.values()].flatMap((rests) => [...rests.values()].filter((rest) => endOf(rest) > wallMs));
  }

  own(things: readonly Owned[]): void {
    const wallMs = this.#clock.wallNow();
    for (const thing of things) {
      const before = this.#owned.get(thing.name);
      const isTaken = before != null && before.caller !== null && isAlive(before, wallMs);
      if (!isTaken || before.caller === thing.caller) this.#owned.set(thing.name, thing);
    }
  }

  find(names: readonly string[]): (Owned | null)[] {
    const wallMs = this.#clock.wallNow();
    return names.map((name) => {
      const found = this.#owned.get(name);
      return found !== undefined && isAlive(found, wallMs) ? found : null;
    });
  }

  disown(name: string): void {
    this.#owned.delete(name);
  }

  claim(name: string, choice: string, ttlMs: number, instead?: string): string {
    const wallMs = this.#clock.wallNow();
    const before = this.#claims.get(name);
    const stands = before !== undefined && before.untilMs > wallMs && before.choice !== instead;
    const chosen = stands ? before.choice : choice;
    this.#claims.set(name, { choice: chosen, untilMs: wallMs + ttlMs });
    return chosen;
  }

  append(entry: AuditEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > mostEntries) this.#entries.shift();
  }

  entries(most: number): AuditEntry[] {
    return this.#entries.slice(-most).reverse();
  }

  instances(): number {
    return 1;
  }

  close(): void {}

  #moment(): Moment {
    const wallMs = this.#clock.wallNow();
    return { nowMs: this.#clock.now(), wallMs, dayEndsAtMs: this.#dayOf(wallMs) };
  }

  #counterOf(scope: string, { name }: Meter): Counter {
    let counters = this.#scopes.get(scope);
    if (counters === undefined) {
      counters = new Map();
      this.#scopes.set(scope, counters);
    }
    let counter = counters.get(name);
    if (counter === undefined) {
      counter = new Counter();
      counters.set(name, counter);
    }
    return counter;
  }

  #restOf(scope: string, subjects: readonly string[], wallMs: number): Shortage | null {
    const rests = subjects.length === 0 ? undefined : this.#rests.get(scope);
    if (rests === undefined) return null;
    let longest: Shortage | null = null;
    for (const subject of subjects) {
      const rest = rests.get(subject);
      if (rest === undefined || endOf(rest) <= wallMs) continue;
      const retryAfterMs = rest.untilMs === null ? null : rest.untilMs - wallMs;
      const found: Shortage = { by: 'rest', name: subject, retryAfterMs, reason: rest.reason };
      if (isLonger(found, longest)) longest = found;
    }
    return longest;
  }
}

/** Of several things in the way the one that stands there longest is told; `null` is for ever. */
function isLonger(one: Shortage, other: Shortage | null): boolean {
  const lengthOf = ({ retryAfterMs }: Shortage): number => retryAfterMs ?? Number.POSITIVE_INFINITY;
  return other === null || lengthOf(one) > lengthOf(other);
}

function endOf({ untilMs }: Rest): number {
  return untilMs ?? Number.POSITIVE_INFINITY;
}

function isAlive({ untilMs }: Owned, wallMs: number): boolean {
  return untilMs === null || untilMs > wallMs;
}
