/** How long answers are kept, and what lets go of them. */

import { eventually, type ReadAnswer, read } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';
import type { GatewayOptions } from '../../src/options.ts';
import { aBench, codeOf, sharedStore } from '../gateway/a-gateway.ts';
import { alice, bob, callers, how, secret, unary } from './asking.ts';

const cache = { ttlMs: 10_000 };

async function ask(gateway: Gateway, headers: Record<string, string> = {}, key = alice): Promise<ReadAnswer> {
  const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: secret }] }] });
  const all = { 'content-type': 'application/json', 'x-goog-api-key': key, ...headers };
  return read(await gateway.fetch(unary, { method: 'POST', headers: all, body }));
}

const bench = (more: Partial<GatewayOptions> = {}) => aBench({ options: { callers, cache, ...more } });

describe('an answer is kept', () => {
  test('for as long as it may be, and tells its age', async () => {
    const { clock, gateway } = await bench();
    await ask(gateway);
    await clock.advance(9_999);
    const hit = await ask(gateway);
    expect([how(hit), hit.headers.get('age')]).toEqual(['200 hit 0', '9']);
    expect(hit.headers.get('date')).toBe(new Date(clock.wallNow()).toUTCString());
    await clock.advance(1);
    expect(how(await ask(gateway))).toBe('200 miss 1');
    expect(how(await ask(gateway))).toBe('200 hit 0');
  });

  test('for those who want it no older than so, and fresh for so long', async () => {
    const { clock, gateway } = await bench();
    await ask(gateway);
    await clock.advance(4_000);
    const saying = async (control: string): Promise<string> =>
      how(await ask(gateway, { 'cache-control': `${control}, only-if-cached` }));
    expect(await saying('max-age=4')).toBe('200 hit 0');
    expect(await saying('max-age=3')).toBe('504 miss 0');
    expect(await saying('min-fresh=6')).toBe('200 hit 0');
    expect(await saying('min-fresh=7')).toBe('504 miss 0');
  });
});

describe('what lets go of it', () => {
  test('a caller who may not call any more gets nothing of what was its own', async () => {
    const { gateway, options } = await bench();
    await ask(gateway);
    await gateway.reload({ ...options, callers: [{ id: 'bob', key: bob }] });
    expect(codeOf(await ask(gateway))).toBe('unauthorized');
    expect(how(await ask(gateway, {}, bob))).toBe('200 miss 1');
  });

  test('other options: a shorter time, fewer bytes, none at all', async () => {
    const { clock, gateway, options } = await bench();
    await ask(gateway);
    await ask(gateway, {}, bob);
    expect(gateway.snapshot().cache.entries).toBe(2);
    const { bytes } = gateway.snapshot().cache;
    await gateway.reload({ ...options, cache: { ttlMs: 10_000, maxBytes: bytes - 1 } });
    expect(gateway.snapshot().cache.entries).toBe(1);
    expect(how(await ask(gateway, {}, bob))).toBe('200 hit 0');
    await clock.advance(2_000);
    await gateway.reload({ ...options, cache: { ttlMs: 2_000 } });
    expect(how(await ask(gateway, {}, bob))).toBe('200 miss 1');
    await gateway.reload({ ...options, cache: {} });
    expect(gateway.snapshot().cache).toEqual({ entries: 0, bytes: 0 });
    expect((await ask(gateway, {}, bob)).headers.has('x-sluice-cache')).toBe(false);
    await gateway.reload(options);
    expect(how(await ask(gateway, {}, bob))).toBe('200 miss 1');
  });

  test('another provider, and another model behind an alias', async () => {
    const { gateway, options, simulator } = await bench({
      routes: { 'gemini-2.5-flash': { model: 'gemini-2.5-pro' } },
    });
    await ask(gateway);
    await gateway.reload({ ...options, routes: {} });
    expect(how(await ask(gateway))).toBe('200 miss 1');
    const projects = options.pools?.gemini?.projects ?? [];
    const baseUrl = simulator.url.replace('127.0.0.1', 'localhost');
    await gateway.reload({ ...options, routes: {}, pools: { gemini: { baseUrl, projects } } });
    expect(how(await ask(gateway))).not.toMatch(/hit/);
  });

  test('an answer that lands after the options have changed is not kept', async () => {
    const { gateway, options, simulator } = await bench();
    simulator.plan('*', ['slow-stream']);
    const answer = ask(gateway);
    await eventually('it is under way', () => simulator.journal.running === 1);
    await gateway.reload({ ...options, cache: {} });
    expect((await answer).status).toBe(200);
    expect(gateway.snapshot().cache.entries).toBe(0);
  });

  test.each<[string, (gateway: Gateway) => Promise<void>]>([
    ['going down', (gateway) => gateway.drain({ withinMs: 1_000 })],
    ['closing', (gateway) => gateway.close()],
  ])('%s', async (_, goDown) => {
    const { gateway } = await bench();
    await ask(gateway);
    expect(gateway.snapshot().cache.entries).toBe(1);
    await goDown(gateway);
    expect(gateway.snapshot().cache).toEqual({ entries: 0, bytes: 0 });
  });
});

test('a client that does not take its answer has no more time than any other, long after the provider is done', async () => {
  const { clock, gateway, simulator } = await aBench({
    simulator: { answer: () => 'word '.repeat(4_000) },
    options: {
      callers,
      cache: { ttlMs: 60_000, singleFlight: true },
      timeouts: { totalMs: 5_000, slowReaderMs: 0 },
    },
  });
  const target = unary.replace(':generateContent', ':streamGenerateContent?alt=sse');
  const headers = { 'content-type': 'application/json', 'x-goog-api-key': alice };
  const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: secret }] }] });
  const post = (): Promise<Response> => gateway.fetch(target, { method: 'POST', headers, body });
  const idle = await post();
  const brisk = await read(await post());
  expect([how(brisk), brisk.brokenBy]).toEqual(['200 shared 1', null]);
  await eventually('the provider is done', () => simulator.journal.running === 0);
  await clock.advance(1_000);
  const late = await post();
  expect(late.headers.get('x-sluice-cache')).toBe('hit');
  await clock.advance(3_999);
  expect(gateway.snapshot().open).toBe(2);
  await clock.advance(1);
  expect(gateway.snapshot().open).toBe(1);
  await clock.advance(1_000);
  expect(gateway.snapshot()).toMatchObject({ open: 0, bufferedBytes: 0 });
  for (const response of [idle, late]) expect((await read(response)).brokenBy).not.toBeNull();
});

describe('who shares what', () => {
  test('callers that a function knows share nothing', async () => {
    const { gateway } = await bench({ callers: ({ credential }) => (credential === null ? null : { id: credential }) });
    expect(how(await ask(gateway))).toBe('200 miss 1');
    expect(how(await ask(gateway, {}, bob))).toBe('200 miss 1');
    expect(how(await ask(gateway))).toBe('200 hit 0');
  });

  test('with a store of another process a hit is counted there, and waits for it', async () => {
    const limits = { requestsPerMinute: 2 };
    const { gateway, clock } = await bench({ callers: [{ id: 'alice', key: alice, limits }] });
    await gateway.close();
    const other = await aBench({
      options: { cache, callers: [{ id: 'alice', key: alice, limits }], store: sharedStore(clock) },
    });
    expect(how(await ask(other.gateway))).toBe('200 miss 1');
    expect(how(await ask(other.gateway))).toBe('200 hit 0');
    expect(codeOf(await ask(other.gateway))).toBe('rate_limited');
  });
});
