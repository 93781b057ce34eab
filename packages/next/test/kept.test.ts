import { createGateway, type Gateway } from '@sluice/core';
import { demoKey, startSimulator } from '@sluice/simulator';
import { neverShed } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RouteHandlers, type SluiceOptions, sluice } from '../src/index.ts';

const prompt = '{"contents":[{"parts":[{"text":"hi"}]}]}';
const alice = 'a-key-of-alice-0123456789';
const bob = 'a-key-of-bob-0123456789ab';

let simulator: Awaited<ReturnType<typeof startSimulator>>;
const made: Gateway[] = [];
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  (Reflect.get(globalThis, Symbol.for('@sluice/next')) as Map<string, unknown>).clear();
  for (const gateway of made.splice(0)) await gateway.close();
  await simulator.close();
});

/** One evaluation of a route's module. */
function evaluated(options: Partial<SluiceOptions> = {}): RouteHandlers {
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  const onGateway = (gateway: Gateway): void => void made.push(gateway);
  return sluice({ pools, callers: `alice=${alice}`, overload: neverShed, onGateway, ...options });
}

async function ask(route: RouteHandlers, mount = '/gemini', key = alice): Promise<number> {
  const path = ['v1beta', 'models', 'gemini-2.5-flash:generateContent'];
  const headers = { 'content-type': 'application/json', 'x-goog-api-key': key };
  const request = new Request(`http://localhost:3000${mount}/${path.join('/')}`, {
    method: 'POST',
    headers,
    body: prompt,
  });
  const answer = await route.POST(request, { params: Promise.resolve({ path }) });
  await answer.text();
  return answer.status;
}

test('nothing is made before the first request, and then one gateway for all that come at once', async () => {
  const route = evaluated();
  expect(made).toHaveLength(0);
  expect(await Promise.all([ask(route), ask(route), ask(route)])).toEqual([200, 200, 200]);
  expect(made).toHaveLength(1);
});

describe('while one develops', () => {
  beforeEach(() => vi.stubEnv('NODE_ENV', 'development'));

  test('a module that is evaluated again goes on with the gateway and what it knows', async () => {
    expect(await ask(evaluated())).toBe(200);
    simulator.plan('*', ['429-day']);
    await ask(evaluated());
    const [gateway] = made;
    expect(gateway?.snapshot().pools[0]?.projects[0]).toBeDefined();
    expect(await ask(evaluated())).toBe(429);
    expect(made).toHaveLength(1);
    expect(simulator.journal.requests).toHaveLength(2);
  });

  test('and with the options as they are now', async () => {
    expect(await ask(evaluated(), '/gemini', bob)).toBe(401);
    expect(await ask(evaluated({ callers: `bob=${bob}` }), '/gemini', bob)).toBe(200);
    expect(await ask(evaluated({ callers: `bob=${bob}` }), '/gemini', alice)).toBe(401);
    expect(made).toHaveLength(1);
  });

  test('options with a fault are told, and mended ones go on where the good ones were', async () => {
    const told = vi.spyOn(console, 'error').mockReturnValue();
    expect(await ask(evaluated())).toBe(200);
    const broken = evaluated({ retry: { maxAttempts: 0 } });
    expect([await ask(broken), await ask(broken)]).toEqual([500, 500]);
    expect(told.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining('retry.maxAttempts')]);
    expect(await ask(evaluated())).toBe(200);
    expect(made).toHaveLength(1);
  });

  test('routes at two paths have two gateways', async () => {
    expect([await ask(evaluated(), '/one'), await ask(evaluated(), '/two')]).toEqual([200, 200]);
    expect(made).toHaveLength(2);
  });

  test('two routes that are reached under one path part as soon as both are used, each with its own callers', async () => {
    const [first, second] = [evaluated(), evaluated({ callers: `bob=${bob}` })];
    expect(await ask(first, '/ai', alice)).toBe(200);
    expect(await ask(second, '/ai', bob)).toBe(200);
    expect([await ask(first, '/ai', alice), await ask(first, '/ai', bob)]).toEqual([200, 401]);
    expect([await ask(second, '/ai', alice), await ask(second, '/ai', bob)]).toEqual([401, 200]);
    expect(made).toHaveLength(2);
  });
});

describe('in production', () => {
  beforeEach(() => vi.stubEnv('NODE_ENV', 'production'));

  test('nobody guesses: what is evaluated twice has two gateways', async () => {
    expect([await ask(evaluated()), await ask(evaluated({ callers: `bob=${bob}` }))]).toEqual([200, 401]);
    expect(made).toHaveLength(2);
  });

  test('routes of one name share one gateway', async () => {
    expect([
      await ask(evaluated({ name: 'gemini' }), '/one'),
      await ask(evaluated({ name: 'gemini' }), '/two'),
    ]).toEqual([200, 200]);
    expect(made).toHaveLength(1);
  });
});

test('routes of one name that begin at once share one gateway, too', async () => {
  const routes = [evaluated({ name: 'gemini' }), evaluated({ name: 'gemini' }), evaluated({ name: 'gemini' })];
  expect(await Promise.all(routes.map((route) => ask(route)))).toEqual([200, 200, 200]);
  expect(made).toHaveLength(1);
});

test('a gateway that was handed in is used as it is, and nobody keeps it', async () => {
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  const gateway = createGateway({ pools, callers: 'anyone', overload: neverShed });
  made.push(gateway);
  expect(await ask(sluice(gateway))).toBe(200);
  await gateway.drain({ withinMs: 0 });
  expect(await ask(sluice(gateway))).toBe(503);
});

test('options with a fault are a 500 that tells a client nothing, and the log everything, once', async () => {
  const told = vi.spyOn(console, 'error').mockReturnValue();
  const route = sluice({ keys: undefined, callers: undefined, cache: { ttlMs: 'canary-value' } } as never);
  const answer = await route.GET(new Request('http://localhost/gemini/v1beta/models'), {
    params: Promise.resolve({ path: ['v1beta', 'models'] }),
  });
  expect(answer.status).toBe(500);
  const text = await answer.text();
  expect(JSON.parse(text)).toMatchObject({ error: { code: 500, status: 'INTERNAL' } });
  expect(text).not.toMatch(/canary|keys|callers/);
  await ask(route);
  expect(told.mock.calls).toEqual([[expect.stringMatching(/keys or pools[\s\S]*callers is missing/)]]);
});
