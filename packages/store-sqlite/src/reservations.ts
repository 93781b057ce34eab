/** Reserving and settling: one transaction each, so that several processes on one file admit exactly what there is. */

import { randomBytes } from 'node:crypto';
import type { Admission, Clock, Eventually, Meter, Need, Reservation, Spent } from '@sluice/core';
import type { Connection } from './connection.ts';
import type { StateFile } from './file.ts';
import { type Entry, hasLimits, isSettledAlready, Meters, type Standing } from './meters.ts';
import { Presence } from './presence.ts';
import { isLonger, RestReader } from './rests.ts';

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
  readonly #presence: Presence;
  /** Tells this process from all others on the file. */
  readonly #instance = randomBytes(9).toString('base64url');
  #count = 0;

  constructor(file: StateFile, counters: Connection, clock: Clock) {
    this.#file = file;
    this.#counters = counters;
    this.#clock = clock;
    this.#meters = new Meters(counters);
    this.#rests = new RestReader(counters);
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
    // Where nothing is counted there is nothing to write, and nobody's lock to wait for.
    if (meters.length === 0) return this.#counters.read(() => this.#admit(need, meters, this.#wallMs()));
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

  #admit({ scope, subjects, tokens, leaseMs }: Need, meters: readonly Meter[], wallMs: number): Admission {
    let shortage = this.#rests.longest(scope, subjects, wallMs);
    const counted = meters.map((meter): readonly [Meter, Standing] => [meter, this.#meters.at(scope, meter, wallMs)]);
    for (const [meter, standing] of counted) {
      const found = this.#meters.shortage(standing, meter, tokens, wallMs);
      if (found !== null && isLonger(found, shortage)) shortage = found;
    }
    if (shortage !== null) return { reservation: null, shortage };
    this.#count++;
    const id = `${this.#instance}.${this.#count.toString(36)}`;
    const entries = counted.map(([{ limits }, standing]) =>
      this.#meters.take(standing, limits, id, tokens, wallMs, leaseMs),
    );
    return { reservation: new Held(id, scope, this.#file.path, entries), shortage: null };
  }

  #wallMs(): number {
    return Math.floor(this.#clock.wallNow());
  }
}
