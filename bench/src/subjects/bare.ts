/** What bare proxies have in common, whoever calls them. It comes from the environment, as with the other subjects. */

import { Agent } from 'undici';
import { upstreamOrigin } from './announce.ts';

/** The one way up: that of core has the same settings. */
export const agent: Agent = new Agent({
  allowH2: false,
  bodyTimeout: 0,
  headersTimeout: 0,
  keepAliveTimeout: 20_000,
  pipelining: 1,
});
/** Header fields that stay behind. */
export const dropped: ReadonlySet<string> = new Set(
  'host connection content-length x-goog-api-key transfer-encoding keep-alive'.split(' '),
);
/** The provider. */
export const origin: string = upstreamOrigin();
/** What it knows us by. */
export const key: string = process.env.BENCH_PROVIDER_KEY as string;
