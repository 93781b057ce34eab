import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { eventually } from '@sluice/testkit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { describe, expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, json, prompt, provider, running, unary } from './running-app.ts';

const parsers: readonly (readonly [what: string, add: (app: FastifyInstance) => unknown])[] = [
  ['no parser of its own', () => {}],
  ['one for JSON', (app) => app.addContentTypeParser('application/json', { parseAs: 'string' }, refuse)],
  ['one for everything', (app) => app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 1 }, refuse)],
  ['one for a pattern', (app) => app.addContentTypeParser(/^application\/.*/, { parseAs: 'buffer' }, refuse)],
  ['none at all', (app) => app.removeAllContentTypeParsers()],
];

describe.each(parsers)('in an app with %s', (_what, add) => {
  test.each(['before', 'after'])('(added %s the gateway), the bytes that were sent go up', async (when) => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => {
      if (when === 'before') add(app);
      app.register(sluice, { prefix: '/gemini', gateway });
      if (when === 'after') add(app);
    });
    const text = prompt.replace('hi', 'Grüße, 世界 🌍');
    expect((await ask(`${origin}/gemini${unary}`, { body: text })).status).toBe(200);
    const chunked = { body: new Blob([text]).stream(), duplex: 'half' } as RequestInit;
    expect((await ask(`${origin}/gemini${unary}`, chunked)).status).toBe(200);
    const body = gzipSync(prompt);
    await ask(`${origin}/gemini${unary}`, { body, headers: { ...json, 'content-encoding': 'gzip' } });
    await ask(`${origin}/gemini${unary}`, { body: '' });
    const sent = simulator.journal.requests.map((request) => Buffer.from(request.body).toString('latin1'));
    expect(sent).toEqual([text, text, body, ''].map((one) => Buffer.from(one).toString('latin1')));
  });
});

test('parsers and limits of the app stay what they are for its own routes', async () => {
  const { gateway } = await provider();
  const origin = await running(
    (app) => {
      app.addContentTypeParser('text/own', { parseAs: 'string' }, (_request, body, done) => done(null, `own ${body}`));
      app.register(sluice, { prefix: '/gemini', gateway });
      app.post('/own', async ({ body }: FastifyRequest) => ({ body }));
    },
    { bodyLimit: 100 },
  );
  const own = async (type: string, body: string): Promise<unknown> => {
    const answer = await fetch(`${origin}/own`, { method: 'POST', body, headers: { 'content-type': type } });
    return [answer.status, ((await answer.json()) as { body?: unknown }).body];
  };
  expect(await own('application/json', '{"a":1}')).toEqual([200, { a: 1 }]);
  expect(await own('text/own', 'text')).toEqual([200, 'own text']);
  expect(await own('image/png', 'x')).toEqual([415, undefined]);
  expect(await own('text/own', 'x'.repeat(101))).toEqual([413, undefined]);
  const large = prompt.replace('hi', 'hi '.repeat(1_000_000));
  expect((await ask(`${origin}/gemini${unary}`, { body: large })).status).toBe(200);
});

test('hooks see the type that was sent, whatever it is', async () => {
  const { gateway } = await provider();
  const types: unknown[] = [];
  const origin = await running((app) => {
    app.addHook('onRequest', async (request) => {
      request.headers = { 'x-of-a-hook': 'yes' };
    });
    app.addHook(
      'preHandler',
      async ({ headers }) => void types.push([headers['content-type'], headers['x-of-a-hook']]),
    );
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  for (const type of ['none', 'application/json; charset=utf-8', 'application/json; x="y"']) {
    await ask(`${origin}/gemini${unary}`, { headers: { 'content-type': type } });
    expect(types.pop()).toEqual([type, 'yes']);
  }
});

const readers: readonly (readonly [what: string, add: (app: FastifyInstance) => unknown])[] = [
  [
    'unpacks bodies',
    (app) => app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new PassThrough())),
  ],
  [
    'reads bodies beside',
    (app) =>
      app.addHook('preParsing', (_request, _reply, payload, done) =>
        done(
          null,
          payload.on('data', () => {}),
        ),
      ),
  ],
  [
    'reads bodies to their end',
    (app) => app.addHook('onRequest', (request, _reply, done) => void request.raw.resume().once('end', () => done())),
  ],
];

test.each(readers)('where a hook %s, the client hears of it at once, and nothing goes up', async (_what, add) => {
  for (const callers of ['anyone', async () => ({ id: 'alice' })] as const) {
    const { gateway, simulator } = await provider({ callers });
    const origin = await running((app) => {
      add(app);
      app.register(sluice, { prefix: '/gemini', gateway });
    });
    const answer = await ask(`${origin}/gemini${unary}`);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('A hook of the app has read')]);
    expect((await fetch(`${origin}/gemini/v1beta/models`)).status).toBe(200);
    expect(simulator.journal.requests).toHaveLength(1);
  }
});

test.each(readers)('where a hook %s, a body that comes late makes no difference', async (_what, add) => {
  const { gateway, simulator } = await provider();
  let arrived = 0;
  const origin = await running((app) => {
    app.addHook('onRequest', async () => void arrived++);
    add(app);
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  const socket = connect(Number(new URL(origin).port), '127.0.0.1').setEncoding('latin1');
  let text = '';
  socket.on('data', (piece: string) => {
    text += piece;
  });
  const fields = `host: x\r\ncontent-type: application/json\r\ncontent-length: ${prompt.length}\r\nconnection: close`;
  socket.write(`POST /gemini${unary} HTTP/1.1\r\n${fields}\r\n\r\n`);
  await eventually('it has arrived', () => arrived === 1);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(prompt);
  await closed;
  expect(text).toContain('HTTP/1.1 400');
  expect(simulator.journal.requests).toEqual([]);
});

function refuse(_request: unknown, _body: unknown, done: (error: Error) => void): void {
  done(new Error('a parser of the app was asked'));
}
