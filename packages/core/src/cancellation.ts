/**
 * How one request ends before its time.
 *
 * Every request may be cancelled and hardly any is. An `AbortController` with one listener costs more than choosing a
 * key and signing the call together, so one is made only for those who insist on a signal.
 */

/** Somebody who wants to know. */
export interface Cancellable {
  /** Called once, at once, and never again after `forget`. */
  cancelled(reason: unknown): void;
}

/** Told once, with a reason; whoever listens hears of it at that moment. */
export class Cancellation {
  #isCancelled = false;
  #reason: unknown;
  /** Nearly always there is one listener, and often none. */
  #listeners: readonly Cancellable[] = nobody;
  #controller: AbortController | null = null;

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Why; undefined until then. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The same as a signal, for APIs that take one. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#isCancelled) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Later calls do nothing: the first reason stays. */
  cancel(reason: unknown): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#reason = reason;
    // One by one: whoever hears of it may forget another, who must not be called then.
    for (let [next] = this.#listeners; next !== undefined; [next] = this.#listeners) {
      this.forget(next);
      next.cancelled(reason);
    }
    this.#controller?.abort(reason);
  }

  /** Who comes too late hears nothing, and asks `isCancelled` first. */
  listen(listener: Cancellable): void {
    if (this.#isCancelled) return;
    this.#listeners = this.#listeners === nobody ? [listener] : [...this.#listeners, listener];
  }

  forget(listener: Cancellable): void {
    const isOnlyOne = this.#listeners.length === 1 && this.#listeners[0] === listener;
    this.#listeners = isOnlyOne ? nobody : this.#listeners.filter((one) => one !== listener);
  }

  /** @throws the reason */
  throwIfCancelled(): void {
    if (this.#isCancelled) throw this.#reason;
  }
}

/** The same promise, or the reason of `cancellation` where that comes first: for work that nobody can stop. */
export function unlessCancelled<Value>(cancellation: Cancellation, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (cancellation.isCancelled) return reject(cancellation.reason);
    const listener = { cancelled: reject };
    cancellation.listen(listener);
    work.then(resolve, reject).finally(() => cancellation.forget(listener));
  });
}

const nobody: readonly Cancellable[] = [];
