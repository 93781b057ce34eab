/** `docs/callers.md`, pasted and started: whoever has no session stays out, and two sessions are two callers. */
import { createHmac } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkDependencies } from '../docs/linked-modules.ts';
import { exampleWith, onSimulator, readPage } from '../package/pasted.ts';
import { type Running, startPasted } from '../package/running.ts';
import { startProvider } from '../package/simulator.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'reports', 'callers');
const flags = ['--conditions=@sluice/source'];
const page = readPage(join(root, 'docs/callers.md'), '@sluice/core');
const secret = 'canary-of-a-secret-that-signs-tokens';
const perMinute = 20; // as the page says

let provider: Running;
beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  linkDependencies(root, folder);
  provider = await startProvider(folder, flags);
}, 60_000);
afterAll(() => provider?.stop());

type Login = (origin: string) => Promise<Record<string, string>>;

const byCookie: Login = async (origin) => {
  const [cookie = ''] = (await fetch(`${origin}/login`, { method: 'POST' })).headers.getSetCookie();
  expect(cookie).toMatch(/^session=[\w-]+;.*HttpOnly/i);
  return { cookie: cookie.split(';', 1)[0] ?? '' };
};
let people = 0;
const byToken: Login = async () => ({ 'x-goog-api-key': token({ sub: `user-${++people}`, exp: soon() }) });

function soon(): number {
  return Math.floor(Date.now() / 1_000) + 600;
}

function token(claims: object, { key = secret, alg = 'HS256' } = {}): string {
  const parts = [{ alg, typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return [...parts, createHmac('sha256', key).update(parts.join('.')).digest('base64url')].join('.');
}

describe.each<[string, string, readonly string[], Login]>([
  ['Express', 'express.ts', ["from '@sluice/express'", '/login'], byCookie],
  ['Fastify', 'fastify.ts', ["from '@sluice/fastify'", '/login'], byCookie],
  ['Hono', 'hono.ts', ["from 'hono'", '/login'], byCookie],
  ['node:http', 'node-http.ts', ['createServer(', '/login'], byCookie],
  ['a token at node:http', 'token.ts', ['createHmac', 'createServer('], byToken],
])('%s, as on the page', (_name, file, marks, login) => {
  let running: Running;
  beforeAll(async () => {
    const env = { POOLS: provider.origin, JWT_SECRET: secret };
    running = await startPasted(onSimulator(exampleWith(page, marks)), folder, { env, flags, file });
  }, 60_000);
  afterAll(() => running?.stop());

  const call = async (path: string, headers: Record<string, string>, body?: object): Promise<[number, string]> => {
    const answer = await fetch(`${running.origin}/gemini${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return [answer.status, await answer.text()];
  };
  const generate = '/v1beta/models/gemini-2.5-flash:generateContent';
  const prompt = { contents: [{ parts: [{ text: 'hi' }] }] };

  test('who has no session is told so, each client in its own language', async () => {
    const strangers: Record<string, string>[] = [{}, { cookie: 'session=canary' }, { 'x-goog-api-key': 'canary' }];
    for (const headers of strangers) {
      const [status, text] = await call(generate, headers, prompt);
      expect([status, JSON.parse(text).error.status]).toEqual([401, 'UNAUTHENTICATED']);
      expect(text).not.toContain('canary');
    }
    const chat = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'hi' }] };
    const [status, text] = await call('/v1beta/openai/chat/completions', {}, chat);
    expect(status).toBe(401);
    // As Google's endpoint for OpenAI's clients answers: a list of one.
    expect([JSON.parse(text)].flat()[0].error).toMatchObject({ code: 401 });
  });

  test('two sessions are two callers: neither uses up what the other may use, nor sees what it has made', async () => {
    const [ann, bob] = [await login(running.origin), await login(running.origin)];
    const [made, cache] = await call('/v1beta/cachedContents', ann, {
      model: 'models/gemini-2.5-flash',
      contents: [{ role: 'user', parts: [{ text: 'A long text. '.repeat(2_000) }] }],
    });
    expect(made, cache).toBe(200);
    const { name } = JSON.parse(cache) as { name: string };
    expect((await call(`/v1beta/${name}`, ann))[0]).toBe(200);
    expect((await call(`/v1beta/${name}`, bob))[0]).toBe(404);

    const statuses: number[] = [];
    for (let count = 0; count < perMinute - 1; count++) statuses.push((await call(generate, ann, prompt))[0]);
    expect(statuses.filter((status) => status === 200)).toHaveLength(perMinute - 2);
    expect(statuses.at(-1)).toBe(429);
    expect((await call(generate, bob, prompt))[0]).toBe(200);
  });
});

describe('the token of the page', () => {
  let running: Running;
  beforeAll(async () => {
    const env = { POOLS: provider.origin, JWT_SECRET: secret };
    const code = onSimulator(exampleWith(page, ['createHmac', 'createServer(']));
    running = await startPasted(code, folder, { env, flags, file: 'tokens.ts' });
  }, 60_000);
  afterAll(() => running?.stop());

  test.each([
    ['signed by somebody else', token({ sub: 'ann', exp: soon() }, { key: 'another-secret' })],
    ['over', token({ sub: 'ann', exp: soon() - 601 })],
    ['without an end', token({ sub: 'ann' })],
    ['of nobody', token({ exp: soon() })],
    ['for another algorithm', token({ sub: 'ann', exp: soon() }, { alg: 'none' })],
    ['with its signature cut off', token({ sub: 'ann', exp: soon() }).replace(/[^.]+$/, '')],
    ['that is none', '..'],
  ])('that is %s lets nobody in', async (_, shown) => {
    const answer = await fetch(`${running.origin}/gemini/v1beta/models`, {
      headers: { authorization: `Bearer ${shown}` },
    });
    expect(answer.status).toBe(401);
  });

  test('goes up to nobody', async () => {
    const shown = token({ sub: 'ann', exp: soon() });
    const answer = await fetch(`${running.origin}/gemini/v1beta/models?key=${shown}`);
    expect(answer.status).toBe(200);
    // The simulator knows its own key alone, and has let this in.
    expect(await answer.text()).toContain('gemini');
  });
});
