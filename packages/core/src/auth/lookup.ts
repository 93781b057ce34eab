/** Callers that the host knows by its own means: its function is asked, and only what names a caller lets anybody in. */

import type { Clock } from '../clock.ts';
import { isSluiceError, SluiceError } from '../errors.ts';
import type { Asked, Auth, Caller, CallerLimits, CallerLookup } from './auth.ts';
import { unknownToHost } from './callers.ts';
import { credentialsOf } from './credential.ts';

/** How long the host may take. */
export interface LookupTime {
  readonly clock: Clock;
  /** 0 for no limit. */
  readonly callersMs: number;
}

/** It may know callers by other means than a credential, so several of those are its business. */
export function askedCallers(lookup: CallerLookup, time: LookupTime): Auth {
  return {
    // Only the function could tell, and it goes by requests.
    known: (id) => ({ id }),
    keeps: () => true,
    identify(asked) {
      const { method, target, headers, host } = asked;
      const [credential = null] = credentialsOf(target, headers);
      let found: unknown;
      try {
        found = lookup({ method, target, headers, credential, host });
      } catch (error) {
        throw failed(error);
      }
      return isThenable(found) ? inTime(found, asked, time).then(named) : named(found);
    },
  };
}

/** Libraries of databases have promises of their own. */
function isThenable(found: unknown): found is PromiseLike<unknown> {
  return typeof (found as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

function inTime(
  found: PromiseLike<unknown>,
  { cancellation }: Asked,
  { clock, callersMs }: LookupTime,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const letGo = (): void => {
      takeBack();
      cancellation?.forget(gone);
    };
    const gone = {
      cancelled(reason: unknown): void {
        takeBack();
        reject(reason);
      },
    };
    const overdue = (): void => {
      letGo();
      reject(unavailable(`The callers function has not answered within timeouts.callersMs (${callersMs} ms).`));
    };
    const takeBack = callersMs === 0 ? nothing : clock.after(callersMs, overdue);
    cancellation?.listen(gone);
    found.then(
      (caller) => {
        letGo();
        resolve(caller);
      },
      (error: unknown) => {
        letGo();
        reject(failed(error));
      },
    );
  });
}

function nothing(): void {}

/** What a function gives that finds nobody is often nothing at all; whatever else names no caller is a fault in it. */
function named(found: unknown): Caller {
  if (found === null || found === undefined) throw unknownToHost();
  const { id, limits } = found as Partial<Caller>;
  if (typeof id !== 'string' || id === '') {
    const what = typeof found === 'object' ? `an object whose id is ${kindOf(id)}` : kindOf(found);
    throw unavailable(`The callers function has returned ${what}; a caller is { id: 'text' }, and nobody is null.`);
  }
  if (limits !== undefined && limits !== null) assertLimits(limits);
  return found as Caller;
}

/** A value is not shown: it may be a session's. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  return value === '' ? 'an empty text' : value === null ? 'null' : `a ${typeof value}`;
}

const limitNames: ReadonlySet<string> = new Set<keyof CallerLimits>([
  'requestsPerMinute',
  'tokensPerMinute',
  'requestsPerDay',
  'maxInFlight',
]);

/** What is no number would count as no limit. */
function assertLimits(limits: object): void {
  for (const [name, value] of Object.entries(limits)) {
    const isKnown = limitNames.has(name);
    if (isKnown && (value === undefined || (Number.isSafeInteger(value) && value >= 0))) continue;
    const what = isKnown ? `limits.${name} that is no whole number from 0 up` : `an unknown limit, ${name}`;
    throw unavailable(`The callers function has returned ${what}.`);
  }
}

/** An error of ours says itself what to answer. Of any other the client learns nothing. */
function failed(error: unknown): SluiceError {
  return isSluiceError(error) ? error : unavailable('The callers function has failed.', error);
}

function unavailable(what: string, cause?: unknown): SluiceError {
  return new SluiceError('callers_unavailable', `This gateway cannot tell who asks, so nobody is let in. ${what}`, {
    cause,
  });
}
