/** One Lua script: sent by its digest, and whole where the server does not know it or forbids that. */

import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';

export type RedisClient = Redis | Cluster;

/** Runs scripts on one client. */
export class Scripts {
  readonly client: RedisClient;
  /** Set once the server has refused `EVALSHA` itself: an access list without it, a proxy that knows no scripts. */
  #onlyWhole = false;

  constructor(client: RedisClient) {
    this.client = client;
  }

  async run(script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const rest = [keys.length, ...keys, ...values];
    if (!this.#onlyWhole) {
      try {
        return await this.client.call('evalsha', [script.digest, ...rest]);
      } catch (error) {
        const refusal = refusalIn(error);
        if (refusal === null) throw error;
        // A script that is only unknown becomes known by being sent whole once; `SCRIPT LOAD` is often forbidden.
        if (refusal === 'forbidden') this.#onlyWhole = true;
      }
    }
    return this.client.call('eval', [script.lua, ...rest]);
  }
}

export class Script {
  readonly lua: string;
  readonly digest: string;

  constructor(lua: string) {
    this.lua = lua;
    this.digest = createHash('sha1').update(lua).digest('hex');
  }
}

function refusalIn(error: unknown): 'unknown' | 'forbidden' | null {
  if (!(error instanceof Error)) return null;
  const { message } = error;
  if (message.startsWith('NOSCRIPT')) return 'unknown';
  const isAboutCommand = /evalsha/i.test(message);
  return isAboutCommand && /^NOPERM|unknown command|not (?:allowed|supported)/i.test(message) ? 'forbidden' : null;
}
