/** The other five assertions: calls, states, reservations, leftovers, secrets. Each returns what is wrong, or nothing. */

import type { Snapshot } from '@sluice/core';
import { eventually } from '@sluice/testkit';
import type { Aftermath, Expectation } from './row.ts';
import type { Seen } from './seen.ts';
import type { Stage } from './stage.ts';

/** A second for sockets to close, timers to go and slots to come back, and twice that for a busy machine. */
const leftoversMs = 3_000;

/** 2: the provider was called as often as expected, and the client was told so. */
export function checkCalls(
  { upstream, journal, answeredAnyway }: Stage,
  { calls }: Expectation,
  { callsBefore, seen }: { readonly callsBefore: number; readonly seen: Seen },
): string[] {
  const made = upstream.calls.length - callsBefore;
  const faults: string[] = [];
  if (made !== calls) faults.push(`${made} calls instead of ${calls}`);
  if (answeredAnyway > 0) faults.push('who could not be trusted was asked all the same');
  const arrived = journal?.requests.length ?? 0;
  if (arrived > upstream.calls.length)
    faults.push(`the provider was asked ${arrived} times, and the gateway knows of ${upstream.calls.length}`);
  if (seen.by === 'bytes' && seen.status > 0 && seen.headers['x-sluice-attempts'] !== String(made)) {
    faults.push(`x-sluice-attempts is ${seen.headers['x-sluice-attempts']} after ${made} calls`);
  }
  return faults;
}

/** 3: keys and breakers stand as expected; whoever is not named is as before, and that was in good health. */
export function checkStates({ gateway }: Stage, { model = 0, host = 0, rests = [] }: Aftermath): string[] {
  const { breakers, pools } = gateway.snapshot();
  const failures = (isModel: boolean): number =>
    breakers.find(({ target }) => target.includes('/') === isModel)?.failures ?? 0;
  const faults: string[] = [];
  if (model !== 'any' && failures(true) !== model)
    faults.push(`the model’s breaker counts ${failures(true)} instead of ${model}`);
  if (failures(false) !== host) faults.push(`the host’s breaker counts ${failures(false)} instead of ${host}`);
  const resting = restsOf(pools);
  if (resting.join() !== [...rests].join())
    faults.push(`resting: ${resting.join(', ') || 'nobody'}, instead of ${rests.join(', ') || 'nobody'}`);
  return faults;
}

/** `key`, `project` or `model`, and why it rests. */
function restsOf(pools: Snapshot['pools']): string[] {
  const rests = pools.flatMap(({ projects }) =>
    projects.flatMap((project) => [
      ...(project.state === 'ready' ? [] : [`project ${project.reason}`]),
      ...project.keys.filter(({ state }) => state !== 'ready').map(({ reason }) => `key ${reason}`),
      ...project.cooling.map(({ reason }) => `model ${reason}`),
    ]),
  );
  return rests.sort();
}

/** 4: every reservation was settled, once; what counts is counted, and never less than nothing. */
export function checkReservations(
  { store, gateway }: Stage,
  { calls, counted = calls }: Expectation,
  before: number,
): string[] {
  const reservations = store.reservations.slice(before);
  const faults: string[] = [];
  const unsettled = reservations.filter(({ settled }) => settled.length !== 1).length;
  if (unsettled > 0) faults.push(`${unsettled} of ${reservations.length} reservations were not settled once`);
  const spent = reservations.flatMap(({ settled }) => settled);
  const requests = spent.reduce((sum, one) => sum + one.requests, 0);
  if (requests !== counted) faults.push(`${requests} calls stay counted instead of ${counted}`);
  const odd = spent.filter(({ tokens }) => !Number.isFinite(tokens) || tokens < 0 || tokens > 1e12);
  if (odd.length > 0) faults.push(`tokens of ${odd.map(({ tokens }) => tokens).join()}`);
  const inFlight = gateway.snapshot().pools.flatMap(({ projects }) => projects.map((project) => project.inFlight));
  if (Math.max(...inFlight) > 0) faults.push(`${Math.max(...inFlight)} calls in flight`);
  return faults;
}

/** 5: a moment later nothing is left: no request inside, no call under way, no timer, no byte, no socket. */
export async function checkLeftovers(stage: Stage): Promise<string[]> {
  const { gateway, clock, journal } = stage;
  const faults: string[] = [];
  const gone = async (what: string, isGone: () => boolean): Promise<void> => {
    await eventually(what, isGone, leftoversMs).catch(() => faults.push(what));
  };
  await gone('a request is still inside', () => gateway.snapshot().open === 0);
  await gone('an upstream call still runs', () => stage.upstream.calls.every(({ end }) => end !== 'running'));
  await gone('an answer of the provider still runs', () => (journal?.running ?? 0) === 0);
  const { waiting, bufferedBytes, streams } = gateway.snapshot();
  if (waiting + bufferedBytes + streams > 0)
    faults.push(`left: ${waiting} waiting, ${bufferedBytes} bytes, ${streams} streams`);
  if (clock.pending > 0) faults.push(`${clock.pending} timers are set`);
  const { upstream } = stage.driver;
  // What may stay open is what can be used again: connections whose last answer came to its end. A connection that is
  // still being made is `fetch`'s own, and ends when `fetch` gives up.
  if (upstream === 'undici' || journal !== null) {
    await gone(
      'a connection is open that cannot be used again',
      () => stage.openConnections <= usableConnections(stage),
    );
  }
  await stage.closeGateway();
  // `fetch` keeps connections of its own, for the whole process.
  if (upstream === 'undici') await gone('a connection outlives the gateway', () => stage.openConnections === 0);
  return faults;
}

function usableConnections({ journal }: Stage): number {
  const last = new Map<number, boolean>();
  for (const { connection, finishedAtMs } of journal?.requests ?? []) last.set(connection, finishedAtMs !== null);
  return [...last.values()].filter(Boolean).length;
}

/** 6: no secret in anything that leaves: to the client, in events, in the snapshot. */
export function checkSecrets({ secrets, events, gateway }: Stage, transcript: string): string[] {
  const places = {
    'what the client saw': transcript,
    events: events.join('\n'),
    snapshot: JSON.stringify(gateway.snapshot()),
  };
  return Object.entries(places).flatMap(([place, text]) =>
    secrets.filter((secret) => spellings(secret).some((one) => text.includes(one))).map(() => `a key in ${place}`),
  );
}

/** A secret is one in other clothes, too. */
export function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex'), [...secret].reverse().join('')];
}
