/** WHO TALKS: a caller by its key, or by an ephemeral token that it has minted through this gateway. */

import type { Places } from '../affinity/places.ts';
import type { Auth, Caller } from '../auth/auth.ts';
import { unauthorized } from '../auth/callers.ts';
import { credentialsOf } from '../auth/credential.ts';
import type { Opening } from '../channel.ts';
import type { Cors } from '../door/cors.ts';
import { SluiceError } from '../errors.ts';
import { parseTarget } from '../surface/target.ts';
import type { HeaderBag } from '../wire.ts';
import type { LiveCall } from './paths.ts';

/** A token, ready to go up as the client has shown it. */
export interface Ticket {
  /** The project that it was minted in. */
  readonly project: string;
  /** For the query of the provider's URL; null when it goes as a header. */
  readonly parameter: string | null;
  readonly header: string | null;
}

/** Who was let in. */
export interface Guest {
  readonly caller: Caller;
  /** Null for who came with a key: then a key of the pool goes up. */
  readonly ticket: Ticket | null;
}

/** Who can tell. */
export interface Porters {
  readonly auth: Auth;
  readonly places: Places;
  readonly cors: Cors;
}

const tokenHeader = /^Token +(auth_tokens\/[\w.~=+-]{1,512}) *$/i;
const tokenShape = /^auth_tokens\/[\w.~=+-]{1,512}$/;

/**
 * @throws SluiceError `unauthorized` (the same for a missing, a wrong and an unknown credential), `invalid_request` for
 *   two that differ, `forbidden` for a page of another origin that has none of its own
 */
export async function identify(opening: Opening, call: LiveCall, { auth, places, cors }: Porters): Promise<Guest> {
  const { target, headers } = opening;
  const tokens = tokensOf(call.asked, headers);
  const keys = credentialsOf(target, headers);
  const [token] = tokens;
  if (token === undefined) {
    if (keys.length === 0 && isForeignPage(headers, cors)) throw foreignPage();
    return { caller: await auth.identify(opening), ticket: null };
  }
  if (new Set([...tokens.map(({ value }) => value), ...keys]).size > 1) {
    throw new SluiceError(
      'invalid_request',
      'The request carries an ephemeral token and another credential. Send one of them.',
    );
  }
  if (!call.isConstrained) {
    throw new SluiceError(
      'invalid_request',
      `Ephemeral tokens are for BidiGenerateContentConstrained, not for ${call.name}.`,
    );
  }
  const owner = await places.ownerOfToken(token.value);
  const caller = owner === null ? null : auth.known(owner.caller);
  if (owner === null || caller === null) throw unauthorized();
  return { caller, ticket: { project: owner.project, parameter: token.parameter, header: token.header } };
}

interface ShownToken {
  readonly value: string;
  readonly parameter: string | null;
  readonly header: string | null;
}

/** As JavaScript's SDK sends one, and as Python's does. */
function tokensOf(target: string, headers: HeaderBag): ShownToken[] {
  const shown: ShownToken[] = [];
  for (const { name, value, raw } of parseTarget(target).query) {
    if (name === 'access_token' && tokenShape.test(value)) shown.push({ value, parameter: raw, header: null });
  }
  for (const header of [headers.authorization ?? []].flat()) {
    const value = tokenHeader.exec(header)?.[1];
    if (value !== undefined) shown.push({ value, parameter: null, header });
  }
  return shown;
}

/**
 * Browsers let any page open a session, and send the user's cookies with it. Where a host knows its callers by
 * those, or guards the mount by the network, only pages that may call over HTTP may talk.
 */
function isForeignPage(headers: HeaderBag, cors: Cors): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return false;
  const isOwn = typeof origin === 'string' && URL.canParse(origin) && new URL(origin).host === host;
  return !isOwn && cors.headersFor(headers)['access-control-allow-origin'] === undefined;
}

function foreignPage(): SluiceError {
  return new SluiceError(
    'forbidden',
    'Pages of this origin may not talk here without a key; server.cors lists those that may.',
  );
}
