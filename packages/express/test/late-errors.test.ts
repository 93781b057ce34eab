import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { read } from '@sluice/testkit';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, prompt, provider, running, streamed, unary } from './running-app.ts';

// Express's own last handler prints what it gets, unless it runs in a test environment.
const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
const bugs: unknown[] = [];
process.on('uncaughtException', (error) => bugs.push(error));
process.on('unhandledRejection', (error) => bugs.push(error));
afterEach(() => {
  expect(bugs.splice(0)).toEqual([]);
  printed.mockClear();
});

/** Middleware that goes on, and then fails: at once, in a moment, or in the middle of the stream. */
const late: readonly (readonly [when: string, middleware: RequestHandler])[] = [
  [
    'at once',
    (_req, _res, next) => {
      next();
      throw new Error('late canary');
    },
  ],
  [
    'at once, by a promise',
    async (_req, _res, next) => {
      next();
      throw new Error('late canary');
    },
  ],
  [
    'in a moment',
    async (_req, _res, next) => {
      next();
      await pause(2);
      throw new Error('late canary');
    },
  ],
  [
    'in the middle of the stream',
    async (_req, _res, next) => {
      next();
      await pause(60);
      next(new Error('late canary'));
    },
  ],
];

/** Everything that an app may do about an error. */
const handlers: readonly (readonly [what: string, set: (app: Express) => void])[] = [
  ["Express's own handler", () => {}],
  ['one that answers', (app) => app.use(answering)],
  ['one that writes', (app) => app.use(writing)],
  ['one that hands on once headers are sent', (app) => app.use(handingOn)],
];

describe.each(handlers)('with %s, an error does not disturb an answer', (_what, set) => {
  test.each(late)('of middleware that fails %s', async (_when, middleware) => {
    // A look-up that takes its time: the error comes before the body was read.
    const callers = async (): Promise<{ id: string }> => pause(5, { id: 'alice' });
    const { gateway } = await provider({ callers }, { chunkMs: 5 });
    const origin = await running((app) => set(app.use(middleware).use('/gemini', sluice(gateway))));
    const { status, headers, text, brokenBy } = await read(await ask(`${origin}/gemini${streamed}`));
    expect([status, headers.get('content-type'), brokenBy]).toEqual([200, 'text/event-stream', null]);
    expect(text).toContain('"finishReason"');
    expect(text).not.toMatch(/canary|handled/);
  });

  test('of the gateway: it is told in its own words, and no handler hears of it', async () => {
    const { gateway, simulator } = await provider({ retry: { maxAttempts: 1 } });
    const origin = await running((app) => set(app.use('/gemini', sluice(gateway))));
    for (const [step, code] of [
      ['404', 404],
      ['rst-before-headers', 502],
      ['redirect', 502],
    ] as const) {
      simulator.plan('*', [step]);
      const answer = await ask(`${origin}/gemini${unary}`);
      const text = await answer.text();
      expect([answer.status, JSON.parse(text)]).toMatchObject([code, { error: { code } }]);
      expect(text).not.toMatch(/node_modules|handled/);
    }
    expect(printed).not.toHaveBeenCalled();
  });
});

describe('a response that is not ours any more', () => {
  test('is ended when its headers were sent before', async () => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => {
      app.use((_req, res, next) => void res.writeHead(200).write('half', () => setTimeout(next, 20)));
      app.use('/gemini', sluice(gateway));
    });
    const { status, text, brokenBy } = await read(await ask(`${origin}/gemini${unary}`));
    expect([status, text]).toEqual([200, 'half']);
    expect(brokenBy).not.toBeNull();
    expect(simulator.journal.requests).toEqual([]);
  });

  test('is left alone when it is whole', async () => {
    const { gateway, simulator } = await provider();
    const origin = await running((app) => {
      app.use((_req, res, next) => next(void res.end('all of it')));
      app.use('/gemini', sluice(gateway));
    });
    const { status, text, brokenBy } = await read(await ask(`${origin}/gemini${unary}`));
    expect([status, text, brokenBy]).toEqual([200, 'all of it', null]);
    expect(simulator.journal.requests).toEqual([]);
  });
});

test('a host that destroys a response ends the call to the provider', async () => {
  const { gateway, simulator } = await provider();
  simulator.plan('*', ['slow-stream']);
  const responses: ServerResponse[] = [];
  const origin = await running((app) => {
    app.use((_req, res, next) => next(void responses.push(res)));
    app.use('/gemini', sluice(gateway));
  });
  const answer = await ask(`${origin}/gemini${streamed}`);
  responses[0]?.destroy();
  const { brokenBy } = await read(answer);
  expect(brokenBy).not.toBeNull();
});

test('middleware that has wrapped the response before still sees all that is written, and is as deaf afterwards', async () => {
  const { gateway } = await provider({}, { chunkMs: 5 });
  let bytes = 0;
  const origin = await running((app) => {
    app.use((_req, res, next) => {
      const { write } = res;
      res.write = ((chunk: Buffer) => {
        bytes += chunk.length;
        return write.call(res, chunk, 'latin1');
      }) as typeof write;
      next();
      setTimeout(() => next(new Error('late canary')), 30);
    });
    app.use('/gemini', sluice(gateway)).use(writing);
  });
  const { text, body, brokenBy } = await read(await ask(`${origin}/gemini${streamed}`));
  expect([brokenBy, text.includes('handled'), bytes]).toEqual([null, false, body.length]);
});

test('loggers see the status that was sent, and connections are used again', async () => {
  const { gateway } = await provider();
  const seen: unknown[] = [];
  const sockets = new Set<unknown>();
  const origin = await running((app) => {
    app.use((req, res, next) => {
      sockets.add(req.socket);
      res.once('finish', () => seen.push([res.statusCode, res.headersSent]));
      next();
    });
    app.use('/gemini', sluice(gateway));
  });
  const large = prompt.replace('hi', 'hi '.repeat(100_000));
  for (const body of [prompt, large, prompt]) await (await ask(`${origin}/gemini${unary}`, { body })).text();
  await (await fetch(`${origin}/gemini/v1beta/models`)).text();
  expect(seen).toEqual(Array.from({ length: 4 }, () => [200, true]));
  expect(sockets.size).toBe(1);
});

function answering(...[error, , res, next]: Parameters<ErrorRequestHandler>): void {
  void next;
  res.status(500).json({ handled: String(error) });
}

function writing(...[, req, res, next]: Parameters<ErrorRequestHandler>): void {
  void next;
  req.resume();
  res.setHeader('x-handled', 'yes');
  res.write('handled');
  res.end();
}

function handingOn(...[error, , res, next]: Parameters<ErrorRequestHandler>): void {
  if (res.headersSent) return next(error);
  res.redirect('/handled');
}
