/** Paths of the Live API. They are for WebSocket: over plain HTTP all that can be said is so. */

import { SluiceError } from '../errors.ts';

/** SDKs put two slashes before it where the base URL has no path. */
const family = /^\/+ws\/+google\.ai\.generativelanguage\./;

/** Whether a target is a live session's, of any version and method: whose else could it be? */
export function isLivePath(target: string): boolean {
  return family.test(target);
}

export function upgradeRequired(): SluiceError {
  return new SluiceError('upgrade_required', 'Sessions are held over WebSocket; send upgrade: websocket.');
}
