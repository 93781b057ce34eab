import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, read } from '@sluice/testkit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, json, provider, running, streamed, unary } from './running-app.ts';

const bugs: unknown[] = [];
process.on('uncaughtException', (error) => bugs.push(error));
process.on('unhandledRejection', (error) => bugs.push(error));
afterEach(() => expect(bugs.splice(0)).toEqual([]));

const before = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const;
type Before = (typeof before)[number];
type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

function hook(app: FastifyInstance, name: Before, fn: Hook): void {
  app.addHook(name as 'onRequest', fn as (request: FastifyRequest, reply: FastifyReply) => Promise<void>);
}

describe.each(before)('a hook of the app in %s', (name) => {
  test('decides who comes in, whether it was added before the gateway or after', async () => {
    for (const isAfter of [false, true]) {
      const { gateway, simulator } = await provider();
      const guard = async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
        headers.cookie === 'session=known' ? undefined : reply.code(403).send({ by: 'the app' });
      const origin = await running((app) => {
        if (!isAfter) hook(app, name, guard);
        app.register(sluice, { prefix: '/gemini', gateway });
        if (isAfter) hook(app, name, guard);
      });
      const refused = await ask(`${origin}/gemini${unary}`);
      expect([refused.status, await refused.json()]).toEqual([403, { by: 'the app' }]);
      expect(simulator.journal.requests).toEqual([]);
      const headers = { ...json, cookie: 'session=known' };
      expect((await ask(`${origin}/gemini${unary}`, { headers })).status).toBe(200);
      expect((await fetch(`${origin}/gemini/nowhere`, { method: 'PROPFIND' })).status).toBe(403);
    }
  });

  test('throws to the app, which answers as it does elsewhere', async () => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => {
      app.setErrorHandler((error, _request, reply) => reply.code(500).send({ handled: String(error) }));
      hook(app, name, () => Promise.reject(new Error('canary')));
      app.register(sluice, { prefix: '/gemini', gateway });
    });
    const answer = await ask(`${origin}/gemini${unary}`);
    expect([answer.status, await answer.json()]).toEqual([500, { handled: 'Error: canary' }]);
    expect(simulator.journal.requests).toEqual([]);
  });

  test('that takes its time does not cost a byte of the body', async () => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => {
      hook(app, name, () => pause(20));
      app.register(sluice, { prefix: '/gemini', gateway });
    });
    const text = `{"contents":[{"parts":[{"text":"${'hi '.repeat(100_000)}"}]}]}`;
    expect((await ask(`${origin}/gemini${unary}`, { body: text })).status).toBe(200);
    expect(Buffer.from(simulator.journal.requests[0]?.body ?? []).toString()).toBe(text);
  });

  test('that fails after it has let a request in does not disturb the answer', async () => {
    const { gateway } = await provider({}, { chunkMs: 5 });
    const origin = await running((app) => {
      app.setErrorHandler((_error, _request, reply) => reply.code(500).send('handled'));
      const late = (...args: unknown[]): Promise<void> => {
        const done = args.at(-1) as () => void;
        done();
        return pause(30).then(() => Promise.reject(new Error('late canary')));
      };
      // As many parameters as Fastify wants of a hook that calls back.
      const fn =
        name === 'preParsing' ? (a: 1, b: 1, c: 1, d: 1) => late(a, b, c, d) : (a: 1, b: 1, c: 1) => late(a, b, c);
      app.addHook(name as 'onRequest', fn as never);
      app.register(sluice, { prefix: '/gemini', gateway });
    });
    const { status, text, brokenBy } = await read(await ask(`${origin}/gemini${streamed}`));
    expect([status, brokenBy, text.includes('"finishReason"')]).toEqual([200, null, true]);
    expect(text).not.toMatch(/canary|handled/);
  });
});

test('errors of the gateway reach no handler of the app, and its hooks for answers do not run', async () => {
  const { gateway, simulator } = await provider({ retry: { maxAttempts: 1 } });
  const called: string[] = [];
  const origin = await running((app) => {
    app.setErrorHandler((_error, _request, reply) => reply.code(500).send(void called.push('error handler')));
    app.setNotFoundHandler((_request, reply) => reply.code(404).send(void called.push('not found handler')));
    app.addHook('onError', async () => void called.push('onError'));
    app.addHook('onSend', async () => void called.push('onSend'));
    app.addHook('preSerialization', async () => void called.push('preSerialization'));
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  for (const [step, code] of [
    ['404', 404],
    ['rst-before-headers', 502],
    ['redirect', 502],
  ] as const) {
    simulator.plan('*', [step]);
    const answer = await ask(`${origin}/gemini${unary}`);
    expect([answer.status, await answer.json()]).toMatchObject([code, { error: { code } }]);
  }
  expect((await ask(`${origin}/gemini/nowhere`)).status).toBe(404);
  expect(called).toEqual([]);
});

test('onResponse runs once, when the answer is out, and sees the whole path and the status that was sent', async () => {
  const { gateway } = await provider();
  const seen: unknown[] = [];
  const origin = await running((app) => {
    app.addHook('onResponse', async ({ url, routeOptions }, { statusCode, elapsedTime }) => {
      seen.push([url, routeOptions.url, statusCode, elapsedTime > 0]);
    });
    app.register(sluice, { prefix: '/t/:tenant', gateway });
  });
  await (await ask(`${origin}/t/a${streamed}`)).text();
  await (await ask(`${origin}/t/a/nowhere`)).text();
  await eventually('both were told', () => seen.length === 2);
  expect(seen).toEqual([
    [`/t/a${streamed}`, '/t/:tenant/*', 200, true],
    ['/t/a/nowhere', '/t/:tenant/*', 404, true],
  ]);
});

test('a client that leaves in the middle is told by the event of the gateway, and not to onResponse', async () => {
  const { gateway, simulator } = await provider();
  simulator.plan('*', ['slow-stream']);
  const called: string[] = [];
  const origin = await running((app) => {
    app.addHook('onResponse', async () => void called.push('onResponse'));
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  const told = new Promise((resolve) => gateway.on('request', resolve));
  const leave = new AbortController();
  await ask(`${origin}/gemini${streamed}`, { signal: leave.signal });
  leave.abort();
  expect(await told).toMatchObject({ outcome: 'aborted' });
  expect(called).toEqual([]);
});

test('onRequestAbort hears of clients that leave before their body is whole', async () => {
  const { gateway, simulator } = await provider();
  let aborted = 0;
  let arrived = 0;
  const origin = await running((app) => {
    app.addHook('onRequest', async () => void arrived++);
    app.addHook('onRequestAbort', async (_request) => void aborted++);
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  socket.write(
    `POST /gemini${unary} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
  );
  await eventually('it has arrived', () => arrived === 1);
  socket.destroy();
  await eventually('it is told', () => aborted === 1);
  expect(simulator.journal.requests).toEqual([]);
});

test('what hooks have set on the reply before is on the answer, and what the gateway says goes before it', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => {
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('access-control-allow-origin', 'https://app.example').header('content-type', 'text/plain');
      reply.header('set-cookie', ['a=1', 'b=2']).code(201);
      reply.raw.setHeader('x-raw', 'yes');
    });
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  const { status, headers, brokenBy } = await read(await ask(`${origin}/gemini${streamed}`));
  expect([status, brokenBy, headers.get('content-type')]).toEqual([200, null, 'text/event-stream']);
  expect([headers.get('access-control-allow-origin'), headers.get('x-raw')]).toEqual(['https://app.example', 'yes']);
  expect(headers.getSetCookie()).toEqual(['a=1', 'b=2']);
});

test('an answer that a hook has begun is ended where it stands, and nothing goes up', async () => {
  const { gateway, simulator } = await provider();
  const origin = await running((app) => {
    app.addHook('onRequest', (_request, reply, done) => void reply.raw.writeHead(200).write('half', () => done()));
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  const { status, text, brokenBy } = await read(await ask(`${origin}/gemini${unary}`));
  expect([status, text]).toEqual([200, 'half']);
  expect(brokenBy).not.toBeNull();
  expect(simulator.journal.requests).toEqual([]);
});

test('neither a time limit for handlers nor one for sockets that are quiet reaches into an answer that flows', async () => {
  const { gateway } = await provider({}, { chunkMs: 5 });
  const origin = await running(
    (app) => {
      app.addHook('onTimeout', async () => {});
      app.register(sluice, { prefix: '/gemini', gateway });
    },
    { handlerTimeout: 40, connectionTimeout: 10_000 },
  );
  const { status, text, brokenBy } = await read(await ask(`${origin}/gemini${streamed}`));
  expect([status, brokenBy, text.includes('"finishReason"')]).toEqual([200, null, true]);
});
