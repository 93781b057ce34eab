/** A store on the stage, with time in the test's hands, and the shortest words for asking it. */

import { setTimeout as pause } from 'node:timers/promises';
import {
  type Clock,
  type Eventually,
  type Limits,
  type Meter,
  type Need,
  type Reservation,
  type Shortage,
  type Store,
  systemClock,
} from '@sluice/core';
import { afterEach, expect } from 'vitest';
import { fakeClock } from '../fake-clock.ts';

/** What the suite is told of a store. */
export interface StoreSubject {
  /** Opens a store with nothing in it, which goes by this clock unless it has time of its own. */
  readonly open: (clock: Clock) => Eventually<Store>;
  /** Opens what `open` made last once more, beside it or after its end. Left out where nothing outlives the store. */
  readonly reopen?: ((clock: Clock) => Eventually<Store>) | undefined;
  /** Starts processes that all use what `open` made last. Left out where no other process can. */
  readonly processes?: ((count: number) => Promise<StoreProcesses>) | undefined;
  /**
   * It goes by a clock that nobody can move: tests that need a minute or a day are left out.
   *
   * @default false
   */
  readonly ownsTime?: boolean | undefined;
}

/** Processes that wait for the start. */
export interface StoreProcesses {
  /** All of them ask at the same moment. @returns how many asks of each process were admitted */
  race(race: Race): Promise<readonly number[]>;
  stop(): Promise<void>;
}

/** What each process does: it asks `asks` times for the same, and settles nothing. */
export interface Race {
  readonly need: Need;
  readonly asks: number;
}

/** A store, and its time. */
export interface Opened {
  readonly store: Store;
  readonly clock: Clock;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
}

/** What each part of the suite is given. */
export interface Stage {
  readonly subject: StoreSubject;
  /** @param wallMs - where the wall clock begins, if it can be set */
  open(wallMs?: number): Promise<Opened>;
  /** With the system's own time, for other processes go by it too. */
  openForProcesses(): Promise<Opened>;
  /** Once more, with the time of the one before. */
  reopen(opened: Opened): Promise<Opened>;
}

/** Longer than this nobody waits for a clock that cannot be moved. */
const longestPauseMs = 200;

export function setStage(subject: StoreSubject): Stage {
  const stores: Store[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0).reverse()) await store.close();
  });

  const put = (store: Store, time: Omit<Opened, 'store'>): Opened => {
    stores.push(store);
    return { store, clock: time.clock, pass: time.pass };
  };
  const openWith = async (time: Omit<Opened, 'store'>) => put(await subject.open(time.clock), time);
  return {
    subject,
    open: (wallMs) => openWith(subject.ownsTime ? realTime : movedTime(wallMs)),
    openForProcesses: () => openWith(realTime),
    async reopen(opened) {
      if (subject.reopen === undefined) throw new Error('this store cannot be opened twice');
      return put(await subject.reopen(opened.clock), opened);
    },
  };
}

function movedTime(wallMs: number | undefined): Omit<Opened, 'store'> {
  const clock = fakeClock(wallMs);
  return { clock, pass: (ms) => clock.advance(ms) };
}

const realTime: Omit<Opened, 'store'> = { clock: systemClock, pass: passForReal };

async function passForReal(ms: number): Promise<void> {
  if (ms > longestPauseMs) throw new Error(`nobody waits for ${ms} ms`);
  // A timer may fire a millisecond early, and clocks of two programs differ by a little.
  await pause(ms + 5);
}

const noLimits: Limits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };

/** A meter with some limits and no others. */
export function meter(name: string, limits: Partial<Limits> = {}): Meter {
  return { name, limits: { ...noLimits, ...limits } };
}

/** A call with no tokens, for a quarter of an hour. */
export function need(meters: readonly Meter[], more: Partial<Need> = {}): Need {
  return { scope: 'pool/gemini/main', meters, subjects: [], tokens: 0, leaseMs: 900_000, ...more };
}

/** Asks, and must be admitted. */
export async function admitted(store: Store, wanted: Need): Promise<Reservation> {
  const { reservation, shortage } = await store.reserve(wanted);
  expect(shortage).toBeNull();
  return reservation as Reservation;
}

/** Asks, and must be refused. */
export async function refused(store: Store, wanted: Need): Promise<Shortage> {
  const { reservation, shortage } = await store.reserve(wanted);
  expect(reservation).toBeNull();
  return shortage as Shortage;
}

/**
 * Asks `asks` times, one after the other. Whoever was refused once must not be admitted a moment later.
 *
 * @returns how often it was admitted
 */
export async function timesAdmitted(store: Store, wanted: Need, asks: number): Promise<number> {
  const answers: boolean[] = [];
  for (let ask = 0; ask < asks; ask++) answers.push((await store.reserve(wanted)).reservation !== null);
  const count = answers.filter((isAdmitted) => isAdmitted).length;
  expect(answers.lastIndexOf(true), 'admitted after a refusal').toBe(count - 1);
  return count;
}
