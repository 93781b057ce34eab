/** Reserving and settling: one transaction each, so that several processes on one file admit exactly what there is. */

import { randomBytes } from 'node:crypto';
import type { Admission, Clock, Eventually, Meter, Need, Reservation, Shortage, Spent } from '@sluice/core';
import type { Connection } from './connection.ts';
import type { StateFile } from './file.ts';
import { type Entry, hasLimits, isSettledAlready, Meters, type Standing } from './meters.ts';
import { Presence } from './presence.ts';
import type { RecentRests } from './recent-rests.ts';
import { isLonger, longestOf, RestReader } from './rests.ts';

/** What was reserved, on every meter that has a limit. Empty once it is settled. */
class Held implements Reservation {
  readonly id: string;
  readonly scope: string;
  /** Where its meters are. */
  readonly path: string;
  entries: readonly Entry[];

  constructor(id: string, scope: string, path: string, entries: readonly Entry[]) {
    this.id = id;
    this.scope = scope;
    this.path = path;
    this.entries = entries;
  }
}

export class Reservations {
  readonly #file: StateFile;
  readonly #counters: Connection;
  readonly #clock: Clock;
  readonly #meters: Meters;
  readonly #rests: RestReader;
  readonly #recent: RecentRests;
  readonly #presence: Presence;
  /** Tells this process from all others on the file. */
  readonly #instance = randomBytes(9).toString('base64url');
  #count = 0;

  constructor(file: StateFile, counters: Connection, clock: Clock, recent: RecentRests) {
    this.#file = file;
    this.#counters = counters;
    this.#clock = clock;
    this.#meters = new Meters(counters);
    this.#rests = new RestReader(counters);
    this.#recent = recent;
    this.#presence = new Presence(counters, this.#instance);
  }

  get instances(): number {
    return this.#presence.instances;
  }

  leave(): Eventually<void> {
    return this.#counters.write(() => this.#presence.leave());
  }

  reserve(need: Need): Eventually<Admission> {
    const meters = need.meters.filter(hasLimits);
    if (meters.length === 0) return this.#reserveNothing(need);
    return this.#counters.write(() => {
      // Only now: whoever waited for the lock would count in a second that is over.
      const wallMs = this.#wallMs();
      if (this.#presence.isDue(wallMs)) {
        this.#file.check();
        this.#presence.beat(wallMs);
      }
      return this.#admit(need, meters, wallMs);
    });
  }

  settle(reservation: Reservation, { requests, tokens }: Spent): Eventually<void> {
    if (!(reservation instanceof Held) || reservation.path !== this.#file.path) return;
    const { id, entries } = reservation;
    if (entries.length === 0) return;
    // Before it is written, for a second call may come while this one waits for the lock.
    reservation.entries = [];
    const changing = entries.filter((entry) => !isSettledAlready(entry, requests, tokens));
    if (changing.length === 0) return;
    const giveBack = (error: unknown): never => {
      reservation.entries = entries;
      throw error;
    };
    try {
      const written = this.#counters.write(() => {
        for (const entry of changing) this.#meters.settle(entry, id, requests, tokens);
      });
      return written instanceof Promise ? written.catch(giveBack) : written;
    } catch (error) {
      return giveBack(error);
    }
  }

  renew(reservations: readonly Reservation[], leaseMs: number): Eventually<void> {
    const held = reservations.filter((one) => one instanceof Held).filter(({ path }) => path === this.#file.path);
    if (!held.some(({ entries }) => entries.some(({ limits }) => limits.maxInFlight > 0))) return;
    return this.#counters.write(() => {
      const wallMs = this.#wallMs();
      // Asked for only now: what was settled while this waited for the lock has none.
      for (const { id, entries } of held) for (const entry of entries) this.#meters.renew(entry, id, wallMs, leaseMs);
    });
  }

  /** Where nothing is counted there is nothing to write, nobody's lock to wait for, and mostly nothing to read. */
  #reserveNothing(need: Need): Eventually<Admission> {
    const { scope, subjects } = need;
    const wallMs = this.#wallMs();
    const recent = this.#recent.of(scope);
    if (recent !== undefined) return this.#answer(scope, longestOf(recent, subjects, wallMs));
    return this.#counters.read(() => {
      const rests = this.#rests.of(scope, wallMs);
      this.#recent.keep(scope, rests);
      return this.#answer(scope, longestOf(rests, subjects, wallMs));
    });
  }

  #admit({ scope, subjects, tokens, leaseMs }: Need, meters: readonly Meter[], wallMs: number): Admission {
    const rests = subjects.length === 0 ? [] : this.#rests.of(scope, wallMs);
    let shortage = longestOf(rests, subjects, wallMs);
    const counted = meters.map((meter): readonly [Meter, Standing] => [meter, this.#meters.at(scope, meter, wallMs)]);
    for (const [meter, standing] of counted) {
      const found = this.#meters.shortage(standing, meter, tokens, wallMs);
      if (found !== null && isLonger(found, shortage)) shortage = found;
    }
    return this.#answer(scope, shortage, (id) =>
      counted.map(([{ limits }, standing]) => this.#meters.take(standing, limits, id, tokens, wallMs, leaseMs)),
    );
  }

  /** @param take - takes what is wanted, where nothing is in the way */
  #answer(scope: string, shortage: Shortage | null, take: (id: string) => readonly Entry[] = takeNothing): Admission {
    if (shortage !== null) return { reservation: null, shortage };
    this.#count++;
    const id = `${this.#instance}.${this.#count.toString(36)}`;
    return { reservation: new Held(id, scope, this.#file.path, take(id)), shortage: null };
  }

  #wallMs(): number {
    return Math.floor(this.#clock.wallNow());
  }
}

const none: readonly Entry[] = [];

function takeNothing(): readonly Entry[] {
  return none;
}
