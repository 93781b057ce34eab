/** Lets a play run to its end: real time for what moves by itself, the gateway's clock for what waits. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/**
 * Nothing has moved for so many turns of the event loop and so many ms: then only time is missing. While a call is under
 * way, sockets and the thread pool may need a while; a pause between two calls has nothing to wait for.
 */
const stillInCall = { turns: 20, ms: 40 };
const stillInDrip = { turns: 3, ms: 3 };
const stillInPause = { turns: 6, ms: 6 };
/** Longer than every limit of the gateway together: a play that is not over by then never will be. */
const longestMs = 4 * 3_600_000;

/** The slowest play takes a second where nothing else runs. */
const mostRealMs = 90_000;

/** Options of {@link untilOver}. */
export interface TimePassing {
  /** Time stands still while a call to the provider is under way. */
  readonly isInRealTime?: boolean | undefined;
  /** Something comes every now and then, and means nothing. */
  readonly isDripping?: boolean | undefined;
  /** So much has to be done that a while without a sign means nothing. */
  readonly isHeavy?: boolean | undefined;
  /** What else shows that something moves. */
  readonly received: () => number;
}

/**
 * Waits for an answer and turns the clock to the next timer whenever nothing moves any more.
 *
 * @throws Error when the answer needs hours, or more than some seconds of real time
 */
export async function untilOver<Answer>(answer: Promise<Answer>, stage: Stage, how: TimePassing): Promise<Answer> {
  let isOver = false;
  const over = answer.finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  const { clock, upstream } = stage;
  const startMs = clock.now();
  const giveUpAtMs = performance.now() + mostRealMs;
  while (!isOver) {
    const isInCall = upstream.calls.some(({ end }) => end === 'running');
    const still = how.isDripping ? stillInDrip : isInCall ? stillInCall : stillInPause;
    const isStanding = await isStill(stage, how, still, () => isOver);
    // Once the gateway is done with a request, no time has to pass for its client to read on.
    const isInside = stage.gateway.snapshot().open > 0;
    if (isStanding && isInside && !(isInCall && how.isInRealTime)) {
      // Some timers only look whether all is well: on to the first that makes something move.
      const before = fingerprint(stage, how.received);
      while (clock.nextInMs !== null && !isOver && fingerprint(stage, how.received) === before) {
        await clock.advance(clock.nextInMs);
        if (clock.now() - startMs > longestMs) throw new Error('no end after hours of the gateway’s clock');
      }
    }
    if (performance.now() > giveUpAtMs) throw new Error(`no end after ${mostRealMs / 1_000} s`);
  }
  return over;
}

async function isStill(
  stage: Stage,
  { received, isHeavy }: TimePassing,
  { turns, ms }: typeof stillInCall,
  isOver: () => boolean,
): Promise<boolean> {
  const untilMs = performance.now() + (isHeavy ? ms * 10 : ms);
  let before = fingerprint(stage, received);
  for (let turn = 0; turn < turns || performance.now() < untilMs; turn++) {
    await pause(1);
    if (isOver()) return false;
    const now = fingerprint(stage, received);
    if (now !== before) return false;
    before = now;
  }
  return true;
}

function fingerprint({ journal, upstream, events }: Stage, received: () => number): string {
  const sent = journal?.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
  const calls = upstream.calls.length;
  return [
    journal?.requests.length,
    journal?.connections,
    sent,
    upstream.ticks,
    calls,
    events.length,
    received(),
  ].join();
}
