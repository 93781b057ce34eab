/** A request body that is all here before anybody asks for it. */

import type { BodyStream } from '../wire.ts';
import { StreamedBody } from './streamed-body.ts';

/** Bytes that somebody has read before. */
export function readyBody(bytes: Uint8Array): BodyStream | null {
  if (bytes.length === 0) return null;
  let isGiven = false;
  return new StreamedBody(bytes.length, (body) => ({
    pull() {
      if (isGiven) return;
      isGiven = true;
      body.push(bytes);
      body.finish();
    },
    hold() {},
    stop() {},
  }));
}
