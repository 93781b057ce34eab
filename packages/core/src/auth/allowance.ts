/** HOW MUCH a caller may use: admitted before anything else is done for the request, settled when it is over. */

import { SluiceError } from '../errors.ts';
import { type TokenUsage, totalTokens } from '../events.ts';
import type { Eventually, Limits, Reservation, Shortage, Spent, Store } from '../store/store.ts';
import type { Caller, CallerLimits } from './auth.ts';

/** A caller's request that was let in. */
export interface Allowance {
  /** Once; later calls do nothing. */
  settle(spent: Spent): void;
  /** The estimate that was counted; 0 where tokens are not. */
  readonly tokens: number;
  /** What was counted in the store; null for a caller without limits. */
  readonly reservation: Reservation | null;
}

const free: Allowance = { settle() {}, tokens: 0, reservation: null };

/** What the numbers of a limit are called where people read them. */
const names: Readonly<Record<keyof Limits, string>> = {
  requestsPerMinute: 'requests a minute',
  tokensPerMinute: 'tokens a minute',
  requestsPerDay: 'requests a day',
  maxInFlight: 'requests at once',
};
/** Room is made by an answer that ends, and nobody knows when. */
const roomMs = 1_000;

/** Keeps callers to their limits. A caller without limits costs nothing. */
export class Allowances {
  readonly #store: Store;
  readonly #leaseMs: number;

  /** @param leaseMs - a request that is never settled is in flight no longer than this */
  constructor(store: Store, leaseMs: number) {
    this.#store = store;
    this.#leaseMs = leaseMs;
  }

  /**
   * @param leaseMs - how long it is in flight without a renewal, where that is other than for a request
   * @throws SluiceError `rate_limited`, with the time after which the same request would be let in
   */
  admit({ id, limits: own }: Caller, tokens: () => number, leaseMs: number = this.#leaseMs): Eventually<Allowance> {
    if (own === undefined || own === null) return free;
    const limits = complete(own);
    const counted = limits.tokensPerMinute > 0 ? tokens() : 0;
    const admission = this.#store.reserve({
      scope: `caller/${id}`,
      meters: [{ name: 'caller', limits }],
      subjects: [],
      tokens: counted,
      leaseMs,
    });
    const admitted = ({ reservation, shortage }: Awaited<typeof admission>): Allowance => {
      if (shortage !== null) throw limited(limits, shortage);
      return this.#allowance(reservation, counted);
    };
    return admission instanceof Promise ? admission.then(admitted) : admitted(admission);
  }

  #allowance(reservation: Reservation, tokens: number): Allowance {
    let isSettled = false;
    return {
      tokens,
      reservation,
      settle: (spent) => {
        if (isSettled) return;
        isSettled = true;
        const settled = this.#store.settle(reservation, spent);
        // What a store could not write down frees itself; the request is over either way.
        if (settled instanceof Promise) settled.catch(() => {});
      },
    };
  }
}

/** What a request has come to. */
export interface Outcome {
  /** Calls that went up. */
  readonly calls: number;
  readonly usage: () => TokenUsage | null;
  /** The answer has begun, and is no error. */
  readonly hasBegun: boolean;
}

/** A caller pays for requests that went up, whatever came of them, and for the tokens that were used. */
export function settleBy(allowance: Allowance, { calls, usage, hasBegun }: Outcome): void {
  const used = allowance.tokens === 0 ? null : usage();
  // Who hangs up before the provider has said what it used has used what was reserved.
  const tokens = used === null ? (hasBegun ? allowance.tokens : 0) : totalTokens(used);
  allowance.settle({ requests: calls > 0 ? 1 : 0, tokens });
}

/** A host names those that it has. */
function complete({
  requestsPerMinute = 0,
  tokensPerMinute = 0,
  requestsPerDay = 0,
  maxInFlight = 0,
}: CallerLimits): Limits {
  return { requestsPerMinute, tokensPerMinute, requestsPerDay, maxInFlight };
}

function limited(limits: Limits, { by, retryAfterMs }: Shortage): SluiceError {
  const limit = by === 'rest' ? '' : ` (${limits[by]} ${names[by]})`;
  return new SluiceError('rate_limited', `This caller has used up its limit${limit}.`, {
    retryAfterMs: retryAfterMs ?? roomMs,
  });
}
