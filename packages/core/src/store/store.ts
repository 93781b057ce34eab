/**
 * The contract of what survives and what several processes share: counted limits, rests, owners, and what was decided.
 *
 * It speaks in verbs, not in rows: each is atomic by itself, for every process that shares the store. A verb may answer
 * at once or later; what it says it has written is written. Times are the wall clock's, in ms since 1970, and a store
 * that is shared by several machines goes by a clock of its own for everything that it counts.
 */

/** A value now or later. A store in memory answers now, and then nobody waits for a turn of the loop. */
export type Eventually<Value> = Value | Promise<Value>;

/** How much may be used. 0 stands for "no limit". */
export interface Limits {
  /** Admitted in any 60 s, wherever they begin. */
  readonly requestsPerMinute: number;
  /** The same for tokens; one reservation alone never counts for more than the limit itself. */
  readonly tokensPerMinute: number;
  /** From midnight to midnight in Los Angeles. */
  readonly requestsPerDay: number;
  /** Reserved and not yet settled. */
  readonly maxInFlight: number;
}

/** One thing whose use is counted. */
export interface Meter {
  /** Unique in its scope: `project`, `model:gemini-2.5-flash`, `caller`. */
  readonly name: string;
  readonly limits: Limits;
}

/** What is asked for before a call is made. */
export interface Need {
  /** Whose meters these are: `pool/gemini/main`, `caller/alice`. What belongs to one scope lies in one place. */
  readonly scope: string;
  /** Reserved together: on all of them or on none. */
  readonly meters: readonly Meter[];
  /** Subjects of the scope that must not be resting. */
  readonly subjects: readonly string[];
  /** What the call may use, by estimate. */
  readonly tokens: number;
  /** After this long without a word, or a {@link Store.renew}, it is no longer in flight, in ms: whoever held it is gone. */
  readonly leaseMs: number;
}

/** What was admitted. Opaque: whatever the store needs to settle it later is the store's own matter. */
export interface Reservation {
  readonly id: string;
  readonly scope: string;
}

/** Why nothing was reserved, and when it makes sense to ask again. */
export interface Shortage {
  /** The limit that is used up, or `rest`. */
  readonly by: keyof Limits | 'rest';
  /** The meter or the subject that stands in the way. */
  readonly name: string;
  /** In ms from now; null when only somebody else's `settle` can tell, or an operator. */
  readonly retryAfterMs: number | null;
  /** The reason of the rest; null for a limit. */
  readonly reason: string | null;
}

/** An answer to {@link Need}: one of the two is null. */
export type Admission =
  | { readonly reservation: Reservation; readonly shortage: null }
  | { readonly reservation: null; readonly shortage: Shortage };

/** What came of a reservation. */
export interface Spent {
  /** 0 takes the request back from the minute and the day: it never reached the provider, or was not counted there. */
  readonly requests: 0 | 1;
  /** Takes the place of the estimate, in the minute in which it was made. */
  readonly tokens: number;
}

/** Something that is left alone for a while. */
export interface Rest {
  readonly scope: string;
  /** `project`, `model:gemini-2.5-flash`, `key:` and the key's digest. */
  readonly subject: string;
  /** The kind of failure behind it, or an operator's word. */
  readonly reason: string;
  readonly sinceMs: number;
  /** Null: until a probe or an operator ends it. */
  readonly untilMs: number | null;
}

/** Something that lives in one project. */
export interface Owned {
  /** `pool/gemini/files/abc123`; an opaque handle by its hash. */
  readonly name: string;
  readonly project: string;
  /** Who made it; null when it was found, not made: then it is anybody's. */
  readonly caller: string | null;
  /** When the provider forgets it; null when that is not known. */
  readonly untilMs: number | null;
}

/** A line of the record that operators read: who or what changed the state of a key, and why. */
export interface AuditEntry {
  readonly atMs: number;
  readonly scope: string;
  readonly subject: string;
  /** `disabled`, `enabled`, `removed`, `leaked` … */
  readonly what: string;
  readonly why: string;
}

/** Where state is kept. */
export interface Store {
  /** What it is and where, for people, without a credential: `memory`, `sqlite /var/lib/sluice/state.db`. */
  readonly name: string;
  /** True when other processes may write to it: then what this one knows by itself is not the whole truth. */
  readonly isShared: boolean;

  /**
   * Admits a call, or says what stands in its way. Of any number of processes that ask for the last of a limit, exactly
   * as many are admitted as there is left.
   */
  reserve(need: Need): Eventually<Admission>;
  /** Gives a reservation back, once: a second time changes nothing, and neither does one that the store has forgotten. */
  settle(reservation: Reservation, spent: Spent): Eventually<void>;
  /**
   * What these calls hold in flight they hold for `leaseMs` from now on. A place that was counted out meanwhile is taken
   * again, even where that is one too many: the call runs. What was settled, or was never made here, stays as it is.
   */
  renew(reservations: readonly Reservation[], leaseMs: number): Eventually<void>;

  /**
   * Lets something rest. Of two rests of one subject the one that ends later stays. Durable before it answers, and true at
   * once for every process; only a call of another one that counts nothing may still be admitted for 50 ms.
   */
  cool(rest: Rest): Eventually<void>;
  /** Ends the rest of a subject, whatever it was, and is true as soon. Durable before it answers. */
  wake(scope: string, subject: string): Eventually<void>;
  /** Every rest that is not over, in all scopes. */
  rests(): Eventually<readonly Rest[]>;

  /** Writes down who owns what. What has a maker is never given to another one. Durable before it answers. */
  own(things: readonly Owned[]): Eventually<void>;
  /** In the order of the names; null for what nobody owns, or nobody any more. */
  find(names: readonly string[]): Eventually<readonly (Owned | null)[]>;
  disown(name: string): Eventually<void>;
  /**
   * Agrees on one choice under a name, for all processes: the first one that is claimed stands until `ttlMs` after its
   * last claim. `instead` replaces it where it stands as exactly that. @returns the choice that stands
   */
  claim(name: string, choice: string, ttlMs: number, instead?: string): Eventually<string>;

  /** Adds to the record. Durable before it answers. */
  append(entry: AuditEntry): Eventually<void>;
  /** The latest entries, newest first. */
  entries(most: number): Eventually<readonly AuditEntry[]>;

  /** How many processes use it, this one included, as far as can be told; 1 where it is not shared. */
  instances(): number;
  /** Writes what is still to be written, and lets go. */
  close(): Eventually<void>;
}
