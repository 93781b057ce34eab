/** WHOSE AN UPLOAD IS: a session belongs to whoever has opened it, and goes on in the project that opened it. */

import type { Places } from '../affinity/places.ts';
import type { ReadHead } from '../attempt/errand.ts';
import type { Asked, Auth, Caller } from '../auth/auth.ts';
import { credentialsOf } from '../auth/credential.ts';
import type { Call } from '../surface/surface.ts';
import type { Exchange } from '../wire.ts';
import { addressesIn } from './session-address.ts';

/**
 * Who asks. In a session a request may come without any credential, as some SDKs send it: its address cannot be guessed, and
 * whoever has it acts for the one who opened it.
 *
 * @throws SluiceError `unauthorized`, also for a session that nobody knows; `storage_unavailable` while that cannot be told
 */
export async function callerOf(
  question: Asked,
  session: string,
  { auth, places }: { readonly auth: Auth; readonly places: Places },
): Promise<Caller> {
  if (credentialsOf(question.target, question.headers).length > 0) return auth.identify(question);
  const opener = await places.openerOf(session);
  return (opener === null ? null : auth.known(opener.caller)) ?? auth.identify(question);
}

/** Whose session an answer may open, and where that is written down. */
export interface Opening {
  readonly places: Places;
  readonly callerId: string;
}

/**
 * Reads the head of an answer to a part of an upload: a session that it opens is written down before the client can know of
 * it, and its address becomes one of ours.
 */
export function headReader(
  { session }: NonNullable<Call['upload']>,
  exchange: Exchange,
  { places, callerId }: Opening,
): ReadHead {
  return (headers, down, project) => {
    let written: Promise<void> | null = null;
    let known = session;
    for (const [field, address] of addressesIn(headers, () => exchange.publicBase())) {
      if (address === null) delete down[field];
      else down[field] = address.url;
      // The same address stands in two fields.
      if (address === null || address.uploadId === known) continue;
      known = address.uploadId;
      written = places.openedSession(known, project, callerId);
    }
    return written;
  };
}
