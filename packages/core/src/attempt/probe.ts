/** Small questions of the gateway's own: is a key well again, and does a project hold something? */

import type { ProbeAnswer } from '../affinity/affinity.ts';
import type { Failure } from '../failure.ts';
import type { Workshop } from './errand.ts';
import { smallCall } from './small-call.ts';

const decoder = new TextDecoder();

/**
 * Whether a key that rests is well.
 *
 * @returns null when the provider answers as it should, else what its answer means
 * @throws Error when there was no answer
 */
export async function probe(shop: Workshop, secret: string, reason: string): Promise<Failure | null> {
  const { provider, clock } = shop;
  const { status, headers, body } = await smallCall(shop, secret, provider.probe(reason));
  if (status >= 200 && status < 300) return null;
  const retryAfter = headers['retry-after'];
  return provider.classify({
    status,
    text: decoder.decode(body),
    retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
    namesResource: false,
    nowMs: clock.wallNow(),
  });
}

/** Whether the project of a key holds a resource. Google says 403 for what is another project's, and for what is nowhere. */
export async function probeResource(
  shop: Workshop,
  secret: string,
  name: string,
  gone: AbortSignal,
): Promise<ProbeAnswer> {
  const { status } = await smallCall(shop, secret, { method: 'GET', target: `/v1beta/${name}`, body: null }, gone);
  if (status >= 200 && status < 300) return 'found';
  return status === 403 || status === 404 || status === 400 ? 'missing' : 'failed';
}
