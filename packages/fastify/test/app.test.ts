import { GoogleGenAI } from '@google/genai';
import { type Gateway, isSluiceError } from '@sluice/core';
import { eventually, rawRequest, read } from '@sluice/testkit';
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { expect, test } from 'vitest';
import { type SluiceOptions, sluice } from '../src/index.ts';
import { ask, json, prompt, provider, running, streamed, unary } from './running-app.ts';

test('options make a gateway that lives as long as the app', async () => {
  const { options } = await provider();
  const origin = await running((app) => app.register(sluice, { prefix: '/gemini', ...options }));
  expect((await ask(`${origin}/gemini${unary}`)).status).toBe(200);
});

const wrong: readonly (readonly [what: string, options: SluiceOptions, words: RegExp])[] = [
  ['without callers', { keys: 'k' }, /callers is missing/],
  ['with an unknown name', { keys: 'k', callers: 'anyone', retries: 1 } as never, /retries/],
  ['with nothing', {}, /callers is missing/],
];

test.each(wrong)('options %s are told where the app gets ready', async (_what, options, words) => {
  const app = Fastify();
  app.register(sluice, { prefix: '/gemini', ...options });
  const error: unknown = await app.ready().then(null, (reason: unknown) => reason);
  expect(isSluiceError(error, 'invalid_options')).toBe(true);
  expect(String(error)).toMatch(words);
});

test('options beside a gateway that was handed in would do nothing, and are refused', async () => {
  const { gateway } = await provider();
  const app = Fastify();
  app.register(sluice, { prefix: '/gemini', gateway, drainMs: 1, keys: 'k', callers: 'anyone' } as never);
  await expect(app.ready()).rejects.toThrow('beside keys, callers');
});

test('a server that speaks HTTP/2 is refused where the app gets ready', async () => {
  const { gateway } = await provider();
  const app = Fastify({ http2: true });
  app.register(sluice, { prefix: '/gemini', gateway });
  await expect(app.ready()).rejects.toThrow('leave http2 out');
});

test('an SDK that knows nothing of it streams through a mount', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => app.register(sluice, { prefix: '/ai/gemini', gateway }));
  const ai = new GoogleGenAI({ apiKey: 'whatever', httpOptions: { baseUrl: `${origin}/ai/gemini` } });
  let text = '';
  for await (const { text: piece } of await ai.models.generateContentStream({
    model: 'gemini-2.5-flash',
    contents: 'hi',
  })) {
    text += piece ?? '';
  }
  expect(text).toContain('simulator');
});

const mounts: readonly (readonly [what: string, base: string, set: (app: FastifyInstance, own: Own) => unknown])[] = [
  ['no prefix', '', (app, own) => app.register(sluice, own)],
  ['a prefix without a slash', '/gemini', (app, own) => app.register(sluice, { ...own, prefix: 'gemini' })],
  [
    'a prefix inside another',
    '/a/b/gemini',
    (app, own) =>
      app.register(async (inner) => void inner.register(sluice, { ...own, prefix: '/gemini' }), { prefix: '/a/b' }),
  ],
  [
    'no prefix inside another',
    '/a',
    (app, own) => app.register(async (inner) => void inner.register(sluice, own), { prefix: '/a' }),
  ],
  [
    'a parameter',
    '/tenants/a%20b/gemini',
    (app, own) => app.register(sluice, { ...own, prefix: '/tenants/:tenant/gemini' }),
  ],
  [
    'a parameter that hides a slash',
    '/tenants/a%2Fb',
    (app, own) => app.register(sluice, { ...own, prefix: '/tenants/:tenant' }),
  ],
  [
    'a parameter with a pattern',
    '/v12/ai',
    (app, own) => app.register(sluice, { ...own, prefix: '/v:number(^[^/]+)/ai' }),
  ],
  [
    'two parameters in one part',
    '/eu-west/ai',
    (app, own) => app.register(sluice, { ...own, prefix: '/:land-:side/ai' }),
  ],
  [
    'a prefix that the client has encoded',
    '/gem%69ni',
    (app, own) => app.register(sluice, { ...own, prefix: '/gemini' }),
  ],
];
type Own = { readonly gateway: Gateway };

test.each(mounts)('mounted under %s, it serves %s', async (_what, base, set) => {
  const { gateway, simulator } = await provider();
  const origin = await running((app) => set(app, { gateway }));
  expect((await ask(`${origin}${base}${unary}`)).status).toBe(200);
  expect(simulator.journal.requests.map(({ target }) => target)).toEqual([unary]);
  expect((await ask(`${origin}/not${base}${unary}`)).status).toBe(404);
  expect(simulator.journal.requests).toHaveLength(1);
});

const settings: readonly (readonly [what: string, options: FastifyServerOptions, path: string])[] = [
  ['caseSensitive: false', { routerOptions: { caseSensitive: false } }, '/GEMINI'],
  ['ignoreTrailingSlash', { routerOptions: { ignoreTrailingSlash: true } }, '/gemini'],
  ['ignoreDuplicateSlashes', { routerOptions: { ignoreDuplicateSlashes: true } }, '//gemini'],
  ['rewriteUrl', { rewriteUrl: ({ url = '' }) => url.replace('/api', '') }, '/api/gemini'],
  ['a short bodyLimit', { bodyLimit: 1 }, '/gemini'],
  ['a short maxParamLength', { routerOptions: { maxParamLength: 1 } }, '/gemini'],
  ['a requestTimeout', { requestTimeout: 60_000 }, '/gemini'],
  ['a connectionTimeout', { connectionTimeout: 60_000 }, '/gemini'],
  ['a logger', { logger: { level: 'silent' } }, '/gemini'],
  ['exposeHeadRoutes: false', { exposeHeadRoutes: false }, '/gemini'],
];

test.each(settings)('in an app with %s, bytes go through as they are', async (_what, options, path) => {
  const { gateway, simulator } = await provider();
  const origin = await running((app) => app.register(sluice, { prefix: '/gemini', gateway }), options);
  const { status, text, brokenBy } = await read(await ask(`${origin}${path}${streamed}`));
  expect([status, text.includes('"finishReason"'), brokenBy]).toEqual([200, true, null]);
  const [request] = simulator.journal.requests;
  expect([request?.target, Buffer.from(request?.body ?? []).toString()]).toEqual([streamed, prompt]);
});

test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND', 'MKCOL', 'M-SEARCH'])(
  '%s is for the gateway to answer, at the mount path and below it, and never for the app',
  async (method) => {
    const { gateway } = await provider();
    const origin = await running((app) => {
      app.setNotFoundHandler((_request, reply) => reply.code(418).send('of the app'));
      app.register(sluice, { prefix: '/gemini', gateway });
      app.all('/own', async () => 'of the app');
    });
    const port = Number(new URL(origin).port);
    for (const path of ['/gemini', '/gemini/', `/gemini${unary}`, '/gemini/nowhere']) {
      const bytes = `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`;
      const { status, text } = await rawRequest(port, bytes);
      expect(status).toBeOneOf([404, 405]);
      expect(text).toContain('x-sluice-request-id');
    }
    expect(
      (await rawRequest(port, 'PROPFIND /elsewhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).status,
    ).toBe(418);
  },
);

test('tests that inject requests are answered at once, refusals too', async () => {
  const { gateway } = await provider({ callers: [{ id: 'alice', key: 'a-key-of-alice-0123456789' }] });
  const app = Fastify();
  app.register(sluice, { prefix: '/gemini', gateway });
  const inject = async (url: string, key: string): Promise<unknown> => {
    const headers = { ...json, 'x-goog-api-key': key };
    const answer = await app.inject({ method: 'POST', url: `/gemini${url}`, payload: prompt, headers });
    return [answer.statusCode, answer.body.includes('"finishReason"')];
  };
  expect(await inject(unary, 'a-key-of-alice-0123456789')).toEqual([200, true]);
  expect(await inject(streamed, 'a-key-of-alice-0123456789')).toEqual([200, true]);
  expect(await inject(unary, 'nobody-knows-this-key')).toEqual([401, false]);
  await gateway.drain({ withinMs: 0 });
  expect(await inject(unary, 'a-key-of-alice-0123456789')).toEqual([503, false]);
  await app.close();
});

test('an app that has versions of its own routes serves whatever version a client would like', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => {
    app.get('/own', { constraints: { version: '1.2.0' } }, async () => 'of the app');
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  for (const version of ['1.x', '9.9.9']) {
    const headers = { ...json, 'accept-version': version };
    expect((await ask(`${origin}/gemini${unary}`, { headers })).status).toBe(200);
  }
});

test('a log of the app knows the request, its status and its whole path', async () => {
  const { gateway } = await provider();
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const origin = await running((app) => app.register(sluice, { prefix: '/gemini', gateway }), { logger: { stream } });
  expect((await ask(`${origin}/gemini${unary}`)).status).toBe(200);
  await eventually('it is told', () => lines.some((line) => line.includes('request completed')));
  const told = lines.map((line) => JSON.parse(line) as { req?: { url: string }; res?: { statusCode: number } });
  expect(told.find(({ req }) => req)?.req?.url).toBe(`/gemini${unary}`);
  expect(told.find(({ res }) => res)?.res?.statusCode).toBe(200);
});

test('a log can leave queries out, in which some clients send their key', async () => {
  const { gateway } = await provider();
  const lines: string[] = [];
  const logSerializers = {
    req: ({ method, url }: { method: string; url: string }) => `${method} ${url.split('?')[0]}`,
  };
  const origin = await running((app) => app.register(sluice, { prefix: '/gemini', gateway, logSerializers }), {
    logger: { stream: { write: (line: string) => void lines.push(line) } },
  });
  expect((await ask(`${origin}/gemini${unary}?key=canary-canary-canary`)).status).toBe(200);
  await eventually('it is told', () => lines.some((line) => line.includes('request completed')));
  expect(lines.join('')).toContain(`"POST /gemini${unary}"`);
  expect(lines.join('')).not.toContain('canary');
});

// Compiled, not run: apps with another server, and options that only exist for a gateway that is made here.
export function alsoTyped(own: Own): void {
  Fastify({ https: {} }).register(sluice, own);
  Fastify().withTypeProvider().register(sluice, own);
  Fastify({ logger: true }).register(sluice, () => ({ prefix: '/gemini', ...own }));
  Fastify().register(sluice, { keys: 'k', callers: 'anyone', drainMs: 0 });
}
