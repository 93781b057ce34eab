import { createServer } from 'node:http';
import { GoogleGenAI, type LiveServerMessage, type Session } from '@google/genai';
import { nodeUpgrade } from '@sluice/core/live';
import { eventually, type RawAnswer, rawRequest } from '@sluice/testkit';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, provider, running, unary } from './running-app.ts';

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
  session.sendClientContent({ turns: 'Hello, Express', turnComplete: true });
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
  test('is one more line, under the same mount path and the same keys', async () => {
    const { options } = await provider({ callers });
    const gemini = sluice(options);
    const origin = await running(
      (app) => app.use('/ai/gemini', gemini),
      (server) => server.on('upgrade', nodeUpgrade(gemini.gateway, { mountPath: '/ai/gemini', others: 'refuse' })),
    );
    const heard = await talkAt(`${origin}/ai/gemini`, 'canary-key-of-alice-01');
    expect(heard.map(({ text }) => text ?? '').join('')).toContain('Hello, Express');
    const answer = await ask(`${origin}/ai/gemini${unary}`, {
      headers: { 'content-type': 'application/json', 'x-goog-api-key': 'canary-key-of-alice-01' },
    });
    expect(answer.status).toBe(200);
    await expect(talkAt(`${origin}/ai/gemini`, 'wrong-wrong-wrong-wrong')).rejects.toThrow('401');
    expect((await knock(origin, '/chat', websocket)).status).toBe(404);
    const drained = gemini.gateway.drain({ withinMs: 60_000 });
    expect((await knock(origin, `/ai/gemini${path}`, websocket)).status).toBe(503);
    open.splice(0)[0]?.close();
    await drained;
    await gemini.gateway.close();
  });

  test('knows callers as the app does, by the same function', async () => {
    const { gateway } = await provider({
      callers: ({ headers }) => (headers.cookie === 'session=known' ? { id: 'alice' } : null),
    });
    const origin = await running(
      (app) => app.use('/gemini', sluice(gateway)),
      (server) => server.on('upgrade', nodeUpgrade(gateway, { mountPath: '/gemini' })),
    );
    const statuses = await Promise.all(
      [['cookie: session=known'], ['cookie: session=guess'], []].map(
        async (cookie) => (await knock(origin, `/gemini${path}`, [...websocket, ...cookie])).status,
      ),
    );
    expect(statuses).toEqual([101, 401, 401]);
  });

  test('is not behind the app’s own middleware: an app that lets in by that looks at upgrades itself', async () => {
    const { gateway } = await provider({ callers: 'anyone' });
    const isKnown = (cookie: string | undefined): boolean => cookie === 'session=known';
    const live = nodeUpgrade(gateway, { mountPath: '/gemini', others: 'refuse' });
    const origin = await running(
      (app) => {
        app.use((req, res, next) => (isKnown(req.headers.cookie) ? next() : res.sendStatus(401)));
        app.use('/gemini', sluice(gateway));
      },
      (server) =>
        server.on('upgrade', (req, socket, head) => {
          if (isKnown(req.headers.cookie)) live(req, socket, head);
          else socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
        }),
    );
    expect((await knock(origin, `/gemini${path}`, websocket)).status).toBe(401);
    expect((await knock(origin, `/gemini${path}`, [...websocket, 'cookie: session=known'])).status).toBe(101);
  });

  test('and requests that offer another upgrade are the app’s, where the server asks', async () => {
    const { gateway } = await provider();
    const app = express();
    app.use('/gemini', sluice(gateway));
    const live = nodeUpgrade(gateway, { mountPath: '/gemini', others: 'refuse' });
    const server = createServer({ shouldUpgradeCallback: live.isFor }, app).on('upgrade', live);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const fields = ['upgrade: h2c', 'connection: close'];
    expect((await knock(origin, '/gemini/v1beta/models', fields)).status).toBe(200);
    expect((await knock(origin, `/gemini${path}`, fields)).status).toBe(426);
    expect((await knock(origin, `/gemini${path}`, websocket)).status).toBe(101);
    server.closeAllConnections();
    server.close();
  });
});
