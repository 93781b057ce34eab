import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import express, { type RequestHandler } from 'express';
import { describe, expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, json, prompt, provider, running, unary } from './running-app.ts';

const kept: readonly (readonly [what: string, parser: RequestHandler])[] = [
  ['no parser', (_req, _res, next) => next()],
  ['express.raw()', express.raw({ type: '*/*', limit: '10mb' })],
  ['express.text()', express.text({ type: '*/*', limit: '10mb' })],
  ['express.json() that keeps the bytes', express.json({ verify: keepBytes })],
  ['express.json() that keeps the text', express.json({ verify: keepText })],
  ['express.json() that is for others', express.json({ type: 'application/vnd.other+json' })],
  ['express.urlencoded(), which leaves JSON alone', express.urlencoded()],
  [
    'somebody who sets a body without reading one',
    (req, _res, next) => next(void Object.assign(req, { body: { not: 'yours' } })),
  ],
];

describe('the bytes that were sent go up', () => {
  test.each(kept)('behind %s', async (_what, parser) => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => app.use(parser).use('/gemini', sluice(gateway)));
    const text = prompt.replace('hi', 'Grüße, 世界 🌍');
    expect((await ask(`${origin}/gemini${unary}`, { body: text })).status).toBe(200);
    const chunked = { body: new Blob([text]).stream(), duplex: 'half' } as RequestInit;
    expect((await ask(`${origin}/gemini${unary}`, chunked)).status).toBe(200);
    expect(simulator.journal.requests.map(({ body }) => Buffer.from(body).toString())).toEqual([text, text]);
  });

  test('compressed as they are, when nobody has unpacked them', async () => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => app.use('/gemini', sluice(gateway)).use(express.json()));
    const body = gzipSync(prompt);
    await ask(`${origin}/gemini${unary}`, { body, headers: { ...json, 'content-encoding': 'gzip' } });
    expect(Buffer.from(simulator.journal.requests[0]?.body ?? []).equals(body)).toBe(true);
  });

  test.each(kept.slice(1))('none when there are none, behind %s', async (_what, parser) => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => app.use(parser).use('/gemini', sluice(gateway)));
    expect((await fetch(`${origin}/gemini/v1beta/models`)).status).toBe(200);
    await ask(`${origin}/gemini${unary}`, { body: '' });
    expect(simulator.journal.requests.map(({ body }) => body.length)).toEqual([0, 0]);
  });
});

const lost: readonly (readonly [what: string, parser: RequestHandler, init: RequestInit])[] = [
  ['express.json()', express.json(), {}],
  ['express.raw(), which unpacks', express.raw({ type: '*/*' }), gzipped()],
  ['express.text(), which drops a byte order mark', express.text({ type: '*/*' }), { body: `\ufeff${prompt}` }],
  [
    'express.text(), which mends what is no UTF-8',
    express.text({ type: '*/*' }),
    { body: Buffer.from('"\xff"', 'latin1') },
  ],
  ['a middleware that reads and keeps nothing', drain, {}],
];

describe('a body that cannot be restored is a 400 that says which line to move, and nothing goes up', () => {
  test.each(lost)('behind %s', async (_what, parser, init) => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => app.use(parser).use('/gemini', sluice(gateway)));
    const answer = await ask(`${origin}/gemini${unary}`, init);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(
      /"Move the line|Move the line app\.use\(…, sluice\(…\)\) above the line of the parser/,
    );
    expect(simulator.journal.requests).toEqual([]);
  });

  test('a form that express.urlencoded() has read, on a call that takes any body', async () => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => app.use(express.urlencoded()).use('/gemini', sluice(gateway)));
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask(`${origin}/gemini/v9nextgen/things`, { body: 'a=b', headers });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('Move the line')]);
    expect(simulator.journal.requests).toEqual([]);
  });

  test('but who may not call hears only that', async () => {
    const { gateway } = await provider({ callers: [{ id: 'alice', key: 'a-key-of-alice-0123456789' }] });
    const origin = await running((app) => app.use(express.json()).use('/gemini', sluice(gateway)));
    expect((await ask(`${origin}/gemini${unary}`)).status).toBe(401);
  });
});

test('a parser after the mount reads the bodies of all other paths', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => {
    app.use('/gemini', sluice(gateway));
    app.use(express.json());
    app.post('/own', (req, res) => void res.json(Object.keys(req.body)));
  });
  expect((await ask(`${origin}/gemini${unary}`)).status).toBe(200);
  expect(await (await ask(`${origin}/own`)).json()).toEqual(['contents']);
});

function keepBytes(req: IncomingMessage, _res: unknown, bytes: Buffer): void {
  Object.assign(req, { rawBody: bytes });
}

function keepText(req: IncomingMessage, _res: unknown, bytes: Buffer): void {
  Object.assign(req, { rawBody: bytes.toString() });
}

function drain(...[req, , next]: Parameters<RequestHandler>): void {
  req.resume().once('end', () => next());
}

function gzipped(): RequestInit {
  return { body: gzipSync(prompt), headers: { ...json, 'content-encoding': 'gzip' } };
}
