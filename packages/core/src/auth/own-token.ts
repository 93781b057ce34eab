/** The OAuth token with which a caller opens a bucket of its own: the one thing of a caller's that signs a call upwards. */

import type { HeaderBag } from '../wire.ts';
import type { Asked } from './auth.ts';

/** Google's access tokens begin so, and no key of a caller does by accident. */
const oauth = /^bearer +ya29\.[\w.~+/=-]+ *$/i;

/** @returns the field as it came; null when there is none, or when it is something else */
export function ownToken({ authorization }: HeaderBag): string | null {
  return typeof authorization === 'string' && oauth.test(authorization) ? authorization : null;
}

/** Who asks is known by another credential than this. */
export function withoutOwnToken({ method, target, headers, host, cancellation }: Asked): Asked {
  const { authorization: _, ...others } = headers;
  return { method, target, headers: others, host, cancellation };
}
