import type { Caller } from '@sluice/core';
import type { Request, RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, provider, running, unary } from './running-app.ts';

/** As libraries of sessions do it: they know who it is, and put it on the request. */
const login: RequestHandler = (req, _res, next) => {
  const user = { 'session=a': 'alice', 'session=b': 'bob' }[req.headers.cookie ?? ''];
  Object.assign(req, { user });
  next();
};
const userOf = (req: Request | undefined): Caller | null => {
  const { user } = (req ?? {}) as { user?: string };
  return user === undefined ? null : { id: user };
};

describe('the app’s own sessions', () => {
  test('decide who calls, by what middleware has put on the request', async () => {
    const { options, simulator } = await provider();
    const seen: (string | null)[] = [];
    const origin = await running((app) => {
      const gemini = sluice({ ...options, callers: ({ host }) => userOf(host) });
      gemini.gateway.on('request', ({ caller }) => seen.push(caller));
      app.use(login, gemini);
    });
    const status = async (cookie: string): Promise<number> =>
      (await ask(origin + unary, { headers: { 'content-type': 'application/json', cookie } })).status;
    expect([await status('session=a'), await status('session=b'), await status('session=c')]).toEqual([200, 200, 401]);
    expect(seen).toEqual(['alice', 'bob', null]);
    expect(simulator.journal.requests).toHaveLength(2);
  });

  test('can be asked about with everything that Express knows of a request', async () => {
    const { options } = await provider();
    const hosts: unknown[] = [];
    const origin = await running((app) => {
      const gemini = sluice({
        ...options,
        callers({ host }) {
          hosts.push(host?.baseUrl, host?.get('x-tenant'), host?.params.tenant);
          return { id: 'anyone' };
        },
      });
      app.use('/tenants/:tenant/gemini', gemini);
    });
    await ask(`${origin}/tenants/acme/gemini${unary}`, {
      headers: { 'content-type': 'application/json', 'x-tenant': 'acme' },
    });
    expect(hosts).toEqual(['/tenants/acme/gemini', 'acme', 'acme']);
  });

  test('that throw let nobody in, and are no error of the app', async () => {
    const { options, simulator } = await provider();
    const errors: unknown[] = [];
    const origin = await running((app) => {
      app.use(sluice({ ...options, callers: ({ host }) => ({ id: (host as unknown as { user: Caller }).user.id }) }));
      app.use((error: unknown, _req: Request, _res: unknown, _next: unknown) => void errors.push(error));
    });
    const answer = await ask(origin + unary);
    expect([answer.status, JSON.parse(await answer.text()).error.status]).toEqual([503, 'UNAVAILABLE']);
    expect(errors).toEqual([]);
    expect(simulator.journal.requests).toHaveLength(0);
  });
});
