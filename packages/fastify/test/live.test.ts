import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GoogleGenAI, type LiveServerMessage, type Session } from '@google/genai';
import { nodeUpgrade } from '@sluice/core/live';
import { eventually, type RawAnswer, rawRequest } from '@sluice/testkit';
import Fastify from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, json, provider, running, unary } from './running-app.ts';

const run = promisify(execFile);
const model = 'gemini-3.8-live';
const path = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
const callers = [{ id: 'alice', key: 'canary-key-of-alice-01' }];

const open: Session[] = [];
afterEach(() => {
  for (const session of open.splice(0)) session.close();
});

/** A session of Google's SDK in which something was said. @returns what it has heard */
async function talkAt(baseUrl: string, apiKey: string): Promise<LiveServerMessage[]> {
  const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl } });
  const heard: LiveServerMessage[] = [];
  const session = await ai.live.connect({ model, callbacks: { onmessage: (message) => heard.push(message) } });
  open.push(session);
  session.sendClientContent({ turns: 'Hello, Fastify', turnComplete: true });
  await eventually('no turn', () => heard.some(({ serverContent }) => serverContent?.turnComplete === true), 10_000);
  return heard;
}

function knock(origin: string, target: string, fields: readonly string[] = []): Promise<RawAnswer> {
  const usual = ['host: 127.0.0.1', 'connection: upgrade', 'sec-websocket-version: 13'];
  const lines = [`GET ${target} HTTP/1.1`, ...usual, 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==', ...fields];
  const bytes = `${lines.join('\r\n')}\r\n\r\n`;
  return rawRequest(Number(new URL(origin).port), bytes, /^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/);
}

const websocket = ['upgrade: websocket'];

describe('the Live API beside an app', () => {
  test('is one more line, under the same prefix and the same keys', async () => {
    const { gateway } = await provider({ callers });
    const origin = await running((app) => {
      app.register(sluice, { prefix: '/ai/gemini', gateway });
      app.server.on('upgrade', nodeUpgrade(gateway, { mountPath: '/ai/gemini', others: 'refuse' }));
    });
    const heard = await talkAt(`${origin}/ai/gemini`, 'canary-key-of-alice-01');
    expect(heard.map(({ text }) => text ?? '').join('')).toContain('Hello, Fastify');
    const headers = { ...json, 'x-goog-api-key': 'canary-key-of-alice-01' };
    expect((await ask(`${origin}/ai/gemini${unary}`, { headers })).status).toBe(200);
    await expect(talkAt(`${origin}/ai/gemini`, 'wrong-wrong-wrong-wrong')).rejects.toThrow('401');
    expect((await knock(origin, '/chat', websocket)).status).toBe(404);
    const drained = gateway.drain({ withinMs: 60_000 });
    expect((await knock(origin, `/ai/gemini${path}`, websocket)).status).toBe(503);
    open.splice(0)[0]?.close();
    await drained;
  });

  test('ends with the app, where its owner drains the gateway in a hook', async () => {
    const { gateway } = await provider({ callers });
    const app = Fastify();
    app.register(sluice, { prefix: '/gemini', gateway });
    app.server.on('upgrade', nodeUpgrade(gateway, { mountPath: '/gemini', others: 'refuse' }));
    app.addHook('preClose', async () => void gateway.drain({ withinMs: 20 }));
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    await talkAt(`${origin}/gemini`, 'canary-key-of-alice-01');
    await app.close();
  });

  test('knows callers as the app does, by the same function', async () => {
    const { gateway } = await provider({
      callers: ({ headers }) => (headers.cookie === 'session=known' ? { id: 'alice' } : null),
    });
    const origin = await running((app) => {
      app.register(sluice, { prefix: '/gemini', gateway });
      app.server.on('upgrade', nodeUpgrade(gateway, { mountPath: '/gemini' }));
    });
    const statuses = await Promise.all(
      [['cookie: session=known'], ['cookie: session=guess'], []].map(
        async (cookie) => (await knock(origin, `/gemini${path}`, [...websocket, ...cookie])).status,
      ),
    );
    expect(statuses).toEqual([101, 401, 401]);
  });

  test('is not behind hooks: an app that lets in by those looks at upgrades itself', async () => {
    const { gateway } = await provider({ callers: 'anyone' });
    const isKnown = (cookie: string | undefined): boolean => cookie === 'session=known';
    const live = nodeUpgrade(gateway, { mountPath: '/gemini', others: 'refuse' });
    const origin = await running((app) => {
      app.addHook('onRequest', async ({ headers }, reply) =>
        isKnown(headers.cookie) ? undefined : reply.code(401).send(),
      );
      app.register(sluice, { prefix: '/gemini', gateway });
      app.server.on('upgrade', (req, socket, head) => {
        if (isKnown(req.headers.cookie)) live(req, socket, head);
        else socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
      });
    });
    expect((await knock(origin, `/gemini${path}`, websocket)).status).toBe(401);
    expect((await knock(origin, `/gemini${path}`, [...websocket, 'cookie: session=known'])).status).toBe(101);
  });

  test('and requests that offer another upgrade are the app’s, where the server asks', async () => {
    const { gateway } = await provider();
    const live = nodeUpgrade(gateway, { mountPath: '/gemini', others: 'refuse' });
    const origin = await running(
      (app) => {
        app.register(sluice, { prefix: '/gemini', gateway });
        app.server.on('upgrade', live);
      },
      { http: { shouldUpgradeCallback: live.isFor } },
    );
    const fields = ['upgrade: h2c', 'connection: close'];
    expect((await knock(origin, '/gemini/v1beta/models', fields)).status).toBe(200);
    expect((await knock(origin, `/gemini${path}`, fields)).status).toBe(426);
    expect((await knock(origin, `/gemini${path}`, websocket)).status).toBe(101);
  });
});

test.each([
  ['@sluice/fastify', false],
  ['@sluice/core/live', true],
])('importing %s loads the package ws: %s', async (name, isLoaded) => {
  const script = `await import('${name}');
    const { cache } = (await import('node:module')).createRequire('${import.meta.url}');
    console.log(Object.keys(cache).some((path) => /[\\\\/]ws[\\\\/]lib/.test(path)));`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { stdout } = await run(process.execPath, ['--conditions=@sluice/source', '--input-type=module', '-e', script], {
    cwd,
  });
  expect(stdout.trim()).toBe(String(isLoaded));
});
