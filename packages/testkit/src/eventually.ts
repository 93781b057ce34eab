/** Waits for something that other sockets bring about, without sleeping longer than needed. */

import { setTimeout as pause } from 'node:timers/promises';

/** Resolves as soon as `isSo` holds; rejects with `what` after `withinMs`. */
export async function eventually(what: string, isSo: () => boolean, withinMs = 2_000): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > untilMs) throw new Error(`${what}: still not so after ${withinMs} ms`);
    await pause(2);
  }
}
