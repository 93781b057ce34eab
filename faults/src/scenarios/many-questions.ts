/** F33, F43, F44: what only shows over many questions. */

import type { StepName } from '@sluice/simulator';
import { untilOver } from '../passing-time.ts';
import type { ScenarioCase } from '../row.ts';
import type { SeenBytes } from '../seen.ts';
import type { Stage } from '../stage.ts';
import { askBytes, expectCleared, expectThat, onStage } from './scene.ts';

type Form = 'stream' | 'unary';

/** Ten questions within a second to one key that was told a delay that makes no sense. */
export function hammered(step: StepName): ScenarioCase {
  return {
    name: `${step}, ten times in a second`,
    forms: ['stream', 'unary'],
    more: {},
    scenario: (driver, form) =>
      onStage(driver, { steps: [step] }, {}, async (stage) => {
        const transcript: string[] = [];
        for (let time = 0; time < 10; time++) {
          transcript.push((await answered(stage, form)).transcript);
          await stage.clock.advance(95);
        }
        const calls = stage.upstream.calls.length;
        expectThat(calls <= 2, `the key was asked ${calls} times in a second`);
        const { untilMs = null } = stage.gateway.snapshot().pools[0]?.projects[0]?.cooling[0] ?? {};
        const leftMs = (untilMs ?? Number.NaN) - stage.clock.wallNow();
        expectThat(leftMs >= 0 && leftMs <= 86_400_000, `the key rests for ${leftMs} ms`);
        const rests = [`model ${stage.gateway.snapshot().pools[0]?.projects[0]?.cooling[0]?.reason}`];
        await expectCleared(stage, { calls, counted: 0, rests }, transcript.join('\n'));
        return 'asked at most once a second';
      }),
  };
}

const questions = 200;
const failingShare = 0.2;

/** One call in five fails, at random. */
export const randomFailures: ScenarioCase = {
  name: '503 on 20 % of the calls',
  forms: ['stream', 'unary'],
  more: {},
  scenario: (driver, form) => {
    const random = seeded(43);
    return onStage(driver, { steps: [() => (random() < failingShare ? '503' : 'ok')] }, {}, async (stage) => {
      // A pause before another try is over at once.
      stage.gateway.on('retry', ({ afterMs }) => void setImmediate(() => void stage.clock.advance(afterMs)));
      let failed = 0;
      for (let one = 0; one < questions; one++) {
        const { status } = await askBytes(stage, form).answer;
        if (status !== 200) failed++;
        await stage.clock.advance(50);
      }
      const calls = stage.upstream.calls.length;
      expectThat(failed <= questions * 0.01, `${failed} of ${questions} clients saw an error`);
      expectThat(calls <= questions * 1.3, `${calls} calls for ${questions} questions`);
      expectThat(!stage.events.some((event) => event.startsWith('breaker')), 'a breaker opened');
      const counted = calls - stepsOf(stage).filter((step) => step === '503').length;
      await expectCleared(stage, { calls, counted, model: 'any' }, '');
      return `${((failed / questions) * 100).toFixed(1)} % errors, ${(calls / questions).toFixed(2)} calls each`;
    });
  },
};

const perSecond = 100;
const outageMs = 3_000;

/** Every call fails, then none. */
export const outage: ScenarioCase = {
  name: '503 on every call',
  forms: ['stream', 'unary'],
  more: { isHeavy: true },
  scenario: (driver, form) => {
    let isDown = true;
    return onStage(driver, { steps: [() => (isDown ? '503' : 'ok')] }, {}, async (stage) => {
      const { clock, gateway, upstream } = stage;
      const startMs = clock.now();
      const openings: { readonly atMs: number; readonly calls: number; readonly forMs: number }[] = [];
      gateway.on('breaker', ({ state, untilMs }) => {
        const forMs = (untilMs ?? 0) - clock.wallNow();
        if (state === 'open') openings.push({ atMs: clock.now() - startMs, calls: upstream.calls.length, forMs });
      });
      const answers: Promise<SeenBytes>[] = [];
      for (let at = 0; at < outageMs; at += 1_000 / perSecond) {
        answers.push(askBytes(stage, form).answer);
        await clock.advance(1_000 / perSecond);
        await callsOver(stage);
      }
      const statuses = (await untilOver(Promise.all(answers), stage, { received: () => 0 })).map(
        ({ status }) => status,
      );
      expectThat(
        statuses.every((status) => status === 503),
        `statuses in the outage: ${[...new Set(statuses)].join()}`,
      );
      const [first] = openings;
      expectThat(first !== undefined && first.calls <= 50 && first.atMs <= 700, `opened at ${JSON.stringify(first)}`);
      const probes = upstream.calls.length - (first?.calls ?? 0);
      expectThat(probes <= openings.length + 3, `${probes} calls while it was open ${openings.length} times`);
      isDown = false;
      const healedMs = clock.now();
      const openMs = openings.at(-1)?.forMs ?? 0;
      for (;;) {
        const { status } = await answered(stage, form);
        if (status === 200) break;
        await clock.advance(100);
        expectThat(clock.now() - healedMs <= openMs + 500, `not back after ${clock.now() - healedMs} ms`);
      }
      const calls = upstream.calls.length;
      await expectCleared(stage, { calls, counted: 1, model: 'any' }, '');
      return '503 at once, one probe per open period, back after at most one';
    });
  },
};

function answered(stage: Stage, form: Form): Promise<SeenBytes> {
  const asked = askBytes(stage, form);
  return untilOver(asked.answer, stage, { received: () => asked.received });
}

/** Calls take no time at all on this clock. */
async function callsOver({ upstream }: Stage): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (turn > 2 && upstream.calls.every(({ end }) => end !== 'running')) return;
  }
}

function stepsOf({ journal }: Stage): string[] {
  return journal?.requests.map(({ step }) => step) ?? [];
}

/** Random numbers that are the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
