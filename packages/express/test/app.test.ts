import { GoogleGenAI } from '@google/genai';
import { isSluiceError } from '@sluice/core';
import { read } from '@sluice/testkit';
import type { RequestHandler } from 'express';
import { expect, test } from 'vitest';
import { type SluiceHandler, sluice } from '../src/index.ts';
import { ask, provider, running, streamed, unary } from './running-app.ts';

test('options make a gateway, which the handler shows', async () => {
  const { options, gateway } = await provider();
  const handler: RequestHandler & SluiceHandler = sluice(options);
  const origin = await running((app) => app.use('/gemini', handler));
  const told = new Promise((resolve) => handler.gateway.on('request', resolve));
  expect((await ask(`${origin}/gemini${unary}`)).status).toBe(200);
  expect(await told).toMatchObject({ call: 'generateContent', status: 200, outcome: 'complete' });
  await handler.gateway.drain({ withinMs: 50 });
  expect((await ask(`${origin}/gemini${unary}`)).status).toBe(503);
  await handler.gateway.close();
  expect(sluice(gateway).gateway).toBe(gateway);
});

test('options that are wrong, or none, throw where the app is put together', () => {
  expect(() => sluice({ keys: 'k' })).toThrow(/callers is missing/);
  for (const nothing of [undefined, null]) {
    try {
      sluice(nothing as never);
      expect.unreachable();
    } catch (error) {
      expect(isSluiceError(error, 'invalid_options')).toBe(true);
    }
  }
});

test('an SDK that knows nothing of it streams through a mount', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => app.use('/ai/gemini', sluice(gateway)));
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

test.each([
  ['/tenants/:tenant/gemini', '/tenants/a%20b/gemini'],
  ['/tenants{/:tenant}/gemini', '/tenants/gemini'],
  ['/any/*rest/gemini', '/any/x/y/gemini'],
  [/^\/ai-v\d+/, '/ai-v12'],
  [['/one', '/two'], '/two'],
  ['/Gemini', '/gemini'],
])('mounted at %s, it serves %s', async (path, base) => {
  const { gateway } = await provider();
  const origin = await running((app) => app.use(path as string, sluice(gateway)));
  expect((await ask(`${origin}${base}${unary}`)).status).toBe(200);
  expect((await ask(`${origin}${base}-not${unary}`)).status).toBe(404);
});

test('mounted in a router in a router, it serves both paths together', async () => {
  const { gateway } = await provider();
  const { Router } = await import('express');
  const inner = Router().use('/gemini', sluice(gateway));
  const origin = await running((app) => app.use('/a', Router().use('/b', inner)));
  expect((await ask(`${origin}/a/b/gemini${unary}`)).status).toBe(200);
});

test('what the host has set on an answer before stays on it', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => {
    app.use((_req, res, next) => next(void res.setHeader('x-of-the-host', 'yes')));
    app.use('/gemini', sluice(gateway));
  });
  const { headers, text, brokenBy } = await read(await ask(`${origin}/gemini${streamed}`));
  expect([headers.get('x-of-the-host'), headers.get('content-type')]).toEqual(['yes', 'text/event-stream']);
  expect([text.includes('"finishReason"'), brokenBy]).toEqual([true, null]);
});

const trusting: readonly (readonly [what: string, setting: unknown, remote: string])[] = [
  ['is off', false, '127.0.0.1'],
  ['is on', true, '203.0.113.9'],
  ['trusts loopback', 'loopback', '198.51.100.7'],
  ['trusts one hop', 1, '198.51.100.7'],
  [
    'trusts by a function that throws',
    () => {
      throw new Error('canary');
    },
    '127.0.0.1',
  ],
];

test.each(trusting)('where trust proxy %s, the address of a caller is req.ip', async (_what, setting, remote) => {
  const { gateway } = await provider();
  const origin = await running((app) => app.set('trust proxy', setting).use('/gemini', sluice(gateway)));
  const told = new Promise((resolve) => gateway.on('request', resolve));
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
  const answer = await ask(`${origin}/gemini${unary}`, { headers });
  expect([answer.status, await answer.text()]).toEqual([200, expect.not.stringContaining('canary')]);
  expect(await told).toMatchObject({ remote });
});
