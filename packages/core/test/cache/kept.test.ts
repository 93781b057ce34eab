/** Answers that are kept: given again to whom they were given, byte for byte, at no cost of the provider's. */

import type { CallerLimits } from '@sluice/core';
import type { StepName } from '@sluice/simulator';
import { describeDrivers, eventually, type MountOptions } from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  alice,
  ask,
  bob,
  callers,
  calls,
  expectNothingTold,
  how,
  keeping,
  listenTo,
  post,
  sse,
  unary,
} from './asking.ts';

describeDrivers('an answer that is kept', (_driver, mount) => {
  test.each(calls)('%s is given again as it was', async (_, target, body) => {
    const mounted = await mount(keeping);
    const { ended, told } = listenTo(mounted);
    const first = await ask(mounted, target, { body });
    expect([how(first), first.brokenBy], first.text).toEqual(['200 miss 1', null]);
    const again = await ask(mounted, target, { body, headers: { 'user-agent': 'another', 'x-server-timeout': '9' } });
    expect([how(again), again.brokenBy]).toEqual(['200 hit 0', null]);
    expect(Buffer.compare(again.body, first.body)).toBe(0);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(again.headers.get('age')).toBe('0');
    expect(Date.parse(again.headers.get('date') ?? '')).toBeGreaterThan(0);
    expect(again.headers.get('x-sluice-request-id')).not.toBe(first.headers.get('x-sluice-request-id'));
    expect(mounted.simulator.journal.requests).toHaveLength(1);
    await eventually('both are told', () => ended.length === 2);
    expect(ended.map(({ cache, attempts, outcome }) => [cache, attempts, outcome])).toEqual([
      ['miss', 1, 'complete'],
      ['hit', 0, 'complete'],
    ]);
    expect(ended[1]?.usage).toBeNull();
    expect(ended.map(({ isStream }) => isStream)).toEqual([ended[0]?.isStream, ended[0]?.isStream]);
    expectNothingTold(told, mounted);
  });

  test('is so whatever the order of its keys and the white space', async () => {
    const mounted = await mount(keeping);
    const bodies = [
      '{"contents":[{"parts":[{"text":"x"}],"role":"user"}]}',
      ' {"contents": [{"role":"user", "parts":[{"text":"x"}]}]}',
    ];
    expect(how(await ask(mounted, unary, { body: bodies[0] as string }))).toBe('200 miss 1');
    expect(how(await ask(mounted, unary, { body: bodies[1] as string }))).toBe('200 hit 0');
    expect(how(await ask(mounted, unary, { body: (bodies[1] as string).replace('"x"', '"y"') }))).toBe('200 miss 1');
  });

  test('is nobody else’s', async () => {
    const mounted = await mount(keeping);
    for (const key of [alice, bob]) expect(how(await ask(mounted, unary, { key }))).toBe('200 miss 1');
    for (const key of [alice, bob]) expect(how(await ask(mounted, unary, { key }))).toBe('200 hit 0');
    expect(mounted.gateway.snapshot().cache.entries).toBe(2);
  });

  test('comes compressed as it came, and to those who accept that', async () => {
    const mounted = await mount(keeping);
    mounted.simulator.plan('*', ['gzip-stream']);
    const headers = { 'accept-encoding': 'gzip' };
    const first = await ask(mounted, sse, { headers });
    const again = await ask(mounted, sse, { headers });
    expect([how(first), how(again)]).toEqual(['200 miss 1', '200 hit 0']);
    expect(again.text).toBe(first.text);
    expect(again.text).toContain('"finishReason"');
    expect(how(await ask(mounted, sse, { headers: { 'accept-encoding': 'identity' } }))).toBe('200 miss 1');
  });

  test.each<[StepName, string]>([
    ['400', unary],
    ['429-bare', unary],
    ['503', unary],
    ['empty-200', unary],
    ['html-200', unary],
    ['error-200', unary],
    ['cut-length', unary],
    ['partial-206', unary],
    ['no-finish', sse],
    ['rst-mid-stream', sse],
    ['fin-no-last-chunk', sse],
    ['error-mid-stream', sse],
    ['thought-only', sse],
    ['gzip-truncated', sse],
  ])('is never one like %s', async (step, target) => {
    const mounted = await mount({ gateway: { ...keeping.gateway, retry: { maxAttempts: 1, maxKeyFailovers: 0 } } });
    mounted.simulator.plan('*', [step]);
    await ask(mounted, target).catch(() => {});
    await eventually('it is over', () => mounted.gateway.snapshot().open === 0);
    expect(mounted.gateway.snapshot().cache).toEqual({ entries: 0, bytes: 0 });
    const { headers } = await ask(mounted, target).catch(() => ({ headers: new Headers() }));
    expect(headers.get('x-sluice-cache')).not.toBe('hit');
  });

  test('is never one with another status than 200, however whole', async () => {
    const mounted = await mount(keeping);
    const whole = JSON.stringify({ candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'STOP' }] });
    const headers = [['content-type', 'application/json']] as const;
    mounted.simulator.plan('*', [{ status: 203, headers, chunks: [Buffer.from(whole)] }]);
    for (let time = 0; time < 2; time++) {
      const answer = await ask(mounted, unary);
      expect([how(answer), answer.text]).toEqual(['203 miss 1', whole]);
    }
  });

  test('is never one whose client has left', async () => {
    const mounted = await mount(keeping);
    mounted.simulator.plan('*', ['slow-stream']);
    const leave = new AbortController();
    const response = await post(mounted, sse, { signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    await response.body?.cancel().catch(() => {});
    await eventually('the provider is left', () => mounted.simulator.journal.running === 0);
    await eventually('it is over', () => mounted.gateway.snapshot().open === 0);
    expect(mounted.gateway.snapshot().cache.entries).toBe(0);
    expect(mounted.simulator.journal.requests[0]?.abandonedAtMs).not.toBeNull();
  });

  test('is none of more than its share of all bytes', async () => {
    const cache = { ttlMs: 60_000, maxBytes: 80_000 };
    const mounted = await mount({
      simulator: { answer: (prompt) => (prompt.includes('long') ? 'word '.repeat(4_000) : 'short') },
      gateway: { callers, cache },
    });
    const saying = (text: string): object => ({ contents: [{ role: 'user', parts: [{ text }] }] });
    const long = await ask(mounted, sse, { body: saying('long') });
    expect(long.body.length).toBeGreaterThan(10_000);
    expect([how(long), long.brokenBy]).toEqual(['200 miss 1', null]);
    expect(how(await ask(mounted, sse, { body: saying('long') }))).toBe('200 miss 1');
    for (let one = 0; one < 40; one++) await ask(mounted, unary, { body: saying(`${one}`) });
    const { entries, bytes } = mounted.gateway.snapshot().cache;
    expect(bytes).toBeLessThanOrEqual(cache.maxBytes);
    expect(entries).toBeGreaterThan(5);
    expect(entries).toBeLessThan(40);
    expect(how(await ask(mounted, unary, { body: saying('39') }))).toBe('200 hit 0');
    expect(how(await ask(mounted, unary, { body: saying('0') }))).toBe('200 miss 1');
  });
});

describeDrivers('what a client says about kept answers', (_driver, mount) => {
  const saying = (control: string) => ({ headers: { 'cache-control': control } });

  test('no-cache wants a new one, and that is kept in its place', async () => {
    let count = 0;
    const mounted = await mount({ ...keeping, simulator: { answer: () => `answer ${count++}` } });
    const first = await ask(mounted, unary);
    for (const headers of [{ 'cache-control': 'no-cache' }, { 'cache-control': 'max-age=0' }, { pragma: 'no-cache' }]) {
      const fresh = await ask(mounted, unary, { headers });
      expect([how(fresh), fresh.text === first.text]).toEqual(['200 miss 1', false]);
      const again = await ask(mounted, unary);
      expect([how(again), again.text]).toEqual(['200 hit 0', fresh.text]);
    }
  });

  test('no-store neither reads nor writes', async () => {
    const mounted = await mount(keeping);
    expect(how(await ask(mounted, unary, saying('no-store')))).toBe('200 miss 1');
    expect(mounted.gateway.snapshot().cache.entries).toBe(0);
    await ask(mounted, unary);
    expect(how(await ask(mounted, unary, saying('no-store')))).toBe('200 miss 1');
    expect(how(await ask(mounted, unary))).toBe('200 hit 0');
  });

  test('only-if-cached wants none that is not there', async () => {
    const mounted = await mount(keeping);
    const none = await ask(mounted, unary, saying('only-if-cached'));
    expect([how(none), none.text.includes('NOT_CACHED')]).toEqual(['504 miss 0', true]);
    expect(mounted.simulator.journal.requests).toHaveLength(0);
    await ask(mounted, unary);
    expect(how(await ask(mounted, unary, saying('only-if-cached')))).toBe('200 hit 0');
    expect(how(await ask(mounted, unary, saying('only-if-cached, no-cache')))).toBe('504 miss 0');
  });
});

describeDrivers('where nothing is kept or shared', (_driver, mount) => {
  test('nobody hears of it', async () => {
    const mounted = await mount({ gateway: { callers } });
    const { ended } = listenTo(mounted);
    for (let time = 0; time < 2; time++) {
      const answer = await ask(mounted, unary, { headers: { 'cache-control': 'only-if-cached' } });
      expect([answer.status, answer.headers.has('x-sluice-cache')]).toEqual([200, false]);
    }
    await eventually('both are told', () => ended.length === 2);
    expect(ended.map(({ cache }) => cache)).toEqual([null, null]);
    expect(mounted.simulator.journal.requests).toHaveLength(2);
  });

  test('nor of calls that leave something behind', async () => {
    const mounted = await mount(keeping);
    const made = {
      model: 'models/gemini-2.5-flash',
      contents: [{ role: 'user', parts: [{ text: 'x '.repeat(2_000) }] }],
    };
    for (const [target, body] of [
      ['/v1beta/cachedContents', made],
      ['/v1beta/interactions', { model: 'gemini-2.5-flash', input: 'x', store: false }],
      [
        '/v1beta/openai/chat/completions',
        { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'x' }], store: true },
      ],
    ] as const)
      for (let time = 0; time < 2; time++) {
        const answer = await ask(mounted, target, { body });
        expect([target, answer.headers.has('x-sluice-cache')]).toEqual([target, false]);
      }
    expect(mounted.gateway.snapshot().cache.entries).toBe(0);
  });
});

describeDrivers('the limits of a caller', (_driver, mount) => {
  const limitedTo = (limits: CallerLimits): MountOptions => ({
    gateway: { ...keeping.gateway, callers: [{ id: 'alice', key: alice, limits }] },
  });

  test('count a hit as a request', async () => {
    const mounted = await mount(limitedTo({ requestsPerMinute: 2 }));
    expect(how(await ask(mounted, unary))).toBe('200 miss 1');
    expect(how(await ask(mounted, unary))).toBe('200 hit 0');
    expect((await ask(mounted, unary)).status).toBe(429);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
  });

  test('count none of its tokens', async () => {
    const mounted = await mount({
      ...limitedTo({ tokensPerMinute: 60 }),
      simulator: { answer: () => 'word '.repeat(200) },
    });
    expect(how(await ask(mounted, unary))).toBe('200 miss 1');
    // More was used than there is.
    expect((await ask(mounted, unary, { headers: { 'cache-control': 'no-cache' } })).status).toBe(429);
    for (let time = 0; time < 5; time++) expect(how(await ask(mounted, unary))).toBe('200 hit 0');
  });
});
