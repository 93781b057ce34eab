/** Opaque handles (continuation tokens, session handles, upload sessions) by their hash: the store never sees one. */

import { platform } from '#platform';
import type { Eventually } from '../store/store.ts';

/** @returns `token/` and the SHA-256 of it as hex; at once where the runtime can */
export function tokenName(token: string): Eventually<string> {
  const digest = platform.sha256(token);
  return typeof digest === 'string' ? `token/${digest}` : digest.then((hex) => `token/${hex}`);
}
