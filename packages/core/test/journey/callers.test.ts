/** The host's own `callers` on the whole way: who is let in, who is not, and what each is told. */

import { IncomingMessage } from 'node:http';
import { describeDrivers, eventually, read } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { Caller, CallerLookup } from '../../src/auth/auth.ts';
import type { RequestEndEvent } from '../../src/events.ts';
import { createGateway } from '../../src/gateway.ts';
import { fetchHandler } from '../../src/web.ts';

const sessions = new Map<unknown, Caller>([
  ['session=a', { id: 'alice', limits: { requestsPerMinute: 1 } }],
  ['session=b', { id: 'bob', limits: { requestsPerMinute: 1 } }],
]);
const bySession: CallerLookup = ({ headers }) => sessions.get(headers.cookie);
const of = (cookie: string): RequestInit => ({ headers: { cookie } });

describeDrivers('sessions of the host', (_driver, mount) => {
  test('let in who has one, and keep out everybody else', async () => {
    const { ask, simulator } = await mount({ gateway: { callers: bySession } });
    for (const init of [{}, of('session=c'), { headers: { 'x-goog-api-key': 'session=a' } }]) {
      const refused = await read(await ask('generateContent', init));
      expect([refused.status, JSON.parse(refused.text).error.status]).toEqual([401, 'UNAUTHENTICATED']);
    }
    expect(simulator.journal.requests).toHaveLength(0);
    expect((await read(await ask('generateContent', of('session=a')))).status).toBe(200);
  });

  test('count for themselves, by the limits that stand with them', async () => {
    const { ask } = await mount({ gateway: { callers: bySession } });
    const status = async (cookie: string): Promise<number> =>
      (await read(await ask('generateContent', of(cookie)))).status;
    expect([await status('session=a'), await status('session=a'), await status('session=b')]).toEqual([200, 429, 200]);
  });
});

describeDrivers('a lookup that cannot tell', (_driver, mount) => {
  const down: CallerLookup = async () => {
    throw new Error('canary: the session store is down');
  };

  test.each<[string, CallerLookup, string]>([
    ['fails', down, 'canary: the session store is down'],
    ['never answers', () => new Promise(() => {}), 'timeouts.callersMs (50 ms)'],
    ['names no caller', (() => ({ name: 'canary' })) as never, 'id is missing'],
  ])('and %s ends as 503, and nothing goes up; the operator hears why', async (_, callers, why) => {
    const { ask, gateway, simulator } = await mount({ gateway: { callers, timeouts: { callersMs: 50 } } });
    const told: RequestEndEvent[] = [];
    gateway.on('request', (event) => told.push(event));
    const answer = await read(await ask('streamGenerateContent?alt=sse', of('session=a')));
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text).error).toMatchObject({
      status: 'UNAVAILABLE',
      details: [{ reason: 'CALLERS_UNAVAILABLE', domain: 'sluice' }],
    });
    expect(answer.text).not.toContain('canary');
    expect(simulator.journal.requests).toHaveLength(0);
    await eventually('it is told', () => told.length === 1);
    expect(told[0]).toMatchObject({
      error: 'callers_unavailable',
      caller: null,
      message: expect.stringContaining(why),
    });
  });

  test('is waited for no longer than the client waits', async () => {
    let isAsked = false;
    const callers: CallerLookup = () => {
      isAsked = true;
      return new Promise(() => {});
    };
    const { ask, gateway } = await mount({ gateway: { callers } });
    const leaving = new AbortController();
    const answer = ask('generateContent', { signal: leaving.signal });
    await eventually('the host is asked', () => isAsked);
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await eventually('it is over', () => gateway.snapshot().open === 0);
  });
});

describe('what the host knows of a request', () => {
  const hosts: unknown[] = [];
  const callers: CallerLookup = ({ host }) => {
    hosts.push(host);
    return null;
  };

  describeDrivers('by its driver', ({ client }, mount) => {
    test('is what the server handed in', async () => {
      const { ask } = await mount({ gateway: { callers } });
      await read(await ask('generateContent'));
      const host = hosts.pop();
      if (client === 'node') expect(host).toBeInstanceOf(IncomingMessage);
      else expect(host).toBeUndefined();
    });
  });

  test('is what a handler was called with beside the request', async () => {
    const handle = fetchHandler(createGateway({ keys: 'a-key', callers }));
    const context = { user: 'carol' };
    expect((await handle(new Request('http://gateway.test/v1beta/models'), context)).status).toBe(401);
    expect(hosts.pop()).toBe(context);
  });

  test('is nothing for calls in process', async () => {
    const gateway = createGateway({ keys: 'a-key', callers });
    expect((await gateway.fetch('/v1beta/models')).status).toBe(401);
    expect(hosts.pop()).toBeUndefined();
  });
});
