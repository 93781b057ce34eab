import type { FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, provider, running, unary } from './running-app.ts';

type KnownRequest = FastifyRequest & { user?: string | undefined };

describe('the app’s own sessions', () => {
  test('decide who calls, by what hooks have put on the request', async () => {
    const { options, simulator, gateway } = await provider({
      callers({ host }) {
        const { user } = host as KnownRequest;
        return user === undefined ? null : { id: user };
      },
    });
    const seen: (string | null)[] = [];
    gateway.on('request', ({ caller }) => seen.push(caller));
    const origin = await running((app) => {
      app.decorateRequest('user');
      app.addHook('onRequest', async (request: KnownRequest) => {
        request.user = { 'session=a': 'alice', 'session=b': 'bob' }[request.headers.cookie ?? ''];
      });
      app.register(sluice, { prefix: '/by-gateway', gateway });
      // The same by options, where the function is told what it is given.
      app.register(sluice, {
        prefix: '/by-options',
        pools: options.pools,
        callers({ host }) {
          seen.push(host?.url ?? null);
          const user = (host as KnownRequest | undefined)?.user;
          return user === undefined ? null : { id: user };
        },
      });
    });
    const status = async (prefix: string, cookie: string): Promise<number> =>
      (await ask(origin + prefix + unary, { headers: { 'content-type': 'application/json', cookie } })).status;
    for (const [cookie, expected] of [
      ['session=a', 200],
      ['session=b', 200],
      ['session=c', 401],
    ] as const) {
      expect(await status('/by-gateway', cookie)).toBe(expected);
      expect(await status('/by-options', cookie)).toBe(expected);
    }
    const url = `/by-options${unary}`;
    expect(seen).toEqual(['alice', url, 'bob', url, null, url]);
    expect(simulator.journal.requests).toHaveLength(4);
  });

  test('that throw let nobody in, and are no error of the app', async () => {
    const { gateway, simulator } = await provider({
      callers: ({ host }) => ({ id: (host as { user: { id: string } }).user.id }),
    });
    const errors: unknown[] = [];
    const origin = await running((app) => {
      app.setErrorHandler((error, _request, reply) => {
        errors.push(error);
        return reply.send('by the app');
      });
      app.register(sluice, { gateway });
    });
    const answer = await ask(origin + unary);
    expect([answer.status, JSON.parse(await answer.text()).error.status]).toEqual([503, 'UNAVAILABLE']);
    expect(errors).toEqual([]);
    expect(simulator.journal.requests).toHaveLength(0);
  });
});
