/** Plays one case on one driver pair for one client, and checks it from all six sides. */

import type { Driver } from '@sluice/testkit';
import { checkCalls, checkLeftovers, checkReservations, checkSecrets, checkStates } from './check-aftermath.ts';
import { checkAnswer, inWords, isSilentlyShort, tell, wasCut } from './check-answer.ts';
import { untilOver } from './passing-time.ts';
import type { Expectation, Expected, Form, PlayedCase } from './row.ts';
import { type Stage, setStage } from './stage.ts';

/** What came of a play. */
export interface Outcome {
  /** One line for the table; the same for each run. */
  readonly saw: string;
  readonly calls: number;
  /** What is not as it should be. */
  readonly faults: readonly string[];
  /** The provider began an answer and did not bring it to its end. */
  readonly wasCut: boolean;
  /** … and the client took it for whole. */
  readonly isSilentlyShort: boolean;
}

/** Who plays what, and how it is asked for. */
export interface Part {
  readonly driver: Driver;
  readonly client: 'bytes' | 'sdk';
  readonly form: 'stream' | 'unary';
}

/** Never rejects: a play that cannot be finished is a fault of its own. */
export async function play(one: PlayedCase, part: Part): Promise<Outcome> {
  const expected = expectationOf(one, part);
  if (expected === null) throw new Error(`${one.name} says nothing of ${part.form}`);
  const stage = await setStage(part.driver, one.provider, one.more);
  try {
    return await perform(stage, one, part, expected);
  } catch (error) {
    return { saw: 'nothing', calls: 0, faults: [(error as Error).message], wasCut: false, isSilentlyShort: false };
  } finally {
    await stage.close();
  }
}

/** What is expected of a part; null where the case does not say. */
export function expectationOf(one: PlayedCase, { driver, form }: Part): Expectation | null {
  const expected: Expected | null = one[form];
  return expected !== null && 'undici' in expected ? expected[driver.upstream] : expected;
}

async function perform(stage: Stage, one: PlayedCase, part: Part, expected: Expectation): Promise<Outcome> {
  const { upstream, clock, store } = stage;
  const { warmUps = 0, promptBytes = 16, isInRealTime = false, isHeavy, isDripping } = one.more;
  const form: Form = part.form === 'stream' ? (one.more.form ?? 'stream') : 'unary';
  const client = stage[part.client];
  for (let time = 0; time < warmUps; time++) {
    const asked = client.ask(form, 'Before.');
    const { status } = await untilOver(asked.answer, stage, { received: () => asked.received });
    if (status !== 200) throw new Error(`a question before was answered ${status}`);
  }
  const [callsBefore, reservedBefore, startedMs] = [upstream.calls.length, store.reservations.length, clock.now()];
  const asked = client.ask(form, 'Why is the sky? '.padEnd(promptBytes, 'x'));
  const seen = await untilOver(asked.answer, stage, {
    received: () => asked.received,
    isHeavy,
    isDripping,
    isInRealTime: isInRealTime && part.driver.upstream === 'undici',
  });
  const tookMs = clock.now() - startedMs;
  const calls = upstream.calls.slice(callsBefore);
  const shown = calls.at(-1);
  const faults = [
    ...checkAnswer(seen, expected, shown),
    ...checkTime(tookMs, expected),
    ...checkPauses(stage, expected),
    ...checkCalls(stage, expected, { callsBefore, seen }),
    ...(await checkLeftovers(stage)),
    ...checkStates(stage, expected),
    ...checkReservations(stage, expected, reservedBefore),
    ...checkSecrets(stage, seen.transcript),
  ];
  const isCut = calls.some(wasCut);
  const isShort = isSilentlyShort(seen, shown);
  if (isShort) faults.push('a short answer was taken for a whole one');
  return {
    saw: inWords(seen, tell(seen, shown), expected),
    calls: calls.length,
    faults,
    wasCut: isCut,
    isSilentlyShort: isShort,
  };
}

function checkTime(tookMs: number, { betweenMs }: Expectation): string[] {
  if (betweenMs === undefined || (tookMs >= betweenMs[0] && tookMs <= betweenMs[1])) return [];
  return [`took ${Math.round(tookMs)} ms of the clock, not ${betweenMs.join(' to ')}`];
}

function checkPauses({ events }: Stage, { mostPauseMs = Number.POSITIVE_INFINITY }: Expectation): string[] {
  const retries = events.filter((event) => event.startsWith('retry ')).map((event) => event.slice('retry '.length));
  const pausedMs = retries.reduce((sum, retry) => sum + (JSON.parse(retry) as { afterMs: number }).afterMs, 0);
  return pausedMs <= mostPauseMs ? [] : [`paused for ${Math.round(pausedMs)} ms, not ${mostPauseMs}`];
}
