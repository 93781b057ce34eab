/** What a gateway tells its host while it works, in the order in which a request causes it. Plain data, no secrets. */

import type { ErrorCode } from './errors.ts';

/** One call to the provider is over. */
export interface AttemptEvent {
  readonly requestId: string;
  readonly provider: string;
  readonly pool: string;
  readonly project: string;
  /** The key's id, never the key. */
  readonly key: string;
  readonly model: string | null;
  /** `ok`, or the kind of failure. */
  readonly outcome: string;
  /** The provider's HTTP status; null when no answer came. */
  readonly status: number | null;
  readonly durationMs: number;
}

/** A failed call is going to be made again: with the same key after a pause, or at once with another. */
export interface RetryEvent {
  readonly requestId: string;
  readonly reason: string;
  readonly afterMs: number;
  readonly isFailover: boolean;
}

/** How a request ended: with a whole answer, with an error of anybody's, or because the client left. */
export type RequestOutcome = 'complete' | 'failed' | 'aborted';

/** Tokens of an answer, as the provider counted them. */
export interface TokenUsage {
  readonly prompt: number;
  readonly candidates: number;
  readonly thoughts: number;
  readonly cached: number;
  readonly tools: number;
}

/** All of them. Cached tokens are a part of the prompt and count once. */
export function totalTokens({ prompt, candidates, thoughts, tools }: TokenUsage): number {
  return prompt + candidates + thoughts + tools;
}

/** Whether a request was answered by what was kept, by a call of its own, or by one that another request had begun. */
export type CacheResult = 'hit' | 'miss' | 'shared';

/** A request is over, whatever became of it. */
export interface RequestEndEvent {
  readonly requestId: string;
  readonly surface: string;
  /** `generateContent`, `streamGenerateContent` …; `other` for what passes through unknown; null when it was refused at the door. */
  readonly call: string | null;
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  readonly model: string | null;
  readonly caller: string | null;
  /** The address at the other end; null where there is none, as in process. */
  readonly remote: string | null;
  /** What the client was told; 499 when it left before it was told anything. */
  readonly status: number;
  readonly outcome: RequestOutcome;
  /** The code of our own error, or the kind of the failure that was passed on. */
  readonly error: ErrorCode | string | null;
  /** Null unless the outcome is not `complete`; for people. */
  readonly message: string | null;
  readonly attempts: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly isStream: boolean;
  readonly durationMs: number;
  readonly firstByteMs: number | null;
  /** Of requests that share a call, one is told of it. */
  readonly usage: TokenUsage | null;
  /** Null where neither `cache.ttlMs` nor `cache.singleFlight` is on, and for calls that are asked for each time. */
  readonly cache: CacheResult | null;
}

/** The states that a key can be in: `cooling` ends by itself, `disabled` waits for an operator. */
export type KeyState = 'ready' | 'cooling' | 'disabled';

/** A key or a whole project is no longer used as before. */
export interface KeyEvent {
  readonly pool: string;
  readonly project: string;
  /** Null when it concerns every key of the project. */
  readonly key: string | null;
  /** The model that rests; null when it concerns all. */
  readonly model: string | null;
  readonly state: KeyState;
  /** The kind of the failure behind it, or `returned`. */
  readonly reason: string;
  /** Wall clock ms; null means until an operator says otherwise. */
  readonly untilMs: number | null;
  /** What will end it; null for what is ready. */
  readonly endedBy: 'time' | 'probe' | 'operator' | null;
}

/** The states of a breaker: `probing` lets one call try, `isolated` waits for an operator. */
export type BreakerState = 'closed' | 'open' | 'probing' | 'isolated';

/** A breaker has changed its state. */
export interface BreakerEvent {
  /** `host` or `host/model`. */
  readonly target: string;
  readonly state: BreakerState;
  /** Failures among the outcomes of its window; once it is open, those that have opened it. */
  readonly failures: number;
  /** Outcomes in its window, from the first failure on. */
  readonly outcomes: number;
  /** Times in a row that it has opened; 0 when it is closed. */
  readonly opened: number;
  /** Wall clock ms until the next probe; null unless open. */
  readonly untilMs: number | null;
  /**
   * What has changed it: the kind of the last failure, `probe`, `probe_overdue`, `abandoned`, `success`, `reset`, or
   * why an operator has isolated it.
   */
  readonly reason: string;
}

/** Two projects of the options are one at the provider: their keys share its quota, and are kept together from now on. */
export interface ProjectEvent {
  readonly pool: string;
  /** The one that is given up. */
  readonly project: string;
  /** The one that has its keys now. */
  readonly into: string;
  /** The provider's own name of it: `projects/1234567890`. */
  readonly consumer: string;
}

/** The store cannot be reached, or can be again. */
export interface StoreEvent {
  readonly store: string;
  readonly isDegraded: boolean;
  readonly why: string;
}

/**
 * How much a gateway sheds, a step more each: `queue` nobody waits for a key, `refuse` a share of new requests is turned
 * away, `end` those who hold most are ended.
 */
export type OverloadLevel = 'none' | 'queue' | 'refuse' | 'end';

/** The gateway sheds more than before, or less. */
export interface OverloadEvent {
  readonly level: OverloadLevel;
  /** How late the event loop was at its worst since the last look, in ms. */
  readonly delayMs: number;
  /** What JavaScript holds, as a share of the most that its heap may hold. */
  readonly heapShare: number;
}

/** Every event by name. */
export interface GatewayEvents {
  attempt: AttemptEvent;
  retry: RetryEvent;
  request: RequestEndEvent;
  key: KeyEvent;
  breaker: BreakerEvent;
  project: ProjectEvent;
  store: StoreEvent;
  overload: OverloadEvent;
}

type Listener = (event: never) => unknown;
/** Where a text and an error are shown to whoever runs the process. */
type Warn = (text: string, error: unknown) => void;

/** Tells listeners what happened, at once and in order. A listener that fails disturbs neither the others nor who tells. */
export class Emitter {
  readonly #warn: Warn;
  readonly #listeners = new Map<keyof GatewayEvents, Set<Listener>>();
  /** Their errors have been told; one that fails would do so with every request. */
  readonly #failing = new WeakSet<Listener>();

  constructor(warn: Warn = console.error) {
    this.#warn = warn;
  }

  on<Name extends keyof GatewayEvents>(name: Name, listener: (event: GatewayEvents[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** Whether anybody wants to hear it; what is costly to tell is told only then. */
  has(name: keyof GatewayEvents): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof GatewayEvents>(name: Name, event: GatewayEvents[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        const returned = (listener as (event: GatewayEvents[Name]) => unknown)(event);
        // An async function fits the type, too, and its rejection would end the process.
        if (returned instanceof Promise) returned.catch((error) => this.#failed(name, listener, error));
      } catch (error) {
        this.#failed(name, listener, error);
      }
    }
  }

  #failed(name: keyof GatewayEvents, listener: Listener, error: unknown): void {
    if (this.#failing.has(listener)) return;
    this.#failing.add(listener);
    const text = `A listener of the event "${name}" has failed. Requests go on; this is told once for each listener.`;
    this.#warn(text, error);
  }
}
