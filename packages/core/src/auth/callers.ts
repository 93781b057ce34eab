/** Callers with keys of the gateway's own, known by their digests. */

import { platform } from '#platform';
import { SluiceError } from '../errors.ts';
import type { Auth, Caller } from './auth.ts';
import { singleCredential } from './credential.ts';

/** A caller as the settings have it. */
export interface ListedCaller extends Caller {
  readonly key: string;
}

/** A short key is hashed in a fraction of a microsecond; nobody's key is longer than this. */
const longestKey = 1_024;

/**
 * Knows callers by the SHA-256 digests of their keys, salted anew in each process: what is compared, and how long that
 * takes, tells nothing about a key.
 */
export function listedCallers(callers: readonly ListedCaller[]): Auth {
  const salt = crypto.randomUUID();
  const byId = new Map<string, Caller>(callers.map(({ id, limits }) => [id, { id, limits }]));
  const byDigest = Promise.all(
    callers.map(async ({ id, key, limits }) => [await platform.sha256(salt + key), { id, limits }] as const),
  ).then((entries) => new Map<string, Caller>(entries));
  let ready: ReadonlyMap<string, Caller> | null = null;
  void byDigest.then((map) => {
    ready = map;
  });
  const identify: Auth['identify'] = ({ target, headers }) => {
    const credential = singleCredential(target, headers);
    if (credential === null || credential.length > longestKey) throw unauthorized();
    const digest = platform.sha256(salt + credential);
    if (ready !== null && typeof digest === 'string') return find(ready, digest);
    return Promise.all([byDigest, digest]).then(([map, hex]) => find(map, hex));
  };
  return {
    known: (id) => byId.get(id) ?? null,
    identify,
    async keeps(id, shown) {
      try {
        return shown === null ? byId.has(id) : (await identify(shown)).id === id;
      } catch {
        // Its key is nobody's now, or it has come in by other means than a key.
        return false;
      }
    },
  };
}

function find(byDigest: ReadonlyMap<string, Caller>, digest: string): Caller {
  const caller = byDigest.get(digest);
  if (caller === undefined) throw unauthorized();
  return caller;
}

const anyone: Caller = { id: 'anyone' };

/** Everybody is the same caller: the host guards the mount. */
export function anyCaller(): Auth {
  return { identify: () => anyone, known: (id) => (id === anyone.id ? anyone : null), keeps: () => true };
}

/** One wording for a missing and a wrong key: an attacker learns nothing from the difference. */
export function unauthorized(): SluiceError {
  return new SluiceError(
    'unauthorized',
    'This gateway needs a caller key: there was none, or nobody here has it. Send it as x-goog-api-key, Authorization: Bearer or ?key=.',
  );
}

/** Where the host decides, nobody but the host knows by what. */
export function unknownToHost(): SluiceError {
  return new SluiceError(
    'unauthorized',
    'The server around this gateway does not know who asks. Sign in there, or send the session, token or key that it goes by.',
  );
}
