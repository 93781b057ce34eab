import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { eventually, read } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fixture } from './fixture.ts';
import { ask, prompt, running, streamed, unary, withNext } from './running-next.ts';

withNext({ TEST_KEY: demoKey });

describe('on the edge, a gateway of options, with the upstream of the edge', () => {
  let simulator: Simulator;
  let base: string;
  beforeAll(async () => {
    simulator = await startSimulator();
    // What plays the edge reads it once, at the first request.
    process.env.TEST_UPSTREAM = simulator.url;
  });
  beforeEach(async () => {
    base = `${await running()}/base/edge/own`;
    simulator.plan('*', ['ok']);
  });
  afterAll(() => simulator.close());

  test('answers whole and in a stream, with the bytes and the query that came', async () => {
    expect(await (await ask(`${base}${unary}`)).json()).toHaveProperty('candidates.0.finishReason', 'STOP');
    const { status, text, brokenBy } = await read(await ask(`${base}${streamed}`));
    expect([status, text.includes('"finishReason"'), brokenBy]).toEqual([200, true, null]);
    const request = simulator.journal.requests.at(-1);
    expect([request?.target, Buffer.from(request?.body ?? []).toString()]).toEqual([streamed, prompt]);
  });

  test.each(['rst-mid-stream', 'no-finish', 'error-mid-stream'] as const)(
    'a stream that breaks (%s) never looks like one that has ended',
    async (step) => {
      simulator.plan('*', [step]);
      const { text, brokenBy } = await read(await ask(`${base}${streamed}`));
      expect(text).toMatch(/"error"/);
      expect(brokenBy).not.toBeNull();
    },
  );

  test('a client that leaves ends the call to the provider', async () => {
    simulator.plan('*', ['slow-stream']);
    const leave = new AbortController();
    const answer = await ask(`${base}${streamed}`, { signal: leave.signal });
    await answer.body?.getReader().read();
    leave.abort();
    await eventually('the provider is left', () => simulator.journal.running === 0, 1_000);
  });

  test('while it thinks, too', async () => {
    simulator.plan('*', ['no-answer']);
    const leave = new AbortController();
    const answer = ask(`${base}${unary}`, { signal: leave.signal }).catch(() => null);
    await eventually('the call is under way', () => simulator.journal.running === 1);
    leave.abort();
    await eventually('the provider is left', () => simulator.journal.running === 0, 1_000);
    await answer;
  });
});

test('the bundle of the edge has nothing of Node in it', () => {
  const folder = join(fixture, '.next/server/edge/chunks');
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  // Next's own code asks for two that the edge has: https://nextjs.org/docs/app/api-reference/edge
  const asked = new Set(texts.flatMap((text) => text.match(/(?<=["'`])node:\w+/g) ?? []));
  expect([...asked].filter((name) => !/^node:(async_hooks|buffer|events)$/.test(name))).toEqual([]);
  expect(texts.join('')).toContain('x-sluice-request-id');
  expect(texts.join('')).not.toMatch(/undici|getHeapStatistics|createBrotliDecompress/);
});
