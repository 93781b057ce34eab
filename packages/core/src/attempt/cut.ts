/** The remainder of an answer whose stream broke: whether it can be asked for, and by which call. */

import type { Failure } from '../failure.ts';
import { Trail } from '../stream/trail.ts';
import type { Call } from '../surface/surface.ts';
import type { Errand } from './errand.ts';

/** A stream that broke and can be heard on. The client has seen whole events of it, and no end. */
export interface Cut {
  /** Path and query of the GET that tells what follows. */
  readonly target: string;
  readonly trail: Trail;
}

/** Follows the stream that begins; null where no remainder can be asked for, or be put behind compressed bytes. */
export function trailOf({ call, trail }: Errand, encoding: string | null): Trail | null {
  if (encoding !== null) return null;
  if (trail !== undefined) {
    trail.goOn();
    return trail;
  }
  const resumption = call.resumption ?? null;
  return resumption === null ? null : new Trail(call.dialect.grammar, resumption);
}

/** Null when what has broken the stream would break it again, or nobody knows where it stands. */
export function cutOf({ again, scope }: Failure, trail: Trail | null, { target }: Call): Cut | null {
  if (trail === null || again === 'never' || scope === 'client' || scope === 'gateway') return null;
  const remainder = trail.remainder(target);
  return remainder === null ? null : { target: remainder, trail };
}

const nothing = new Uint8Array();
/** It has no body to speak of, and it goes on in plain bytes. */
const neverAgain = new Set(['accept-encoding', 'content-type']);

/** The call that is made for the client then. It reads, whatever the call has done whose answer it ends. */
export function errandForRemainder(errand: Errand, { target, trail }: Cut): Errand {
  const { call, headers } = errand;
  const plain: string[] = ['accept-encoding', 'identity'];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (!neverAgain.has(name)) plain.push(name, headers[at + 1] as string);
  }
  return {
    ...errand,
    method: 'GET',
    headers: plain,
    body: nothing,
    trail,
    call: { ...call, target, model: null, answer: 'remainder', repeat: 'always' },
  };
}
