import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { CallerLimits } from '../../src/auth/auth.ts';
import { aBench, ask, type Bench, codeOf, project } from './a-gateway.ts';

const [alice, bob] = ['canary-alice-key-0815', 'canary-bob-key-081500'];
const minuteMs = 61_000;

function limitedTo(limits: CallerLimits, simulator: object = {}): Promise<Bench> {
  const callers = [
    { id: 'alice', key: alice, limits },
    { id: 'bob', key: bob, limits },
  ];
  return aBench({ options: { callers, retry: { maxAttempts: 1 } }, ...simulator });
}

describe('a caller that has used up its limit', () => {
  test('of requests a minute is told so, and when it is let in again; others are let in all the while', async () => {
    const { clock, gateway, simulator } = await limitedTo({ requestsPerMinute: 2 });
    for (let call = 0; call < 2; call++) expect((await ask(gateway, { key: alice })).status).toBe(200);
    await clock.advance(20_500);
    const refused = await ask(gateway, { key: alice });
    expect([refused.status, codeOf(refused)]).toEqual([429, 'rate_limited']);
    expect(refused.text).toContain('2 requests a minute');
    // 40.5 s, in whole seconds and not too early.
    expect(refused.headers.get('retry-after')).toBe('41');
    expect((await ask(gateway, { key: bob })).status).toBe(200);
    await clock.advance(minuteMs - 20_500 - 1);
    expect((await ask(gateway, { key: alice })).status).toBe(429);
    await clock.advance(1);
    expect((await ask(gateway, { key: alice })).status).toBe(200);
    expect(simulator.journal.requests).toHaveLength(4);
  });

  test('of requests a day is let in again at midnight in Los Angeles', async () => {
    const { clock, gateway } = await limitedTo({ requestsPerDay: 1 });
    expect((await ask(gateway, { key: alice })).status).toBe(200);
    const refused = await ask(gateway, { key: alice });
    expect([codeOf(refused), refused.headers.get('retry-after')]).toEqual(['rate_limited', String(20 * 3_600)]);
    await clock.advance(20 * 3_600_000);
    expect((await ask(gateway, { key: alice })).status).toBe(200);
  });

  test('of requests at once is let in as soon as one has ended', async () => {
    const { gateway, simulator } = await limitedTo({ maxInFlight: 1 });
    simulator.plan('*', ['slow-stream', 'ok']);
    const first = ask(gateway, { key: alice });
    await eventually('it is under way', () => simulator.journal.running === 1);
    const refused = await ask(gateway, { key: alice });
    expect([codeOf(refused), refused.headers.get('retry-after')]).toEqual(['rate_limited', '1']);
    expect((await ask(gateway, { key: bob })).status).toBe(200);
    expect((await first).status).toBe(200);
    expect((await ask(gateway, { key: alice })).status).toBe(200);
  });

  test('has been answered before anything is asked of a provider or a project', async () => {
    const { gateway, simulator } = await limitedTo({ requestsPerMinute: 1 });
    await ask(gateway, { key: alice });
    for (let call = 0; call < 5; call++) await ask(gateway, { key: alice });
    expect(simulator.journal.requests).toHaveLength(1);
    expect(project(gateway).inFlight).toBe(0);
  });
});

describe('tokens of a caller', () => {
  /** An answer of one word; a prompt of about as many tokens as it is told. */
  const words = { simulator: { answer: () => 'Yes.' } };
  const prompt = (tokens: number): string => 'abc '.repeat(tokens);

  test('are reserved by estimate, and settled by what the answer says', async () => {
    const { gateway, simulator } = await limitedTo({ tokensPerMinute: 10_000 }, words);
    simulator.plan('*', ['slow-stream', 'ok']);
    const greedy = { key: alice, generationConfig: { maxOutputTokens: 9_000 } };
    const first = ask(gateway, greedy);
    await eventually('it is under way', () => simulator.journal.running === 1);
    // While nobody knows better, the estimate stands; then the answer's own count does.
    expect(codeOf(await ask(gateway, greedy))).toBe('rate_limited');
    expect((await ask(gateway, { ...greedy, key: bob })).status).toBe(200);
    expect((await first).status).toBe(200);
    expect((await ask(gateway, greedy)).status).toBe(200);
  });

  test('that were more than estimated are counted as well', async () => {
    const { gateway } = await limitedTo({ tokensPerMinute: 300 }, { simulator: { answer: () => prompt(400) } });
    expect((await ask(gateway, { key: alice })).status).toBe(200);
    const refused = await ask(gateway, { key: alice });
    expect([codeOf(refused), refused.headers.get('retry-after')]).toEqual(['rate_limited', '61']);
    expect(refused.text).toContain('300 tokens a minute');
  });

  test('of a call that was refused are given back', async () => {
    const { gateway, simulator } = await limitedTo({ tokensPerMinute: 1_000 }, words);
    simulator.plan('*', ['400', '503', '429-day', 'ok']);
    const big = { key: alice, generationConfig: { maxOutputTokens: 900 } };
    for (const status of [400, 503, 429]) expect((await ask(gateway, big)).status).toBe(status);
    expect((await ask(gateway, { ...big, model: 'gemini-2.5-pro' })).status).toBe(200);
  });
});

describe('a request that was refused before it went up costs nothing', () => {
  test.each<[string, (bench: Bench) => Promise<number>]>([
    [
      'for want of a key',
      async ({ control, gateway }) => {
        await control.disable('main#1');
        const { status } = await ask(gateway, { key: alice });
        await control.enable('main#1');
        return status;
      },
    ],
    [
      'for want of quota',
      async ({ gateway, simulator }) => {
        if (simulator.journal.requests.length === 0) simulator.plan('*', ['429', 'ok']);
        await ask(gateway, { key: bob, model: 'gemini-2.5-pro' });
        return (await ask(gateway, { key: alice, model: 'gemini-2.5-pro' })).status;
      },
    ],
    [
      'by an open breaker',
      async ({ gateway, options, simulator }) => {
        await gateway.reload({ ...options, breaker: { consecutiveFailures: 1, consecutiveSpanMs: 0 } });
        if (simulator.journal.requests.length === 0) simulator.plan('*', ['503', 'ok']);
        await ask(gateway, { key: bob, model: 'gemini-2.5-pro' });
        return (await ask(gateway, { key: alice, model: 'gemini-2.5-pro' })).status;
      },
    ],
    [
      'for a body that is no JSON type',
      async ({ gateway }) => {
        const init = { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain', 'x-goog-api-key': alice } };
        return (await gateway.fetch('/v1beta/models/gemini-2.5-flash:generateContent', init)).status;
      },
    ],
  ])('%s', async (_, refuse) => {
    const bench = await limitedTo({ requestsPerMinute: 1, requestsPerDay: 1 });
    for (let time = 0; time < 3; time++) expect(await refuse(bench)).toBeGreaterThanOrEqual(400);
    expect((await ask(bench.gateway, { key: alice })).status).toBe(200);
    expect(codeOf(await ask(bench.gateway, { key: alice }))).toBe('rate_limited');
  });
});

test('callers that a function knows have the limits that it says', async () => {
  const limits = { requestsPerMinute: 1, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };
  const { gateway } = await aBench({
    options: { callers: ({ credential }) => (credential === null ? null : { id: credential, limits }) },
  });
  expect([(await ask(gateway, { key: 'one' })).status, (await ask(gateway, { key: 'other' })).status]).toEqual([
    200, 200,
  ]);
  expect(codeOf(await ask(gateway, { key: 'one' }))).toBe('rate_limited');
});

test('a hundred requests at once of a caller that may make ten a minute: ten are let in', async () => {
  const { gateway, simulator } = await limitedTo({ requestsPerMinute: 10 });
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(gateway, { key: alice })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  expect(simulator.journal.requests).toHaveLength(10);
});
