/**
 * Requests at a fixed rate, whether answers come or not. A delay is counted from the moment at which its request was
 * due: a gateway that stalls is charged for all whom it keeps waiting, not only for the one that it was busy with.
 */

import type { Kind } from '../traffic.ts';
import { brokenConnection, Connection } from './connection.ts';

/** What is asked for. */
export interface OpenLoopOrder {
  readonly port: number;
  readonly kind: Kind;
  readonly key: string;
  readonly perSecond: number;
  readonly ms: number;
  /** Refusals of a gateway that is overloaded are counted; otherwise they are wrong. @default false */
  readonly mayBeShed?: boolean | undefined;
}

/** What came of it. */
export interface OpenLoopResult {
  /** Of right answers. */
  readonly delaysUs: Float64Array;
  readonly shed: number;
  /** Requests whose connection broke, where refusals are counted; otherwise that is wrong. */
  readonly broken: number;
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
export async function openLoop({
  port,
  kind,
  key,
  perSecond,
  ms,
  mayBeShed = false,
}: OpenLoopOrder): Promise<OpenLoopResult> {
  const delays: number[] = [];
  const problems: string[] = [];
  const idle: Client[] = [];
  const all = new Set<Client>();
  let shed = 0;
  let broken = 0;
  let running = 0;
  let onIdle: () => void = () => {};

  function addClient(): Client {
    const finish = (): void => {
      running--;
      if (running === 0) onIdle();
    };
    const connection = new Connection(
      port,
      { kind, key },
      {
        onRight(isReusable) {
          delays.push((performance.now() - client.dueAt) * 1e3);
          letGo(isReusable);
        },
        onWrong(problem) {
          const place = idle.indexOf(client);
          if (place >= 0 && mayBeShed) {
            // Nobody was waiting: a gateway may end such a connection when it likes.
            idle.splice(place, 1);
            all.delete(client);
            return;
          }
          if (mayBeShed && brokenConnection.test(problem)) {
            broken++;
            all.delete(client);
          } else problems.push(place >= 0 ? `${problem}, with nothing to answer` : problem);
          if (place < 0) finish();
        },
        ...(mayBeShed ? { onShed } : {}),
      },
    );
    function onShed(isReusable: boolean): void {
      shed++;
      letGo(isReusable);
    }
    function letGo(isReusable: boolean): void {
      if (isReusable) idle.push(client);
      else all.delete(client);
      finish();
    }
    const client: Client = { connection, dueAt: 0 };
    all.add(client);
    if (all.size > mostConnections) problems.push(`more than ${mostConnections} requests were waiting`);
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
  return { delaysUs: Float64Array.from(delays), shed, broken, problems };
}

async function until(dueAt: number): Promise<void> {
  const waitMs = dueAt - performance.now() - timerSlackMs;
  if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, Math.floor(waitMs)));
  while (performance.now() < dueAt) await new Promise((resolve) => setImmediate(resolve));
}
