import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually, rawRequest } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { nodeUpgrade } from '../../src/live.ts';
import { nodeListener } from '../../src/node.ts';
import { aStage, callerKey, key, lastEnd, path, setup, setupComplete } from './a-talk.ts';

describe('a session', () => {
  test('goes both ways, frame for frame, text as text and bytes as bytes', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    expect(talk.texts()).toEqual([setup]);
    expect(client.heard).toEqual([{ text: setupComplete, isText: false }]);
    client.ws.send('{"clientContent":{}}');
    client.ws.send(Buffer.from('{"realtimeInput":{}}'));
    client.ws.send('');
    talk.ws.send('{"serverContent":{"turnComplete":true}}');
    talk.ws.send(Buffer.from([0, 255, 128]));
    await eventually('not all was heard', () => talk.heard.length === 4 && client.heard.length === 3);
    expect(talk.heard.slice(1)).toEqual([
      { text: '{"clientContent":{}}', isText: true },
      { text: '{"realtimeInput":{}}', isText: false },
      { text: '', isText: true },
    ]);
    expect(client.heard[1]).toEqual({ text: '{"serverContent":{"turnComplete":true}}', isText: true });
    expect(client.heard[2]?.isText).toBe(false);
    expect(stage.gateway.snapshot()).toMatchObject({ open: 1, streams: 1 });
  });

  test('the setup goes up with the opcode that it came with', async () => {
    const stage = await aStage();
    const client = await stage.connect();
    client.ws.send(Buffer.from(`  ${setup}\n`));
    await eventually('no answer', () => client.heard.length > 0);
    expect(stage.talks[0]?.heard).toEqual([{ text: `  ${setup}\n`, isText: false }]);
  });

  test('what the client says before the provider has answered comes after the setup, in order', async () => {
    const stage = await aStage();
    const client = await stage.connect();
    for (const text of [setup, 'one', 'two', 'three']) client.ws.send(text);
    await eventually('not all was heard', () => stage.talks[0]?.heard.length === 4);
    expect(stage.talks[0]?.texts()).toEqual([setup, 'one', 'two', 'three']);
  });

  test('one credential goes up, as a header, with the query of the client and none of its credentials', async () => {
    const stage = await aStage();
    const { talk } = await stage.begin(`/${path}?alt=x&key=${callerKey}&y=%20z`, {
      headers: { 'user-agent': 'canary-agent', cookie: 'a=b', 'x-goog-user-project': 'p' },
    });
    expect(talk.target).toBe(`${path}?alt=x&y=%20z`);
    expect(talk.headers).toMatchObject({ 'x-goog-api-key': key('main'), 'user-agent': 'canary-agent' });
    expect(talk.headers.cookie).toBeUndefined();
    expect(talk.headers['x-goog-user-project']).toBeUndefined();
    expect(talk.headers['sec-websocket-extensions']).toBeUndefined();
    expect(JSON.stringify([talk.target, talk.headers])).not.toContain(callerKey);
  });

  test('a key in a header is as good', async () => {
    const stage = await aStage();
    const { client } = await stage.begin(path, { headers: { 'x-goog-api-key': callerKey } });
    expect(client.heard).toHaveLength(1);
  });

  test('the subprotocol that the client likes best is asked for, and answered', async () => {
    const stage = await aStage({ script: { protocol: 'realtime' } });
    const client = await stage.connect(undefined, { protocols: ['realtime', 'other'] });
    client.ws.send(setup);
    await eventually('no answer', () => client.heard.length > 0);
    expect(client.ws.protocol).toBe('realtime');
    expect(stage.talks[0]?.headers['sec-websocket-protocol']).toBe('realtime');
  });

  test('nobody compresses, even where the client offers to', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin(undefined, { perMessageDeflate: true });
    expect(talk.headers['sec-websocket-extensions']).toBeUndefined();
    expect([client.ws.extensions, talk.ws.extensions]).toEqual(['', '']);
  });

  test('may begin in the same packet as the request for it', async () => {
    const stage = await aStage();
    const frame = [0x81, 0x80 + setup.length, 0, 0, 0, 0].map((byte) => String.fromCharCode(byte)).join('') + setup;
    const lines = [
      `GET ${path}?key=${callerKey} HTTP/1.1`,
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    const { text } = await rawRequest(stage.port, [...lines, '', frame].join('\r\n'), /setupComplete/);
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(text).toMatch(/^x-sluice-request-id: \S+\r$/m);
    expect(stage.talks[0]?.texts()).toEqual([setup]);
  });

  test('is told once, when it is over', async () => {
    const stage = await aStage();
    const { client, talk } = await stage.begin();
    const said = JSON.stringify({
      usageMetadata: { promptTokenCount: 515, responseTokenCount: 38, totalTokenCount: 553, thoughtsTokenCount: 7 },
    });
    talk.ws.send(Buffer.from(said));
    talk.ws.send(Buffer.from(said));
    talk.ws.send('{"serverContent":{"modelTurn":{"parts":[{"text":"no \\"usageMetadata\\" here"}]}}}');
    await eventually('not all was heard', () => client.heard.length === 4);
    await stage.clock.advance(5_000);
    client.ws.close();
    expect(await lastEnd(stage)).toMatchObject({
      surface: 'live',
      call: 'BidiGenerateContent',
      method: 'GET',
      path,
      model: 'gemini-live-2.5-flash-preview',
      caller: 'alice',
      remote: '127.0.0.1',
      status: 101,
      outcome: 'complete',
      error: null,
      attempts: 1,
      requestBytes: setup.length,
      isStream: true,
      durationMs: 5_000,
      usage: { prompt: 1_030, candidates: 76, thoughts: 14, cached: 0, tools: 0 },
    });
    expect(stage.ends).toHaveLength(1);
  });
});

describe('where it is mounted', () => {
  test('under a prefix, with one slash or two', async () => {
    const stage = await aStage({ upgrade: { mountPath: '/gemini' } });
    for (const target of [`/gemini${path}`, `/gemini/${path}`]) {
      const { client } = await stage.begin(`${target}?key=${callerKey}`);
      expect(client.heard).toHaveLength(1);
    }
    expect(stage.talks.map(({ target }) => target)).toEqual([path, path]);
  });

  test('every version and method of the Live API is taken, and nothing else', async () => {
    const stage = await aStage();
    const own = new WebSocketServer({ noServer: true });
    stage.server.removeAllListeners('upgrade');
    const take = nodeUpgrade(stage.gateway);
    stage.server.on('upgrade', (req, socket, head) => {
      if (!take(req, socket, head)) own.handleUpgrade(req, socket, head, (ws) => ws.send('the host’s own'));
    });
    const service = '/ws/google.ai.generativelanguage.v1.GenerativeService.BidiGenerateMusic';
    await stage.begin(`${service}?key=${callerKey}`);
    expect(stage.talks[0]?.target).toBe(service);
    for (const target of ['/', '/ws', '/chat', `/other${path}`, '/ws/google.cloud.aiplatform.v1.LlmBidiService']) {
      const client = await stage.connect(target);
      await eventually('no word of the host', () => client.heard.length === 1);
      expect(client.texts()).toEqual(['the host’s own']);
    }
    expect(stage.ends).toHaveLength(0);
  });

  test('where there is nobody else, everything else is answered 404', async () => {
    const stage = await aStage({ upgrade: { others: 'refuse' } });
    await expect(stage.connect('/chat')).rejects.toThrow('404');
  });

  test('what offers another upgrade stays an ordinary request, where the server asks who wants one', async () => {
    const stage = await aStage({ script: { answers: () => '{"models":[]}' }, upgrade: { mountPath: '/gemini' } });
    const options = { mountPath: '/gemini' };
    const live = nodeUpgrade(stage.gateway, options);
    const listener = nodeListener(stage.gateway, options);
    const server = createServer({ shouldUpgradeCallback: live.isFor }, listener).on('upgrade', live);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const body = '{"contents":[]}';
    const asked = async (line: string, upgrade: string): Promise<number> => {
      const fields = ['host: a', 'connection: upgrade, close', `upgrade: ${upgrade}`, `x-goog-api-key: ${callerKey}`];
      const rest = line.startsWith('POST') ? ['content-type: application/json', `content-length: ${body.length}`] : [];
      const head = [`${line} HTTP/1.1`, ...fields, ...rest].join('\r\n');
      return (await rawRequest(port, `${head}\r\n\r\n${rest.length > 0 ? body : ''}`)).status;
    };
    for (const upgrade of ['h2c', 'websocket']) {
      expect(await asked('GET /gemini/v1beta/models', upgrade)).toBe(200);
      expect(await asked('POST /gemini/v1beta/models/gemini-2.5-flash:countTokens', upgrade)).toBe(200);
    }
    expect(await asked(`GET /gemini${path}`, 'h2c')).toBe(426);
    expect(await asked(`POST /gemini${path}`, 'websocket')).toBe(405);
    server.close();
  });

  test('the listener says what it has taken', async () => {
    const stage = await aStage();
    const taken: boolean[] = [];
    const server = createServer().on('upgrade', (req, socket, head) => {
      taken.push(nodeUpgrade(stage.gateway)(req, socket, head));
      if (!taken.at(-1)) socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const target of ['/elsewhere', path]) {
      const ws = new WebSocket(origin + target).on('error', () => {});
      await new Promise((resolve) => ws.once('close', resolve));
    }
    expect(taken).toEqual([false, true]);
    server.close();
  });
});
