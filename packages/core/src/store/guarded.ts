/**
 * Keeps a store from hanging a request.
 *
 * What only counts goes on from memory while the store is late or gone: a share of each limit, the rests that were
 * known, the owners that were seen; what this process was admitted before counts too. What has to be durable is refused
 * by a {@link SluiceError}, and a rest that was refused so is written later all the same unless it is taken back. When the store is back, it is told what was learnt and what was admitted meanwhile.
 */

import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import { Arrears } from './guarded-arrears.ts';
import { Bookings, nothing, unbounded } from './guarded-bookings.ts';
import { Line } from './guarded-line.ts';
import type {
  Admission,
  AuditEntry,
  Eventually,
  Limits,
  Need,
  Owned,
  Reservation,
  Rest,
  Spent,
  Store,
} from './store.ts';

export interface GuardOptions {
  readonly clock: Clock;
  /** Makes a store that answers at once, from memory: it stands in while the guarded one does not answer. */
  readonly local: () => Store;
  /** How long a verb may take, in ms; 100 unless told otherwise. */
  readonly deadlineMs?: number;
  /** Hears once of each change: the store is left alone from now on, or is used again. */
  readonly onChange?: (isDegraded: boolean, why: string) => void;
}

/** A store that never hangs. */
export interface GuardedStore extends Store {
  /** The store is left alone, and memory answers. */
  readonly isDegraded: boolean;
  /** What it has just answered was the store's own word; false also while the store is only late. */
  readonly isUp: boolean;
  /** Writes what is owed to it, if it answers, and asks no more. The store stays open: it belongs to whoever made it. */
  letGo(): Promise<void>;
}

/** The same store, with a deadline for each verb and memory behind it. */
export function guardedStore(store: Store, options: GuardOptions): GuardedStore {
  return new Guard(store, options);
}

const catchUpAgainMs = 2_000;

class Guard implements GuardedStore {
  readonly isShared: boolean;
  readonly #store: Store;
  readonly #line: Line;
  readonly #arrears = new Arrears();
  readonly #bookings = new Bookings((booked, spent) => this.#arrears.settle(booked, spent));
  /** Rests, owners and choices as last seen or learnt. */
  readonly #known: Store;
  /** Counts while the store does not; forgotten when the store is back. Made before it is needed: that takes a while. */
  readonly #counting: Store;
  #hasCounted = false;
  readonly #countedBy = new WeakMap<Reservation, Store>();
  /** What the store has admitted for this process is counted here too: an outage does not begin from nothing. */
  readonly #mirrored = new WeakMap<Reservation, Reservation>();
  readonly #clock: Clock;
  #isCatchingUp = false;
  #catchesUpAtMs = 0;

  constructor(store: Store, { clock, local, deadlineMs = 100, onChange = () => {} }: GuardOptions) {
    this.isShared = store.isShared;
    this.#store = store;
    this.#known = local();
    this.#counting = local();
    this.#clock = clock;
    this.#line = new Line({
      clock,
      deadlineMs,
      knock: () => store.claim('guard', 'knock', 1_000),
      beforeReturn: async (within) => {
        await this.#arrears.writeRests(store, within);
        await this.#bookings.write(store, within);
      },
      onUp: () => {
        if (this.#hasCounted) this.#forgetRests();
        this.#hasCounted = false;
        void this.#catchUp();
      },
      onChange,
    });
  }

  get name(): string {
    return this.#store.name;
  }

  get isDegraded(): boolean {
    return this.#line.isDegraded;
  }

  get isUp(): boolean {
    return this.#line.isUp;
  }

  reserve(need: Need): Eventually<Admission> {
    // What this process has answered by itself.
    const here: { admission: Admission | null } = { admission: null };
    return this.#ask(
      () =>
        after(this.#store.reserve(need), ({ reservation }) => {
          if (here.admission === null) this.#countAlong(need, reservation);
        }),
      () =>
        after(this.#reserveHere(need), (admission) => {
          here.admission = admission;
        }),
      ({ reservation }) => {
        if (reservation !== null) this.#admittedLate(reservation, here.admission?.reservation ?? null);
      },
    );
  }

  settle(reservation: Reservation, spent: Spent): Eventually<void> {
    const counted = this.#countedBy.get(reservation);
    if (counted !== undefined) {
      const booked = this.#bookings.settle(reservation, spent);
      if (booked !== null) this.#settleLater(booked, spent);
      return counted.settle(reservation, spent);
    }
    const mirrored = this.#mirrored.get(reservation);
    if (mirrored !== undefined) this.#counting.settle(mirrored, spent);
    return this.#ask(
      () => this.#store.settle(reservation, spent),
      () => this.#arrears.settle(reservation, spent),
    );
  }

  renew(reservations: readonly Reservation[], leaseMs: number): Eventually<void> {
    const own: Reservation[] = [];
    for (const reservation of reservations) {
      const counted = this.#countedBy.get(reservation);
      const mirrored = counted === undefined ? this.#mirrored.get(reservation) : reservation;
      if (mirrored !== undefined) void this.#counting.renew([mirrored], leaseMs);
      const inStore = counted === undefined ? reservation : this.#bookings.bookedOf(reservation);
      if (inStore !== null) own.push(inStore);
    }
    if (own.length === 0) return;
    // What is missed now the next renewal makes good, so nothing is owed.
    return this.#ask(
      () => this.#store.renew(own, leaseMs),
      () => {},
    );
  }

  cool(rest: Rest): Eventually<void> {
    this.#known.cool(rest);
    if (this.#hasCounted) this.#counting.cool(rest);
    this.#arrears.coolBehind(rest);
    return this.#ask(
      () => this.#store.cool(rest),
      () => {
        this.#arrears.cool(rest);
        // What time does not end somebody has decided, or will rely on.
        if (rest.untilMs === null) return this.#refuse('the rest cannot be written');
      },
    );
  }

  wake(scope: string, subject: string): Eventually<void> {
    this.#known.wake(scope, subject);
    if (this.#hasCounted) this.#counting.wake(scope, subject);
    this.#arrears.dropTurn(scope, subject);
    return this.#ask(
      () => this.#store.wake(scope, subject),
      () => {
        this.#arrears.wake(scope, subject);
        return this.#refuse('the end of the rest cannot be written');
      },
    );
  }

  rests(): Eventually<readonly Rest[]> {
    return this.#ask(
      () => after(this.#store.rests(), (rests) => this.#learn(rests)),
      () => this.#known.rests(),
    );
  }

  own(things: readonly Owned[]): Eventually<void> {
    for (const { name } of things) this.#arrears.dropThing(name);
    return this.#ask(
      () => this.#store.own(things),
      () => {
        this.#arrears.own(things);
        return this.#known.own(things);
      },
    );
  }

  find(names: readonly string[]): Eventually<readonly (Owned | null)[]> {
    return this.#ask(
      () => after(this.#store.find(names), (found) => this.#remember(names, found)),
      () => this.#known.find(names),
    );
  }

  disown(name: string): Eventually<void> {
    this.#known.disown(name);
    this.#arrears.dropThing(name);
    return this.#ask(
      () => this.#store.disown(name),
      () => this.#arrears.disown(name),
    );
  }

  claim(name: string, choice: string, ttlMs: number, instead?: string): Eventually<string> {
    return this.#ask(
      () => after(this.#store.claim(name, choice, ttlMs, instead), (stands) => this.#agree(name, stands, ttlMs)),
      () => this.#known.claim(name, choice, ttlMs, instead),
    );
  }

  append(entry: AuditEntry): Eventually<void> {
    return this.#ask(
      () => this.#store.append(entry),
      () => this.#refuse('the record cannot be written'),
    );
  }

  entries(most: number): Eventually<readonly AuditEntry[]> {
    return this.#ask(
      () => this.#store.entries(most),
      () => this.#refuse('the record cannot be read'),
    );
  }

  instances(): number {
    return this.#store.instances();
  }

  async letGo(): Promise<void> {
    if (this.#line.isUp) await this.#catchUp();
    this.#line.close();
  }

  /** Waits for a store that hangs no longer than for any verb. */
  async close(): Promise<void> {
    await this.letGo();
    const closing = this.#store.close();
    if (closing instanceof Promise) await this.#line.within(() => closing).catch(() => {});
  }

  #ask<Value>(
    verb: () => Eventually<Value>,
    instead: () => Eventually<Value>,
    late?: (value: Value) => void,
  ): Eventually<Value> {
    // What a single failure left behind must not wait for the next outage to be over.
    if (!this.#isEven && this.#clock.now() >= this.#catchesUpAtMs && this.#mayCatchUp) void this.#catchUp();
    return this.#line.ask(verb, instead, late);
  }

  #reserveHere(need: Need): Eventually<Admission> {
    if (!this.#hasCounted) {
      this.#hasCounted = true;
      for (const rest of this.#known.rests() as readonly Rest[]) this.#counting.cool(rest);
    }
    const counting = this.#counting;
    const parts = Math.max(1, this.#store.instances());
    const meters = need.meters.map(({ name, limits }) => ({ name, limits: shareOf(limits, parts) }));
    return after(counting.reserve({ ...need, meters }), ({ reservation }) => {
      if (reservation === null) return;
      this.#countedBy.set(reservation, counting);
      this.#bookings.add(reservation, need);
    });
  }

  #countAlong(need: Need, reservation: Reservation | null): void {
    if (reservation === null || need.meters.length === 0) return;
    const meters = need.meters.map(({ name, limits }) => ({ name, limits: unbounded(limits) }));
    const { reservation: mirrored } = this.#counting.reserve({ ...need, meters, subjects: [] }) as Admission;
    if (mirrored !== null) this.#mirrored.set(reservation, mirrored);
  }

  #forgetRests(): void {
    for (const { scope, subject } of this.#counting.rests() as readonly Rest[]) this.#counting.wake(scope, subject);
  }

  #settleLater(reservation: Reservation, spent: Spent): void {
    this.#arrears.settle(reservation, spent);
    if (this.#line.isUp) void this.#catchUp();
  }

  /** A call that was refused here in the meantime is never made: the store takes it back. */
  #admittedLate(late: Reservation, here: Reservation | null): void {
    const spent = here === null ? nothing : this.#bookings.answered(here, late);
    if (spent !== null) this.#settleLater(late, spent);
  }

  /** Counting can wait until the store has answered somebody else again. */
  get #mayCatchUp(): boolean {
    return this.#arrears.isEmpty ? this.#line.isWell : this.#line.isUp;
  }

  get #isEven(): boolean {
    return this.#arrears.isEmpty && this.#bookings.isEmpty;
  }

  async #catchUp(): Promise<void> {
    if (this.#isCatchingUp || this.#isEven) return;
    this.#isCatchingUp = true;
    try {
      await this.#bookings.write(this.#store, this.#line.within);
      await this.#arrears.write(this.#store, this.#line.within);
    } catch {
      // Kept. A verb that finds the store well tries again, after a while.
      this.#catchesUpAtMs = this.#clock.now() + catchUpAgainMs;
    } finally {
      this.#isCatchingUp = false;
    }
  }

  #learn(rests: readonly Rest[]): void {
    const now = new Set(rests.map(({ scope, subject }) => `${scope}\n${subject}`));
    for (const { scope, subject } of this.#known.rests() as readonly Rest[]) {
      if (!now.has(`${scope}\n${subject}`)) this.#known.wake(scope, subject);
    }
    for (const rest of rests) this.#known.cool(rest);
  }

  #remember(names: readonly string[], found: readonly (Owned | null)[]): void {
    for (const [index, thing] of found.entries()) {
      this.#known.disown(names[index] as string);
      if (thing !== null) this.#known.own([thing]);
    }
  }

  #agree(name: string, stands: string, ttlMs: number): void {
    const before = this.#known.claim(name, stands, ttlMs);
    if (before !== stands) this.#known.claim(name, stands, ttlMs, before as string);
  }

  #refuse(what: string): Promise<never> {
    const { why } = this.#line;
    const told = why.startsWith(this.name) ? why : `${this.name}: ${why}`;
    return Promise.reject(new SluiceError('storage_unavailable', `${what}: ${told}`));
  }
}

/** What one of so many processes may use by itself; a limit of 0 stays none. */
function shareOf(limits: Limits, parts: number): Limits {
  const share = (limit: number): number => (limit > 0 ? Math.max(1, Math.floor(limit / parts)) : 0);
  return {
    requestsPerMinute: share(limits.requestsPerMinute),
    tokensPerMinute: share(limits.tokensPerMinute),
    requestsPerDay: share(limits.requestsPerDay),
    maxInFlight: share(limits.maxInFlight),
  };
}

/** Hears a value now or later, and hands it on. */
function after<Value>(value: Eventually<Value>, hear: (value: Value) => void): Eventually<Value> {
  if (value instanceof Promise) {
    return value.then((found) => {
      hear(found);
      return found;
    });
  }
  hear(value);
  return value;
}
