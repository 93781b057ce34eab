/**
 * Requests at a fixed rate, whether answers come or not. A delay is counted from the moment at which its request was
 * due: a gateway that stalls is charged for all whom it keeps waiting, not only for the one that it was busy with.
 */

import type { Kind } from '../traffic.ts';
import { Connection } from './connection.ts';

/** What is asked for. */
export interface OpenLoopOrder {
  readonly port: number;
  readonly kind: Kind;
  readonly key: string;
  readonly perSecond: number;
  readonly ms: number;
}

/** What came of it. */
export interface OpenLoopResult {
  readonly delaysUs: Float64Array;
  readonly problems: readonly string[];
}

/** A gateway that keeps so many waiting does not answer any more; what it keeps waiting for less is in the delays. */
const mostConnections = 1_000;
/** `setTimeout` may come this much late; the rest of a wait turns the event loop instead. */
const timerSlackMs = 1.5;

interface Client {
  readonly connection: Connection;
  dueAt: number;
}

/** Runs for `ms` and ends with the last answer. */
export async function openLoop({ port, kind, key, perSecond, ms }: OpenLoopOrder): Promise<OpenLoopResult> {
  const delays: number[] = [];
  const problems: string[] = [];
  const idle: Client[] = [];
  const all: Client[] = [];
  let running = 0;
  let onIdle: () => void = () => {};

  function addClient(): Client {
    const finish = (): void => {
      running--;
      if (running === 0) onIdle();
    };
    const connection = new Connection(port, kind, key, {
      onRight() {
        delays.push((performance.now() - client.dueAt) * 1e3);
        idle.push(client);
        finish();
      },
      onWrong(problem) {
        problems.push(problem);
        finish();
      },
    });
    const client: Client = { connection, dueAt: 0 };
    all.push(client);
    if (all.length > mostConnections) problems.push(`more than ${mostConnections} requests were waiting`);
    return client;
  }

  const gapMs = 1_000 / perSecond;
  const startAt = performance.now();
  const requests = Math.floor(ms / gapMs);
  for (let index = 0; index < requests && problems.length === 0; index++) {
    const dueAt = startAt + index * gapMs;
    await until(dueAt);
    const client = idle.pop() ?? addClient();
    client.dueAt = dueAt;
    running++;
    client.connection.send();
  }
  if (running > 0) await new Promise<void>((resolve) => (onIdle = resolve));
  for (const { connection } of all) connection.close();
  return { delaysUs: Float64Array.from(delays), problems };
}

async function until(dueAt: number): Promise<void> {
  const waitMs = dueAt - performance.now() - timerSlackMs;
  if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, Math.floor(waitMs)));
  while (performance.now() < dueAt) await new Promise((resolve) => setImmediate(resolve));
}
