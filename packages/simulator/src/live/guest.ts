/** Who opens a Live session: a key of a project, or a token that a project has given away. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { credentialsOf } from '../gemini/credentials.ts';
import { Refused } from '../gemini/refused.ts';
import type { World } from '../gemini/world.ts';
import type { AuthToken } from './auth-tokens.ts';
import { type Closing, closing, closingFor } from './closing.ts';
import type { LiveCall } from './live-path.ts';

/** A session is opened on behalf of a project. */
export interface Guest {
  readonly project: SimulatedProject;
  /** Null for a key. */
  readonly token: AuthToken | null;
}

const invalidToken =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid ' +
  'authentication credential.';

/** The guest, or the close that a bad credential meets. */
export function guestOf(request: RecordedRequest, { method }: LiveCall, world: World): Guest | Closing {
  const [credential, ...others] = credentialsOf(request);
  if (credential === undefined) return closingFor(new Refused('no-credential'));
  if (others.length > 0) return closingFor(new Refused('many-credentials'));
  const isConstrained = method === 'BidiGenerateContentConstrained';
  if (credential.kind === 'bearer') {
    const token = isConstrained ? world.authTokens.take(credential.value, world.now()) : null;
    return token === null ? closing(1008, invalidToken) : { project: token.project, token };
  }
  const project = world.projects.find(({ keys }) => keys.includes(credential.value));
  if (project === undefined) return closingFor(new Refused('400-key-invalid', { key: credential.value }));
  // A key is no token, and the constrained method takes tokens only.
  return isConstrained ? closingFor(new Refused('no-credential')) : { project, token: null };
}
