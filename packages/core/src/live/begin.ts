/** ONE TRY: a lease becomes a connection to the provider, the setup is said, and its first frame is waited for. */

import type { Workshop } from '../attempt/errand.ts';
import * as trouble from '../attempt/trouble.ts';
import { type Cancellable, Cancellation } from '../cancellation.ts';
import type { Closing, Dial, Dialed, Frame } from '../channel.ts';
import { type Failure, failure } from '../failure.ts';
import type { Lease } from '../pool/lease.ts';
import { findError } from '../provider/gemini/error-body.ts';
import { cleanReason, type Farewell, fitting, toClient } from './close-codes.ts';
import { failureOf } from './close-reasons.ts';
import type { Ticket } from './guest.ts';
import { isClosing, Lobby } from './lobby.ts';

/** What every try of one session is about. */
export interface LiveErrand {
  readonly requestId: string;
  readonly model: string | null;
  /** Path and query for the provider, without any credential. */
  readonly target: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  readonly setup: Frame;
  /** The setup names something that lives in one project. */
  readonly namesResource: boolean;
  /** The client's own credential, which goes up instead of a key. */
  readonly ticket: Ticket | null;
  readonly maxFrameBytes: number;
  readonly cancellation: Cancellation;
  readonly dial: Dial;
  readonly sent: () => void;
  readonly hold: (deltaBytes: number) => void;
}

/** What came of it. */
export type Beginning =
  | { readonly is: 'begun'; readonly provider: Lobby; over(failed: Failure | null): void }
  /** `farewell`: how the provider itself has ended it, cleaned, where it did. */
  | { readonly is: 'failed'; readonly failure: Failure; readonly farewell: Farewell | null };

/** Calls that do not generate are answered at once or not at all; so is a setup. */
const quickShare = 0.1;

/** Never rejects but for bugs: a session that was cancelled has failed. */
export async function begin(lease: Lease, errand: LiveErrand, shop: Workshop): Promise<Beginning> {
  const { cancellation, setup } = errand;
  const { health, host, clock, provider, scrubber, timeouts } = shop;
  const startedAtMs = clock.now();
  let status: number | null = null;
  if (cancellation.isCancelled) return failed(trouble.endedBy(cancellation.reason));
  const pass = health.enter({ host, model: errand.model });
  if ('retryAfterMs' in pass) {
    const model = pass.target === host ? null : errand.model;
    return failed(trouble.circuitOpen(model, pass.retryAfterMs, pass.isIsolated));
  }
  const over = (failure: Failure | null): void => tell(lease, errand, shop, { failure, status, startedAtMs });
  const lose = (known: Failure, farewell: Farewell | null = null): Beginning => {
    const failure = errand.ticket === null ? known : ofTicket(known);
    pass.settle(failure);
    over(failure);
    return { is: 'failed', failure, farewell };
  };
  const clean = (text: string): string => cleanReason(text, scrubber, lease.key.secret);

  errand.sent();
  const dialed = await dialWithin(lease, errand, shop);
  if (dialed.is === 'broken') return lose(brokenDial(dialed.error, cancellation));
  if (dialed.is === 'refused') {
    status = dialed.status;
    return lose(refusedDial(dialed, errand, shop), refusalFarewell(dialed, clean));
  }
  status = 101;
  const lobby = new Lobby(dialed.channel, errand.hold);
  dialed.channel.send(setup);
  try {
    const come = await lobby.first(clock, timeouts.headersMs * quickShare, cancellation);
    if (come === null) {
      lobby.channel.abort(new Error('it says nothing'));
      return lose(trouble.silence('headers', clock.now() - startedAtMs));
    }
    if (!isClosing(come)) {
      pass.proven();
      pass.settle(null);
      return { is: 'begun', provider: lobby, over };
    }
    const { namesResource } = errand;
    const known = failureOf(come, provider, { hasBegun: false, namesResource, nowMs: clock.wallNow() });
    return lose(known as Failure, isWord(come) ? toClient(come, clean) : null);
  } catch {
    // Only a cancellation ends the wait so, and its reason says by whom.
    lobby.channel.abort(new Error('nobody waits for it'));
    return lose(trouble.endedBy(cancellation.reason));
  }
}

function failed(failure: Failure): Beginning {
  return { is: 'failed', failure, farewell: null };
}

/** A connection that broke is no word of the provider's. */
function isWord({ isBroken, code }: Closing): boolean {
  return !isBroken && code !== 1006;
}

async function dialWithin(lease: Lease, errand: LiveErrand, shop: Workshop): Promise<Dialed> {
  const { clock, timeouts, limits, provider, origin } = shop;
  const { ticket, target, fields, cancellation } = errand;
  const gone = new Cancellation();
  const hangUp: Cancellable = { cancelled: (reason) => gone.cancel(reason) };
  cancellation.listen(hangUp);
  const late = Object.assign(new Error('no connection in time'), { code: 'UND_ERR_CONNECT_TIMEOUT' });
  const cancel = timeouts.connectMs === 0 ? () => {} : clock.after(timeouts.connectMs, () => gone.cancel(late));
  const signed = ticket?.parameter == null ? target : withParameter(target, ticket.parameter);
  const credential = ticket === null ? [provider.credential(lease.key.secret)] : headerOf(ticket);
  const dialed = await errand.dial({
    url: origin.replace(/^http/, 'ws') + signed,
    headers: { ...fields, ...Object.fromEntries(credential) },
    protocols: errand.protocols,
    maxFrameBytes: errand.maxFrameBytes,
    maxErrorBytes: limits.maxErrorBytes,
    gone,
  });
  cancel();
  cancellation.forget(hangUp);
  if (!gone.isCancelled || dialed.is === 'refused') return dialed;
  // It may have opened in the same moment.
  if (dialed.is === 'open') dialed.channel.abort(late);
  return { is: 'broken', error: gone.reason === late ? late : new Error('cancelled') };
}

function withParameter(target: string, parameter: string): string {
  return `${target}${target.includes('?') ? '&' : '?'}${parameter}`;
}

function headerOf({ header }: Ticket): (readonly [string, string])[] {
  return header === null ? [] : [['authorization', header]];
}

function brokenDial(error: Error, { isCancelled, reason }: Cancellation): Failure {
  return isCancelled ? trouble.endedBy(reason) : trouble.transportFailure(error, false);
}

type Refused = Extract<Dialed, { is: 'refused' }>;
const decoder = new TextDecoder();

function refusedDial(dialed: Refused, errand: LiveErrand, shop: Workshop): Failure {
  const { status, headers, body } = dialed;
  if (status >= 300 && status < 400) return trouble.redirected(status);
  if (status < 400) return trouble.noHttp(`the status ${status} instead of 101`);
  const retryAfter = headers['retry-after'];
  return shop.provider.classify({
    status,
    text: decoder.decode(body),
    retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
    namesResource: errand.namesResource,
    nowMs: shop.clock.wallNow(),
  });
}

/** A refusal over HTTP, as the provider would have said it over a channel. */
function refusalFarewell({ status, body }: Refused, clean: (text: string) => string): Farewell | null {
  const { message } = findError(decoder.decode(body));
  if (status < 400 || message === '') return null;
  const code = status === 400 ? 1007 : status < 429 ? 1008 : 1011;
  return { code, reason: fitting(clean(message)) };
}

/** It was the client's own token that was refused: no key and no project is to blame, and no other would help. */
export function ofTicket(known: Failure): Failure {
  if (known.scope !== 'key' && known.scope !== 'project') return known;
  const { kind, message } = known;
  return failure(kind, 'unauthorized', message, { scope: 'request', again: 'never', isProofOfNothing: true });
}

function tell(
  lease: Lease,
  { requestId, model }: LiveErrand,
  { emitter, clock, provider }: Workshop,
  { failure, status, startedAtMs }: { failure: Failure | null; status: number | null; startedAtMs: number },
): void {
  if (!emitter.has('attempt')) return;
  emitter.emit('attempt', {
    requestId,
    provider: provider.name,
    pool: lease.pool,
    project: lease.project,
    key: lease.key.id,
    model,
    outcome: failure?.kind ?? 'ok',
    status,
    durationMs: clock.now() - startedAtMs,
  });
}
