import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Gateway } from '@sluice/core';
import { read } from '@sluice/testkit';
import Fastify, { type FastifyServerOptions } from 'fastify';
import { describe, expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, provider, running, streamed, unary } from './running-app.ts';

/** Far less than Fastify keeps a connection that is idle (72 s), and far more than a stream lasts here. */
const soonMs = 10_000;
const settings: readonly FastifyServerOptions[] = [
  {},
  { forceCloseConnections: 'idle' },
  { forceCloseConnections: false },
];

describe('when the app closes', () => {
  test.each(settings)('(%j), a stream under way ends as it would have, and its connection with it', async (options) => {
    const { options: own } = await provider({}, { chunkMs: 3 });
    const app = Fastify(options);
    app.register(sluice, { prefix: '/gemini', ...own });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const answer = await ask(`${origin}/gemini${streamed}`);
    const startedAtMs = performance.now();
    const closed = app.close();
    const { text, brokenBy } = await read(answer);
    expect([text.includes('"finishReason"'), brokenBy]).toEqual([true, null]);
    await closed;
    expect(performance.now() - startedAtMs).toBeLessThan(soonMs);
  });

  test('what takes longer than drainMs ends with an error, and the app is closed', async () => {
    const { options, simulator } = await provider();
    simulator.plan('*', ['stall-mid-stream']);
    const app = Fastify();
    app.register(sluice, { prefix: '/gemini', ...options, drainMs: 20 });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const answer = await ask(`${origin}/gemini${streamed}`);
    const closed = app.close();
    const { text, brokenBy } = await read(answer);
    expect(text).toContain('DRAINING');
    expect(brokenBy).not.toBeNull();
    await closed;
  });

  test('with forceCloseConnections it cuts at once, as it was told', async () => {
    const { options, simulator } = await provider();
    simulator.plan('*', ['stall-mid-stream']);
    const app = Fastify({ forceCloseConnections: true });
    app.register(sluice, { prefix: '/gemini', ...options });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const answer = await ask(`${origin}/gemini${streamed}`);
    const closed = app.close();
    expect((await read(answer)).brokenBy).not.toBeNull();
    await closed;
  });

  test('a connection on which nobody has said anything does not hold it up', async () => {
    const { options } = await provider();
    const app = Fastify();
    app.register(sluice, { prefix: '/gemini', ...options });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const accepted = once(app.server, 'connection');
    const spare = connect((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    await accepted;
    const startedAtMs = performance.now();
    await app.close();
    expect(performance.now() - startedAtMs).toBeLessThan(soonMs);
    spare.destroy();
  });

  test('a gateway that was handed in goes on: it belongs to whoever made it', async () => {
    const { gateway } = await provider({}, { chunkMs: 3 });
    const app = Fastify();
    app.register(sluice, { prefix: '/gemini', gateway });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const answer = await ask(`${origin}/gemini${streamed}`);
    const closed = app.close();
    expect((await read(answer)).brokenBy).toBeNull();
    await closed;
    const second = await running((another) => another.register(sluice, { prefix: '/gemini', gateway }));
    expect((await ask(`${second}/gemini${unary}`)).status).toBe(200);
  });

  test('a gateway that was handed in with drainMs ends with the app, however often it is mounted', async () => {
    const { gateway, simulator } = await provider();
    simulator.plan('*', ['stall-mid-stream']);
    const told: string[] = [];
    const app = Fastify();
    const seen: Gateway = {
      ...gateway,
      drain: (options) => {
        told.push(`drain within ${options.withinMs}`);
        return gateway.drain(options);
      },
      close: async () => {
        told.push('close');
        await gateway.close();
      },
    };
    for (const prefix of ['/gemini', '/again']) app.register(sluice, { prefix, gateway: seen, drainMs: 20 });
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const answer = await ask(`${origin}/gemini${streamed}`);
    const closed = app.close();
    const { text, brokenBy } = await read(answer);
    expect(text).toContain('DRAINING');
    expect(brokenBy).not.toBeNull();
    await closed;
    expect(told).toEqual(['drain within 20', 'drain within 20', 'close', 'close']);
    expect((await gateway.fetch(`/${unary}`)).status).toBe(503);
  });

  test('its owner can drain it in a hook, and what comes then is refused', async () => {
    const { gateway, simulator } = await provider();
    simulator.plan('*', ['stall-mid-stream']);
    const app = Fastify();
    app.register(sluice, { prefix: '/gemini', gateway });
    app.addHook('preClose', async () => void gateway.drain({ withinMs: 20 }));
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const answer = await ask(`${origin}/gemini${streamed}`);
    const closed = app.close();
    expect((await read(answer)).text).toContain('DRAINING');
    await closed;
  });

  test('an app that never listened closes as well', async () => {
    const { options } = await provider();
    const app = Fastify();
    app.register(sluice, { prefix: '/gemini', ...options });
    await app.ready();
    await app.close();
  });
});

test('connections are used again, after answers of every kind', async () => {
  const { gateway } = await provider({ server: { maxBodyBytes: 100_000 } });
  const sockets = new Set<unknown>();
  const origin = await running((app) => {
    app.addHook('onRequest', async ({ socket }) => void sockets.add(socket));
    app.register(sluice, { prefix: '/gemini', gateway });
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const path of ['/v1beta/models', '/nowhere', '/v1beta/models', '/v1beta/models']) {
    await new Promise((resolve) =>
      get(`${origin}/gemini${path}`, { agent }, (res) => res.resume().once('end', resolve)),
    );
  }
  agent.destroy();
  expect(sockets.size).toBe(1);
});
