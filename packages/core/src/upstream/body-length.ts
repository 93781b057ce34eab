/** The length of a body that passes while it comes, told to the provider as the client has told it. */

import type { UpstreamRequest } from '../wire.ts';

/** Name, value, name, value …; bytes that are here already need no word of ours. */
export function fieldsUp({ headers, body }: UpstreamRequest): string[] {
  if (body === null || body instanceof Uint8Array || body.declaredBytes === null) return headers;
  return [...headers, 'content-length', String(body.declaredBytes)];
}
