/** Calls that were admitted from memory while a store was away: they are booked in it before anybody asks it again. */

import type { Within } from './guarded-line.ts';
import type { Limits, Need, Reservation, Spent, Store } from './store.ts';

/** The oldest are let go first: an outage of hours must not be paid for with minutes of booking. */
const mostBookings = 5_000;
const atOnce = 50;

interface Booking {
  readonly need: Need;
  spent: Spent | null;
  /** The store's own reservation, once it has one. */
  booked: Reservation | null;
}

/** What is still to be booked, and what was booked and is not settled. */
export class Bookings {
  readonly #open = new Map<Reservation, Booking>();
  readonly #all = new WeakMap<Reservation, Booking>();

  add(reservation: Reservation, need: Need): void {
    if (need.meters.length === 0) return;
    const booking: Booking = { need, spent: null, booked: null };
    this.#all.set(reservation, booking);
    this.#open.set(reservation, booking);
    if (this.#open.size > mostBookings) this.#open.delete(this.#open.keys().next().value as Reservation);
  }

  /** @returns the store's reservation to settle as well; null when there is none, or none yet */
  settle(reservation: Reservation, spent: Spent): Reservation | null {
    const booking = this.#all.get(reservation);
    if (booking === undefined) return null;
    booking.spent = spent;
    return booking.booked;
  }

  /** What the store refuses or does not answer is not tried again: the calls are counted here all the same. */
  async write(store: Store, within: Within): Promise<void> {
    const bookings = [...this.#open.values()];
    this.#open.clear();
    for (let from = 0; from < bookings.length; from += atOnce) {
      await Promise.all(bookings.slice(from, from + atOnce).map((booking) => book(booking, store, within)));
    }
  }
}

async function book(booking: Booking, store: Store, within: Within): Promise<void> {
  const { need } = booking;
  const meters = need.meters.map(({ name, limits }) => ({ name, limits: unbounded(limits) }));
  const { reservation } = await within(() => store.reserve({ ...need, meters, subjects: [] }));
  if (reservation === null) return;
  booking.booked = reservation;
  const { spent } = booking;
  if (spent !== null) await within(() => store.settle(reservation, spent));
}

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
