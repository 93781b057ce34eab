/** Ephemeral tokens: made with a key, good for a few Live sessions of its project, for a short time. */

import { randomBytes } from 'node:crypto';
import type { SimulatedProject } from '../contract.ts';
import { type Fields, field, isFields, text } from '../gemini/body.ts';
import { Refused } from '../gemini/refused.ts';

/** A token, and what it allows. */
export interface AuthToken {
  /** `auth_tokens/…`: the secret itself. */
  readonly name: string;
  readonly project: SimulatedProject;
  /** After it, no session can be opened and none goes on. */
  readonly expiresMs: number;
  /** After it, no session can be opened. */
  readonly opensUntilMs: number;
  /** How many sessions are left; Infinity for a token without a limit. */
  usesLeft: number;
  /** Fields of a setup that are fixed, whatever the client says. */
  readonly setup: Fields;
}

const lifeMs = 30 * 60_000;
const opensMs = 60_000;

export class AuthTokens {
  readonly #byName = new Map<string, AuthToken>();

  /** @throws Refused for a number or a time that is none */
  create(body: Fields, project: SimulatedProject, nowMs: number): AuthToken {
    const uses = field(body, 'uses') ?? 1;
    if (typeof uses !== 'number' || !Number.isInteger(uses) || uses < 0) {
      throw new Refused('bad-value', { field: 'auth_token.uses', type: 'TYPE_INT32', why: JSON.stringify(uses) });
    }
    const setup = field(body, 'bidiGenerateContentSetup');
    const token = {
      name: `auth_tokens/${randomBytes(32).toString('hex')}`,
      project,
      expiresMs: timeIn(body, 'expireTime') ?? nowMs + lifeMs,
      opensUntilMs: timeIn(body, 'newSessionExpireTime') ?? nowMs + opensMs,
      // As at Google: 0 stands for no limit.
      usesLeft: uses === 0 ? Infinity : uses,
      setup: isFields(setup) ? setup : {},
    };
    this.#byName.set(token.name, token);
    return token;
  }

  /** Takes one use of a token; null when there is none left, or no such token. */
  take(name: string, nowMs: number): AuthToken | null {
    const token = this.#byName.get(name);
    if (token === undefined || token.usesLeft === 0) return null;
    if (nowMs >= Math.min(token.expiresMs, token.opensUntilMs)) return null;
    token.usesLeft -= 1;
    return token;
  }

  clear(): void {
    this.#byName.clear();
  }
}

function timeIn(body: Fields, name: string): number | null {
  const time = text(body, name);
  if (time === undefined) return null;
  const ms = Date.parse(time);
  if (Number.isFinite(ms)) return ms;
  const type = 'type.googleapis.com/google.protobuf.Timestamp';
  throw new Refused('bad-value', { field: `auth_token.${name}`, type, why: 'Illegal timestamp format' });
}
