/** What request headers must be before anybody believes them. */

import { SluiceError } from '../errors.ts';
import type { HeaderBag } from '../wire.ts';

/** No client sends as many; who does wants something else. */
const mostFields = 100;
/** A name or an address, and a port: nothing that anybody could read a path or another host out of. */
const host = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** @throws SluiceError `headers_too_large` for too many fields, `invalid_request` for two hosts or one that is none, and for a method under another's name */
export function assertHeaders(headers: HeaderBag): void {
  let fields = 0;
  for (const _name in headers) fields++;
  if (fields > mostFields) {
    throw new SluiceError('headers_too_large', `The request has ${fields} header fields; ${mostFields} are read.`);
  }
  // Whoever may say one method and mean another could list what a POST would have made.
  if (headers['x-http-method-override'] !== undefined) {
    throw new SluiceError(
      'invalid_request',
      'The header x-http-method-override is not read here; send the method itself.',
    );
  }
  // In process there is no host field at all.
  const { host: named } = headers;
  if (named !== undefined && (typeof named !== 'string' || !host.test(named))) {
    throw new SluiceError('invalid_request', 'The header host must be there once, as name:port.');
  }
}
