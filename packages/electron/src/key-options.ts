/** The gateway's options for the key that is in use. */

import { type Gateway, type GatewayOptions, type PoolOptions, parseKeys } from '@sluice/core';
import type { Standing } from './user-key.ts';

/** What the app says of its gateway. Keys are the user's, and whoever calls has been looked at by then. */
export type AppGatewayOptions = Omit<GatewayOptions, 'keys' | 'pools' | 'callers'>;

/** Keys of the app's own, for users who have none. */
export interface GivenKeys {
  /** Parted by commas; `project=KEY` groups them by Google project. Nothing is as good as no such keys. */
  readonly keys: string | undefined;
  /** Where they are good for, when that is not the pool's `baseUrl`. */
  readonly baseUrl?: string | undefined;
}

/** From which options are made. */
export interface OptionSources {
  readonly gateway: AppGatewayOptions;
  readonly pool: Omit<PoolOptions, 'projects'>;
  readonly given: GivenKeys | undefined;
}

/** A pool wants a key, and there is none: it is put away before anybody can ask. */
const nobody = { id: 'nobody', keys: ['there-is-no-key'] };

export function optionsFor(standing: Standing, { gateway, pool, given }: OptionSources): GatewayOptions {
  const { baseUrl } = given ?? {};
  const gemini =
    standing.reason === 'given'
      ? { ...pool, ...(baseUrl === undefined ? {} : { baseUrl }), projects: parseKeys(given?.keys ?? '') }
      : { ...pool, projects: [standing.key === null ? nobody : { id: 'user', keys: [standing.key] }] };
  return { ...gateway, pools: { gemini }, callers: 'anyone' };
}

/** What is remembered of a key that was saved anew counts no more; without a key every call is `no_usable_key`. */
export async function settle({ pools: { gemini } }: Gateway, { key, reason }: Standing): Promise<void> {
  if (key !== null) await gemini?.reset('user#1');
  else if (reason !== 'given') await gemini?.disable(`${nobody.id}#1`, 'there is no key');
}
