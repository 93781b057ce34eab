/** Where an upload goes on: the provider's address of a session becomes one of this gateway's. */

import { credentialParameters } from '../surface/gemini.ts';
import { parseTarget } from '../surface/target.ts';
import type { HeaderBag } from '../wire.ts';

/** An address of a session, as the client is told it. */
export interface SessionAddress {
  readonly url: string;
  readonly uploadId: string;
}

/** Fields that tell an address. `location` belongs to the older protocol. */
const telling = ['x-goog-upload-url', 'x-goog-upload-control-url', 'location'] as const;

/** The addresses that the head of an answer tells, by the field. One that leads elsewhere than into an upload is none. */
export function addressesIn(headers: HeaderBag, publicBase: () => string): ReadonlyMap<string, SessionAddress | null> {
  const found = new Map<string, SessionAddress | null>();
  for (const field of telling) {
    const value = headers[field];
    if (value !== undefined) found.set(field, typeof value === 'string' ? addressHere(value, publicBase) : null);
  }
  return found;
}

/**
 * Path and query stay as they are, but for credentials. By the path the client comes in again, so it has to be one that is
 * let in: a slash in the name of an environment's file may stand there encoded.
 */
function addressHere(address: string, publicBase: () => string): SessionAddress | null {
  const [, path = '', search = ''] = /^(?:https?:\/\/[^/?#]+)?(\/upload\/[^?]*)(\?.*)$/i.exec(address.trim()) ?? [];
  try {
    const { path: plain, query } = parseTarget(path.replace(/%2f/gi, '/') + search);
    const uploadId = query.find(({ name }) => name === 'upload_id')?.value ?? '';
    if (uploadId === '') return null;
    const kept = query.filter(({ name }) => !credentialParameters.has(name)).map(({ raw }) => raw);
    return { url: `${publicBase()}${plain}?${kept.join('&')}`, uploadId };
  } catch {
    // No path of an API: nobody could come back by it.
    return null;
  }
}
