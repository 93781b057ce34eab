/** A store in memory that remembers each reservation and how often it was settled. */

import {
  type Admission,
  type AuditEntry,
  type Clock,
  memoryStore,
  type Need,
  type Owned,
  type Reservation,
  type Rest,
  type Spent,
  type Store,
} from '@sluice/core';

/** One call that was counted before it was made. */
export interface Recorded {
  readonly tokens: number;
  readonly settled: Spent[];
}

/** Counts as the gateway's own does, and keeps a record of the calls that were counted in a pool. */
export class RecordingStore implements Store {
  readonly name = 'recording';
  readonly isShared = false;
  readonly reservations: Recorded[] = [];
  readonly #store: Store;
  readonly #byReservation = new Map<Reservation, Recorded>();

  constructor(clock: Clock) {
    this.#store = memoryStore(clock);
  }

  reserve(need: Need): Admission {
    const admission = this.#store.reserve(need) as Admission;
    if (admission.reservation !== null && need.scope.startsWith('pool/')) {
      const recorded = { tokens: need.tokens, settled: [] };
      this.reservations.push(recorded);
      this.#byReservation.set(admission.reservation, recorded);
    }
    return admission;
  }

  settle(reservation: Reservation, spent: Spent): void {
    this.#byReservation.get(reservation)?.settled.push(spent);
    this.#store.settle(reservation, spent);
  }

  renew: Store['renew'] = (...renewal) => this.#store.renew(...renewal);
  cool = (rest: Rest) => this.#store.cool(rest);
  wake = (scope: string, subject: string) => this.#store.wake(scope, subject);
  rests = () => this.#store.rests();
  own = (things: readonly Owned[]) => this.#store.own(things);
  find = (names: readonly string[]) => this.#store.find(names);
  disown = (name: string) => this.#store.disown(name);
  claim: Store['claim'] = (...claim) => this.#store.claim(...claim);
  append = (entry: AuditEntry) => this.#store.append(entry);
  entries = (most: number) => this.#store.entries(most);
  instances = () => this.#store.instances();
  close = () => this.#store.close();
}
