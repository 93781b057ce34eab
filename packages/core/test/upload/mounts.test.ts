/** Where the address of an upload leads, wherever a gateway is mounted. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoogleGenAI } from '@google/genai';
import { createGateway, type Gateway, type GatewayOptions } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';
import { fetchHandler } from '@sluice/core/web';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { neverShed } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const takeDown: (() => unknown)[] = [];
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
  await simulator.close();
});

function gatewayWith(server: GatewayOptions['server'] = {}): Gateway {
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  const gateway = createGateway({ pools, callers: 'anyone', overload: neverShed, server });
  takeDown.push(() => gateway.close());
  return gateway;
}

async function served(gateway: Gateway, mountPath?: string): Promise<string> {
  const server = createServer(nodeListener(gateway, { mountPath }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Call = (url: string, init: RequestInit) => Promise<Response>;

async function addressOf(url: string, headers: Record<string, string> = {}, call: Call = fetch): Promise<string> {
  const answer = await call(`${url}/upload/v1beta/files`, {
    method: 'POST',
    headers: { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start', ...headers },
    body: '{}',
  });
  await answer.text();
  return answer.headers.get('x-goog-upload-url') as string;
}

async function finish(url: string, call: Call = fetch): Promise<number> {
  const headers = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };
  const answer = await call(url, { method: 'POST', headers, body: 'some text' });
  await answer.text();
  return answer.status;
}

test('on node:http under a prefix, with the prefix in it; and served at the root as well', async () => {
  const origin = await served(gatewayWith(), '/ai/gemini');
  const url = await addressOf(`${origin}/ai/gemini`);
  expect(url.startsWith(`${origin}/ai/gemini/upload/v1beta/files?upload_id=`)).toBe(true);
  expect(await finish(url)).toBe(200);
  const other = await addressOf(`${origin}/ai/gemini`);
  expect(await finish(other.replace('/ai/gemini', ''))).toBe(200);
});

test('where a framework takes the prefix off, it is put on again', async () => {
  const gateway = gatewayWith();
  const listener = nodeListener(gateway);
  const server = createServer((req, res) => {
    Object.assign(req, { originalUrl: req.url, url: req.url?.replace('/tenants/a%20b', '') });
    listener(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown.push(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tenants/a%20b`;
  const url = await addressOf(base);
  expect(url.startsWith(`${base}/upload/v1beta/files?`)).toBe(true);
  expect(await finish(url)).toBe(200);
  server.closeAllConnections();
});

test('as the options say, or as a trusted proxy does, whatever a client claims', async () => {
  const said = gatewayWith({ publicOrigin: 'https://ai.example/' });
  const forwarded = { 'x-forwarded-host': 'front.example', 'x-forwarded-proto': 'https' };
  expect(await addressOf(`${await served(said, 'gemini')}/gemini`, forwarded)).toMatch(
    /^https:\/\/ai\.example\/gemini\/upload\//,
  );
  const trusting = await served(gatewayWith({ trustedProxies: ['127.0.0.1'] }));
  expect(await addressOf(trusting, forwarded)).toMatch(/^https:\/\/front\.example\/upload\//);
  const plain = await served(gatewayWith());
  expect(await addressOf(plain, forwarded)).toMatch(new RegExp(`^${plain}/upload/`));
});

test('options that change change it at once', async () => {
  const gateway = gatewayWith();
  const origin = await served(gateway);
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  await gateway.reload({ pools, callers: 'anyone', server: { publicOrigin: 'https://later.example' } });
  expect(await addressOf(origin)).toMatch(/^https:\/\/later\.example\/upload\//);
});

test('on web standards it begins as the request’s own URL does', async () => {
  const gateway = gatewayWith();
  const handle = fetchHandler(gateway, { mountPath: '/gemini' });
  const call: Call = (url, init) => handle(new Request(url, init));
  const url = await addressOf('https://edge.example/gemini', {}, call);
  expect(url).toMatch(/^https:\/\/edge\.example\/gemini\/upload\/v1beta\/files\?/);
  expect(await finish(url, call)).toBe(200);
  expect(await finish((await addressOf('https://edge.example/gemini', {}, call)).replace('/gemini', ''), call)).toBe(
    200,
  );
  const said = fetchHandler(gatewayWith({ publicOrigin: 'https://ai.example' }), { mountPath: '/gemini' });
  expect(await addressOf('http://inner/gemini', {}, (at, init) => said(new Request(at, init)))).toMatch(
    /^https:\/\/ai\.example\/gemini\/upload\//,
  );
});

test('in process it leads back into the same gateway', async () => {
  const gateway = gatewayWith({ publicOrigin: 'https://ai.example' });
  const url = await addressOf('http://any.example', {}, gateway.fetch);
  expect(url).toMatch(/^http:\/\/any\.example\/upload\//);
  expect(await finish(url, gateway.fetch)).toBe(200);
});

test('the SDK finds it under a prefix, by base URL alone', async () => {
  const origin = await served(gatewayWith(), '/gemini');
  const ai = new GoogleGenAI({ apiKey: 'whoever', httpOptions: { baseUrl: `${origin}/gemini` } });
  const file = new Blob(['x'.repeat(9_000_000)]);
  expect(await ai.files.upload({ file, config: { mimeType: 'text/plain' } })).toMatchObject({ sizeBytes: '9000000' });
});
