/**
 * How many retries a struggling target still gets: a bucket that empties with each retry and fills with each success,
 * so that an outage is met with a trickle instead of a storm.
 */

/** The size of the bucket and what it is charged; the AWS SDKs' numbers of 2026. */
const capacity = 500;
export const retryCost = { transient: 14, throttle: 5 } as const;
const successRefill = 1;

/** Tokens left for one target. */
export class RetryBudget {
  #tokens: number = capacity;

  get isFull(): boolean {
    return this.#tokens >= capacity;
  }

  /** @returns false when there is not enough left; nothing is taken then */
  spend(pace: keyof typeof retryCost): boolean {
    const cost = retryCost[pace];
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }

  /** @param spent - what the retries of this call had cost; it comes back */
  refill(spent: number): void {
    this.#tokens = Math.min(capacity, this.#tokens + spent + successRefill);
  }
}
