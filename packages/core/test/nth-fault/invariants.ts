/** What holds after every replay, whatever failed in it. Each promise that is broken is a line. */

import { constants, gunzipSync } from 'node:zlib';
import { errorTable } from '../../src/error-table.ts';
import type { AttemptEvent, KeyEvent, RequestEndEvent } from '../../src/events.ts';
import { wholeOf } from './answers.ts';
import { callerKey, type Shown } from './client.ts';
import type { Faults, Kind } from './faults.ts';
import type { Scenario } from './scenarios.ts';
import { keyOf, type Stage } from './stage.ts';

/** One run that is over, and calm again. */
export interface Replay {
  readonly scenario: Scenario;
  readonly kind: Kind | null;
  readonly faults: Faults;
  readonly stage: Stage;
  readonly isOver: boolean;
  /** When the last request had ended. */
  readonly left: { readonly timers: number; readonly calls: number };
  /** Errors that reached nobody but the process. */
  readonly uncaught: readonly unknown[];
}

export function brokenPromises(replay: Replay): string[] {
  const { stage, isOver } = replay;
  if (!isOver) return [`${stage.inside} requests never ended`];
  return [
    ...leftBehind(replay),
    ...toldWrongly(replay),
    ...stage.clients.flatMap((one) => shownWrongly(one, stage)),
    ...leaked(replay),
    ...miscounted(replay),
  ];
}

function leftBehind({ stage, kind, left, uncaught, scenario }: Replay): string[] {
  const { gateway, upstream, clock, broken } = stage;
  const { open, streams, waiting, bufferedBytes, pools } = gateway.snapshot();
  const projects = pools.flatMap(({ projects: all }) => all);
  const resting = projects.flatMap(({ state, reason, keys }) => [{ state, reason }, ...keys]);
  const strangers = uncaught.filter(
    (error) => kind?.at !== 'listener' || !String(error).includes('a canary of a listener'),
  );
  return lines({
    'requests inside': stage.inside,
    'requests open': open,
    'streams open': streams,
    'requests waiting': waiting,
    'bytes buffered': bufferedBytes,
    'leases out': projects.reduce((sum, { inFlight }) => sum + inFlight, 0),
    'upstream calls running when the requests had ended': left.calls,
    'timers set when the requests had ended': left.timers,
    'upstream calls running': upstream.running.size,
    'timers set': clock.pending,
    'keys or projects resting': resting.filter(
      ({ state, reason }) => state !== 'ready' && !scenario.rests?.includes(reason ?? ''),
    ).length,
    'rejections of the gateway itself': broken.length === 0 ? 0 : broken.map(String).join('; '),
    'uncaught errors':
      strangers.length === 0 ? 0 : strangers.map((error) => (error as Error)?.stack ?? String(error)).join('; '),
  });
}

function lines(counts: Readonly<Record<string, number | string>>): string[] {
  return Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${what}: ${count}`]));
}

function toldWrongly({ stage, scenario }: Replay): string[] {
  const wrong: string[] = [];
  for (const { id } of stage.clients) {
    const ends = stage.told.filter(
      ({ name, event }) => name === 'request' && (event as RequestEndEvent).requestId === id,
    );
    if (ends.length !== 1) wrong.push(`${id} was told to be over ${ends.length} times`);
  }
  for (const { name, event } of stage.told) {
    const { state, reason } = event as KeyEvent;
    if (name === 'key' && state !== 'ready' && !scenario.rests?.includes(reason))
      wrong.push(`punished: ${JSON.stringify(event)}`);
  }
  return wrong;
}

/** A stream of this API that has come to its finish reason is whole without it. */
const endMark = 'data: [DONE]\n\n';
const marker = /"(?:finishReason|finish_reason)":"/;

/** A whole answer, an error with a code, or a connection that broke. */
function shownWrongly(client: Shown, { calls, told }: Stage): string[] {
  const { id, target: asked, misuse, outcome, status, text, isGone, hasLost } = client;
  const wrong = misuse.map((what) => `${id}: ${what}`);
  const say = (what: string): number => wrong.push(`${id}: ${what}: ${status} ${text.slice(0, 300)}`);
  const end = told.find(({ name, event }) => name === 'request' && (event as RequestEndEvent).requestId === id);
  const isToldComplete = (end?.event as RequestEndEvent | undefined)?.outcome === 'complete';
  if (hasLost) {
    if (outcome === 'ended') say('a clean end after a piece was lost');
    if (isToldComplete) say('told as complete although it broke');
    return wrong;
  }
  if (isGone) return wrong;
  if (status === 0) say('was told nothing');
  if (outcome === 'open') say('was never ended');
  const own = calls.filter(({ target, reply }) => target === asked && reply.status === status);
  const isWhole = own.some(({ reply }) => wholeOf(reply).replace(endMark, '') === text.replace(endMark, ''));
  if (outcome === 'ended' && !isWhole && !hasCode(text, status)) say('a clean end of something else');
  // A connection may break behind an answer that was whole, or at its last bytes.
  const mayBeComplete = outcome === 'ended' ? isWhole && status < 400 : marker.test(plainOf(client));
  if (isToldComplete && !mayBeComplete) say('told as complete');
  if (!isToldComplete && outcome === 'ended' && mayBeComplete) say('told as broken');
  return wrong;
}

/** What can be read of it, whole or not. */
function plainOf({ text, headers }: Shown): string {
  if (headers['content-encoding'] !== 'gzip') return text;
  try {
    return gunzipSync(Buffer.from(text, 'latin1'), { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
  } catch {
    return '';
  }
}

function hasCode(text: string, status: number): boolean {
  try {
    const { error } = JSON.parse(text) as {
      error: { type?: string; status?: string; details?: { reason?: string }[] };
    };
    const code = (error.type ?? error.details?.[0]?.reason ?? '').toLowerCase();
    return code in errorTable && errorTable[code as keyof typeof errorTable].status === status;
  } catch {
    return false;
  }
}

/** Keys of anybody, and the text of errors that are nobody's but ours. */
function leaked({ stage, scenario }: Replay): string[] {
  const keys = [callerKey, ...(scenario.projects ?? [{ id: 'main' }]).map(({ id }) => keyOf(id))];
  const shown = stage.clients.map(({ text, headers }) => text + JSON.stringify(headers)).join('\n');
  const told = JSON.stringify([stage.told, stage.gateway.snapshot()]);
  return [
    ...[...keys, 'a canary of'].filter((word) => shown.includes(word)).map((word) => `a client was shown ${word}`),
    ...keys.filter((word) => told.includes(word)).map((word) => `an event or a snapshot tells ${word}`),
  ];
}

/** What was reserved was settled, and each call that the provider has answered is counted once. */
function miscounted({ stage, kind, faults, scenario }: Replay): string[] {
  const { booked } = stage;
  const wrong: string[] = [];
  const open = booked.filter(({ spent }) => spent === null).length;
  // Nobody can settle what nobody knows of; the lease of it ends by itself.
  const lost = kind?.how === 'loses' ? faults.injected : 0;
  if (open > lost) wrong.push(`${open} of ${booked.length} reservations were never settled`);
  for (const { id, limits } of scenario.projects ?? []) {
    if (limits === undefined || !scenario.isShared) continue;
    const attempts = stage.told.filter(
      ({ name, event }) => name === 'attempt' && (event as AttemptEvent).project === id,
    );
    const answered = attempts.filter(({ event }) => (event as AttemptEvent).status === 200).length;
    const counted = booked.filter(({ scope, spent }) => scope.endsWith(`/${id}`) && spent?.requests === 1).length;
    if (counted < answered || counted > attempts.length + lost) {
      wrong.push(`${id}: ${counted} calls counted of ${attempts.length}, ${answered} of them answered`);
    }
  }
  return wrong;
}
