/** How a subject finds its provider, and how the bench finds the subject. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the bench reads from a subject's standard error to know its port. */
export const announcement: RegExp = /127\.0\.0\.1:(\d+)/;

/** The provider's origin. */
export function upstreamOrigin(): string {
  return process.env.BENCH_UPSTREAM as string;
}

/** Listens on a free port and says which. */
export function announce(server: Server): void {
  server.listen(0, '127.0.0.1', 1_024, () => {
    process.stderr.write(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  });
}
