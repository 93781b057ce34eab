/** A gateway behind a port of this machine, over real sockets: who gets in, and what is left when it closes. */

import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createGateway, type Gateway, type GatewayOptions } from '@sluice/core';
import { nodeUpgrade } from '@sluice/core/live';
import { type LocalListener, type LocalListenerOptions, listenLocally } from '@sluice/core/node';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { eventually, neverShed, type RawAnswer, rawRequest } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const unary = '/v1beta/models/gemini-2.5-flash:generateContent';
const streamed = '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';
const live = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
const prompt = '{"contents":[{"parts":[{"text":"hi"}]}]}';
const alice = { id: 'alice', key: 'canary-key-of-alice-01' };

let simulator: Simulator;
const takeDown: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
  await simulator.close();
});

interface Open extends LocalListener {
  readonly gateway: Gateway;
  readonly port: number;
}

async function open(
  options: Partial<GatewayOptions> = {},
  listener: (gateway: Gateway) => LocalListenerOptions = () => ({}),
): Promise<Open> {
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  const gateway = createGateway({ pools, callers: 'anyone', overload: neverShed, ...options });
  takeDown.push(() => gateway.close());
  const local = await listenLocally(gateway, listener(gateway));
  takeDown.push(() => local.close({ withinMs: 0 }));
  return { ...local, gateway, port: Number(new URL(local.url).port) };
}

/** One request as these bytes; `host` is the right one unless it is said. */
function knock({ port }: Open, requestLine: string, fields: readonly string[] = [], body = ''): Promise<RawAnswer> {
  const host = fields.some((field) => /^host:/i.test(field)) ? [] : [`host: 127.0.0.1:${port}`];
  const length = body === '' ? [] : ['content-type: application/json', `content-length: ${body.length}`];
  const head = [`${requestLine} HTTP/1.1`, ...host, ...fields, ...length, 'connection: close'];
  return rawRequest(port, `${head.join('\r\n')}\r\n\r\n${body}`);
}

const told = (): string =>
  JSON.stringify(simulator.journal.requests.map(({ target, rawHeaders }) => [target, rawHeaders]));

describe('the key of a local listener', () => {
  test.each([
    ['x-goog-api-key', (key: string) => [unary, `x-goog-api-key: ${key}`] as const],
    ['authorization', (key: string) => [unary, `authorization: Bearer ${key}`] as const],
    ['the query', (key: string) => [`${unary}?key=${key}`, 'accept: */*'] as const],
  ])('alone lets in, wherever the gateway takes credentials: %s', async (_where, signed) => {
    const local = await open();
    const [target, field] = signed(local.key);
    expect((await knock(local, `POST ${target}`, [field], prompt)).status).toBe(200);
    expect(simulator.journal.requests).toHaveLength(1);
    expect(told()).not.toContain(local.key);
  });

  test.each([
    ['none', []],
    ['another', [`x-goog-api-key: ${'0'.repeat(64)}`]],
    ['a longer one', [`x-goog-api-key: ${'0'.repeat(5_000)}`]],
    ['a key of the pool', [`x-goog-api-key: ${demoKey}`]],
    ['a key of a caller', [`x-goog-api-key: ${alice.key}`]],
  ])('is wanted on loopback too: %s is 401, and nothing goes up', async (_what, fields) => {
    const local = await open({ callers: [alice] });
    const answer = await knock(local, `POST ${unary}`, fields, prompt);
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } });
    expect(answer.text).not.toContain(local.key);
    expect(simulator.journal.requests).toEqual([]);
  });

  test('is refused in the dialect of what was asked', async () => {
    const answer = await knock(await open(), 'POST /v1beta/openai/chat/completions', [], '{}');
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 401, type: 'unauthorized', param: null } });
  });

  test('is another one each time, of 256 bits', async () => {
    const [one, other] = [await open(), await open()];
    expect(one.key).toMatch(/^[0-9a-f]{64}$/);
    expect(one.key).not.toBe(other.key);
    expect((await knock(one, `POST ${unary}`, [`x-goog-api-key: ${other.key}`], prompt)).status).toBe(401);
  });

  test.each([
    ['x-goog-api-key', (key: string) => [unary, `x-goog-api-key: ${key}`] as const],
    ['authorization', (key: string) => [unary, `authorization: Bearer ${key}`] as const],
    ['the query', (key: string) => [`${unary}?a=%2F&key=${key}&b`, 'accept: */*'] as const],
  ])('stands for the caller who was named: %s', async (_where, signed) => {
    const local = await open({ callers: [alice] }, () => ({ callerKey: alice.key }));
    const callers: (string | null)[] = [];
    local.gateway.on('request', ({ caller }) => callers.push(caller));
    const [target, field] = signed(local.key);
    expect((await knock(local, `POST ${target}`, [field], prompt)).status).toBe(200);
    expect(callers).toEqual(['alice']);
    expect(told()).not.toMatch(/canary-key/);
    if (target.includes('%2F')) expect(told()).toContain('a=%2F&b');
  });

  test('and a second, different credential beside it are two: 400, as everywhere', async () => {
    const local = await open({ callers: [alice] }, () => ({ callerKey: alice.key }));
    const fields = [`x-goog-api-key: ${local.key}`, 'authorization: Bearer somebody-elses-key-0001'];
    expect((await knock(local, `POST ${unary}`, fields, prompt)).status).toBe(400);
    expect(simulator.journal.requests).toEqual([]);
  });

  test('is shown to a function that decides, where nobody was named', async () => {
    const seen: (string | null)[] = [];
    const callers = ({ credential }: { credential: string | null }): { id: string } => {
      seen.push(credential);
      return { id: 'desk' };
    };
    const local = await open({ callers });
    expect((await knock(local, `POST ${unary}`, [`x-goog-api-key: ${local.key}`], prompt)).status).toBe(200);
    expect(seen).toEqual([local.key]);
  });
});

describe('a local listener', () => {
  test('listens on 127.0.0.1 and nowhere else', async () => {
    const { port, url } = await open();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    for (const { address, family, internal } of others) {
      if (address === '127.0.0.1' || (family === 'IPv6' && !internal)) continue;
      await expect(connecting(port, address), address).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
  });

  test.each([
    ['evil.example', 421],
    ['127.0.0.1', 421],
    ['localhost', 421],
    ['127.0.0.1:1', 421],
    ['127.0.0.1.evil.example:PORT', 421],
    ['0.0.0.0:PORT', 421],
    ['127.0.0.1:PORT', 200],
    ['localhost:PORT', 200],
    ['LocalHost:PORT', 200],
    ['[::1]:PORT', 200],
  ])('asked as %s answers %i', async (host, status) => {
    const local = await open();
    const fields = [`host: ${host.replace('PORT', String(local.port))}`, `x-goog-api-key: ${local.key}`];
    expect((await knock(local, `POST ${unary}`, fields, prompt)).status).toBe(status);
    expect(simulator.journal.requests).toHaveLength(status === 200 ? 1 : 0);
  });

  test('lets no page of another origin in, whatever server.cors says', async () => {
    const local = await open({ server: { cors: ['*'] } });
    const signed = [`x-goog-api-key: ${local.key}`, 'origin: https://page.example'];
    const asked = ['access-control-request-method: POST', 'access-control-request-private-network: true'];
    const preflight = await knock(local, `OPTIONS ${unary}`, [...signed, ...asked]);
    expect(preflight.status).toBe(403);
    const answer = await knock(local, `POST ${unary}`, signed, prompt);
    expect(answer.status).toBe(200);
    for (const { text } of [preflight, answer]) expect(text).not.toMatch(/access-control-/i);
    expect(told()).not.toContain('page.example');
  });

  test('asks for a body only once its key was seen, and answers what is no HTTP', async () => {
    const local = await open();
    const expecting = ['expect: 100-continue', 'content-type: application/json', 'content-length: 5'];
    const refused = await knock(local, `POST ${unary}`, expecting);
    expect([refused.status, refused.text]).toEqual([401, expect.not.stringContaining('100 Continue')]);
    const asked = [`POST ${unary} HTTP/1.1`, `host: 127.0.0.1:${local.port}`, `x-goog-api-key: ${local.key}`];
    const bytes = `${[...asked, ...expecting].join('\r\n')}\r\n\r\n`;
    expect((await rawRequest(local.port, bytes, /\r\n\r\n/)).status).toBe(100);
    expect(JSON.parse((await rawRequest(local.port, 'nonsense\r\n\r\n')).body)).toMatchObject({ error: { code: 400 } });
  });

  test('tells uploads its own address, whatever the public one and trusted proxies are', async () => {
    const local = await open({ server: { publicOrigin: 'https://front.example', trustedProxies: ['127.0.0.1'] } });
    const start = [
      'x-goog-upload-protocol: resumable',
      'x-goog-upload-command: start',
      'x-forwarded-host: evil.example',
    ];
    const answer = await knock(local, 'POST /upload/v1beta/files', [`x-goog-api-key: ${local.key}`, ...start], '{}');
    const [, address = ''] = /x-goog-upload-url: (\S+)/i.exec(answer.text) ?? [];
    expect(address).toMatch(new RegExp(`^${local.url}/upload/v1beta/files\\?`));
    const finish = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };
    expect((await fetch(address, { method: 'POST', headers: finish, body: 'some text' })).status).toBe(401);
    const headers = { ...finish, 'x-goog-api-key': local.key };
    expect((await fetch(address, { method: 'POST', headers, body: 'some text' })).status).toBe(200);
  });

  test('takes no Live session where none was asked for', async () => {
    const local = await open();
    expect((await knock(local, `GET ${live}?key=${local.key}`, upgrade)).status).toBe(426);
  });

  test.each([
    ['the key in the query', 101, (key: string) => [`${live}?key=${key}`, []] as const],
    ['the key in a field', 101, (key: string) => [live, [`x-goog-api-key: ${key}`]] as const],
    ['no key', 401, () => [live, []] as const],
    ['a wrong key', 401, () => [`${live}?key=${'0'.repeat(64)}`, []] as const],
    ['another host', 421, (key: string) => [`${live}?key=${key}`, ['host: evil.example']] as const],
  ])('answers an upgrade with %s by %i', async (_what, status, asked) => {
    const local = await open({}, (gateway) => ({ live: nodeUpgrade(gateway, { others: 'refuse' }) }));
    const [target, fields] = asked(local.key);
    const host = fields.some((field: string) => field.startsWith('host')) ? [] : [`host: 127.0.0.1:${local.port}`];
    const bytes = `${[`GET ${target} HTTP/1.1`, ...host, ...upgrade, ...fields].join('\r\n')}\r\n\r\n`;
    expect((await rawRequest(local.port, bytes, /\r\n\r\n/)).status).toBe(status);
    await eventually('the session is over', () => local.gateway.snapshot().open === 0);
  });

  test('answers an upgrade that the host leaves by 404', async () => {
    const local = await open({}, () => ({ live: Object.assign(() => false, { isFor: () => true }) }));
    expect((await knock(local, `GET /chat?key=${local.key}`, upgrade)).status).toBe(404);
  });
});

describe('closing', () => {
  test('lets what is short finish, and leaves nothing', async () => {
    await simulator.close();
    simulator = await startSimulator({ chunkMs: 10 });
    const local = await open();
    const answer = await fetch(local.url + streamed, { method: 'POST', body: prompt, headers: headersOf(local) });
    const [text] = await Promise.all([answer.text(), local.close({ withinMs: 15_000 })]);
    expect(text).toContain('"finishReason": "STOP"');
    await expect(connecting(local.port, '127.0.0.1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }, 10_000);

  test('cuts what takes longer: never a clean end, and the provider is let go of', async () => {
    const local = await open();
    simulator.plan('*', ['endless-stream']);
    const answer = await fetch(local.url + streamed, { method: 'POST', body: prompt, headers: headersOf(local) });
    const read = answer.text();
    read.catch(() => {});
    await eventually('the stream flows', () => (simulator.journal.requests[0]?.bytesSent ?? 0) > 100_000);
    await local.close({ withinMs: 20 });
    await expect(read).rejects.toThrow();
    await eventually('the provider is let go of', () => simulator.journal.running === 0);
  });

  test('ends idle connections and Live sessions, and may be asked for twice', async () => {
    const local = await open({}, (gateway) => ({ live: nodeUpgrade(gateway, { others: 'refuse' }) }));
    const idle = await connecting(local.port, '127.0.0.1');
    const session = await connecting(local.port, '127.0.0.1');
    const ended = [idle, session].map((socket) => new Promise((resolve) => socket.on('close', resolve)));
    const head = [`GET ${live}?key=${local.key} HTTP/1.1`, `host: 127.0.0.1:${local.port}`, ...upgrade];
    session.write(`${head.join('\r\n')}\r\n\r\n`);
    await new Promise((resolve) => session.once('data', resolve));
    await Promise.all([local.close({ withinMs: 20 }), local.close()]);
    await Promise.all(ended);
    await eventually('the session is over', () => local.gateway.snapshot().open === 0);
  });

  test('is what `await using` does at its end, and the gateway goes on', async () => {
    const { gateway } = await open();
    let port = 0;
    {
      await using local = await listenLocally(gateway);
      port = Number(new URL(local.url).port);
    }
    await expect(connecting(port, '127.0.0.1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await gateway.fetch(unary, { method: 'POST', body: prompt, headers: json })).status).toBe(200);
  });
});

const json = { 'content-type': 'application/json' };
const upgrade = [
  'connection: upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
];

function headersOf({ key }: LocalListener): Record<string, string> {
  return { ...json, 'x-goog-api-key': key };
}

function connecting(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host }, () => resolve(socket));
    socket.on('error', reject);
  });
}
