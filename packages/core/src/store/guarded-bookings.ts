/** Calls that were admitted from memory while a store was away or late: they are booked in it as soon as it answers. */

import type { Within } from './guarded-line.ts';
import type { Limits, Need, Reservation, Spent, Store } from './store.ts';

/** The oldest are let go first: an outage of hours must not be paid for with minutes of booking. */
const mostBookings = 5_000;
const atOnce = 50;
/** What a store refuses again and again is given up: the calls are counted here all the same. */
const mostTries = 3;

interface Booking {
  readonly need: Need;
  tries: number;
  spent: Spent | null;
  /** The store's own reservation, once it has one. */
  booked: Reservation | null;
}

/** What is still to be booked, and what was booked and is not settled. */
export class Bookings {
  readonly #open = new Map<Reservation, Booking>();
  readonly #all = new WeakMap<Reservation, Booking>();
  readonly #onBooked: (booked: Reservation, spent: Spent) => void;

  /** @param onBooked - is to settle what was over before it was booked */
  constructor(onBooked: (booked: Reservation, spent: Spent) => void) {
    this.#onBooked = onBooked;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  add(reservation: Reservation, need: Need): void {
    if (need.meters.length === 0) return;
    const booking: Booking = { need, tries: 0, spent: null, booked: null };
    this.#all.set(reservation, booking);
    this.#open.set(reservation, booking);
    if (this.#open.size > mostBookings) this.#open.delete(this.#open.keys().next().value as Reservation);
  }

  /**
   * The store had admitted it as well, and says so now: then it need not be booked, and must not be counted twice.
   *
   * @returns what the store's reservation is settled with at once; null when `settle` will tell
   */
  answered(reservation: Reservation, late: Reservation): Spent | null {
    const booking = this.#all.get(reservation);
    if (booking === undefined || !this.#open.delete(reservation)) return nothing;
    booking.booked = late;
    return booking.spent;
  }

  /** @returns the store's reservation to settle as well; null when there is none, or none yet */
  settle(reservation: Reservation, spent: Spent): Reservation | null {
    const booking = this.#all.get(reservation);
    if (booking === undefined) return null;
    booking.spent = spent;
    return booking.booked;
  }

  /** The store's own reservation for a call that was admitted here; null when there is none, or none yet. */
  bookedOf(reservation: Reservation): Reservation | null {
    return this.#all.get(reservation)?.booked ?? null;
  }

  /** Rejects when the store is gone again; what could not be booked is tried again with the next call of this. */
  async write(store: Store, within: Within): Promise<void> {
    const entries = [...this.#open];
    for (let from = 0; from < entries.length; from += atOnce) {
      const some = entries.slice(from, from + atOnce);
      await Promise.all(some.map(([reservation, booking]) => this.#write(reservation, booking, store, within)));
    }
  }

  async #write(reservation: Reservation, booking: Booking, store: Store, within: Within): Promise<void> {
    // Answered late, or let go of, while others were written.
    if (!this.#open.delete(reservation)) return;
    const { need } = booking;
    const meters = need.meters.map(({ name, limits }) => ({ name, limits: unbounded(limits) }));
    let booked: Reservation | null;
    try {
      ({ reservation: booked } = await within(() => store.reserve({ ...need, meters, subjects: [] })));
    } catch (error) {
      if (++booking.tries < mostTries) this.#open.set(reservation, booking);
      throw error;
    }
    if (booked === null) return;
    booking.booked = booked;
    const { spent } = booking;
    if (spent !== null) this.#onBooked(booked, spent);
  }
}

/** As if it had never been asked for. */
export const nothing: Spent = { requests: 0, tokens: 0 };

/** The same limits without an end: they only count. */
export function unbounded(limits: Limits): Limits {
  const open = (limit: number): number => (limit > 0 ? Number.MAX_SAFE_INTEGER : 0);
  return {
    requestsPerMinute: open(limits.requestsPerMinute),
    tokensPerMinute: open(limits.tokensPerMinute),
    requestsPerDay: open(limits.requestsPerDay),
    maxInFlight: open(limits.maxInFlight),
  };
}
