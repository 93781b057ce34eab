import { request } from 'node:http';
import { GoogleGenAI } from '@google/genai';
import { eventually, read } from '@sluice/testkit';
import { describe, expect, test, vi } from 'vitest';
import { ask, json, prompt, provider, running, streamed, unary, withNext } from './running-next.ts';

withNext();

const start = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' };
const gzip = { ...json, 'accept-encoding': 'gzip, deflate, br' };
/** More than Next keeps of a body where somebody reads it before a route: 10 MB. */
const large = prompt.replace('hi', 'hi '.repeat(4_000_000));

async function addressOf(base: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${base}/upload/v1beta/files`, { method: 'POST', headers: { ...start, ...headers } });
  await answer.text();
  return answer.headers.get('x-goog-upload-url') as string;
}

interface Seen {
  readonly status: number | undefined;
  readonly location: string | undefined;
}

const bases = ['/base/gemini', '/base/api/gemini', '/base/edge/gemini'];
const withParameters = ['/base/tenants/a%20b/gemini', '/base/api/tenants/a%20b/gemini'];

describe.each([...bases, ...withParameters, '/base/ai'])('under %s', (base) => {
  test('bytes go through as they are, and so does the query', async () => {
    const { gateway, simulator } = await provider();
    const origin = await running(gateway);
    const { status, text, brokenBy } = await read(await ask(`${origin}${base}${streamed}`));
    expect([status, text.includes('"finishReason"'), brokenBy]).toEqual([200, true, null]);
    const [request] = simulator.journal.requests;
    expect([request?.target, Buffer.from(request?.body ?? []).toString()]).toEqual([streamed, prompt]);
  });

  test('addresses of uploads are those that the client reaches', async () => {
    const { gateway } = await provider();
    const origin = await running(gateway);
    const address = await addressOf(`${origin}${base}`);
    expect(address.startsWith(`${origin}${base}/upload/v1beta/files?upload_id=`)).toBe(true);
    const headers = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };
    expect((await fetch(address, { method: 'POST', headers, body: 'some text' })).status).toBe(200);
    const forwarded = { 'x-forwarded-host': 'front.example', 'x-forwarded-proto': 'https' };
    expect((await addressOf(`${origin}${base}`, forwarded)).startsWith(`https://front.example${base}/upload/`)).toBe(
      true,
    );
  });
});

describe.each(bases)('for clients of %s', (base) => {
  test('an SDK that knows nothing of it streams and uploads', async () => {
    const { gateway } = await provider();
    const origin = await running(gateway);
    const ai = new GoogleGenAI({ apiKey: 'whatever', httpOptions: { baseUrl: origin + base } });
    let text = '';
    for await (const { text: piece } of await ai.models.generateContentStream({
      model: 'gemini-2.5-flash',
      contents: 'hi',
    }))
      text += piece ?? '';
    expect(text).toContain('simulator');
    const file = new Blob(['x'.repeat(9_000_000)]);
    expect(await ai.files.upload({ file, config: { mimeType: 'text/plain' } })).toMatchObject({ sizeBytes: '9000000' });
  });

  test('who could take an answer compressed gets each event as it comes, and the last words of a stream that breaks', async () => {
    const { gateway, simulator } = await provider();
    const origin = await running(gateway);
    simulator.plan('*', ['stall-mid-stream', 'rst-mid-stream']);
    const reader = (await ask(`${origin}${base}${streamed}`, { headers: gzip })).body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toMatch(/^data: /);
    await reader?.cancel();
    await eventually('the provider is left', () => simulator.journal.running === 0);
    const { text, brokenBy } = await read(await ask(`${origin}${base}${streamed}`, { headers: gzip }));
    expect(text).toContain('UPSTREAM_TRUNCATED');
    expect(brokenBy).not.toBeNull();
  });

  test('a whole answer that the provider compresses is readable', async () => {
    const { gateway } = await provider();
    const origin = await running(gateway);
    const answer = await ask(`${origin}${base}${unary}`, { headers: gzip });
    expect(await answer.json()).toHaveProperty('candidates.0.finishReason', 'STOP');
  });

  test('HEAD and OPTIONS are answered by the gateway', async () => {
    const { gateway } = await provider({ server: { cors: ['https://page.example'] } });
    const origin = await running(gateway);
    const head = await fetch(`${origin}${base}/v1beta/models`, { method: 'HEAD' });
    expect([head.headers.has('x-sluice-request-id'), await head.text()]).toEqual([true, '']);
    const headers = { origin: 'https://page.example', 'access-control-request-method': 'POST' };
    const preflight = await fetch(`${origin}${base}${unary}`, { method: 'OPTIONS', headers });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([
      204,
      'https://page.example',
    ]);
  });

  test('the session of the host decides who calls', async () => {
    const { gateway } = await provider({
      callers: ({ headers }) => (headers.cookie === 'session=known' ? { id: 'alice' } : null),
    });
    const origin = await running(gateway);
    const status = async (cookie: string): Promise<number> =>
      (await ask(`${origin}${base}${unary}`, { headers: { ...json, cookie } })).status;
    expect([await status('session=known'), await status('session=guess')]).toEqual([200, 401]);
  });
});

test('bodies over 10 MB go up whole on Node, in both routers', async () => {
  const { gateway, simulator } = await provider();
  const origin = await running(gateway);
  for (const base of ['/base/gemini', '/base/api/gemini'])
    expect((await ask(`${origin}${base}${unary}`, { body: large })).status).toBe(200);
  expect(simulator.journal.requests.map(({ body }) => body.length)).toEqual([large.length, large.length]);
});

test.each([
  ['on the edge', '/base/edge/gemini'],
  ['behind a proxy.js', '/base/guarded'],
  ['behind a proxy.js, in the pages router', '/base/api/guarded'],
])('a body that Next cuts off at 10 MB (%s) is refused, and nothing goes up', async (_where, base) => {
  vi.spyOn(console, 'warn').mockReturnValue();
  const { gateway, simulator } = await provider();
  const origin = await running(gateway);
  const headers = { ...json, 'x-known': 'yes' };
  expect((await ask(`${origin}${base}${unary}`, { headers })).status).toBe(200);
  const answer = await ask(`${origin}${base}${unary}`, { headers, body: large });
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('reached the gateway')]);
  const upload = { ...headers, 'content-type': 'text/plain', 'x-goog-upload-protocol': 'raw' };
  const file = await fetch(`${origin}${base}/upload/v1beta/files`, { method: 'POST', headers: upload, body: large });
  expect(file.status).toBeGreaterThanOrEqual(400);
  await file.text();
  expect(simulator.journal.requests.filter(({ body }) => body.length === large.length)).toEqual([]);
  expect(simulator.journal.requests).toHaveLength(1 + Number(simulator.journal.requests.length > 1));
  vi.restoreAllMocks();
});

test.each(['/base/guarded', '/base/api/guarded'])(
  'what a proxy.js refuses never reaches the gateway (%s)',
  async (base) => {
    const { gateway, simulator } = await provider();
    const origin = await running(gateway);
    expect((await ask(`${origin}${base}${unary}`)).status).toBe(403);
    expect(simulator.journal.requests).toEqual([]);
  },
);

test('a body that Next has parsed is a 400 that says which line is missing, and nothing goes up', async () => {
  const { gateway, simulator } = await provider();
  const origin = await running(gateway);
  const answer = await ask(`${origin}/base/api/parsed${unary}`);
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('bodyParser: false')]);
  expect((await fetch(`${origin}/base/api/parsed/v1beta/models`)).status).toBe(200);
  expect(simulator.journal.requests).toHaveLength(1);
});

test.each(['/base/own', '/base/api/own'])(
  'built without keys, %s starts all the same, and says at the first request what is missing',
  async (base) => {
    const told = vi.spyOn(console, 'error').mockReturnValue();
    const origin = await running();
    const answer = await ask(`${origin}${base}${unary}`);
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { error: expect.objectContaining({ message: expect.stringContaining('The log of the server') }) },
    ]);
    expect(told.mock.calls.flat().join()).toContain('callers is missing');
    vi.restoreAllMocks();
  },
);

test('a slash at the end, or two in a row, is mended by Next with a redirect, which keeps method and body', async () => {
  const { gateway } = await provider();
  const origin = await running(gateway);
  for (const path of ['/base/gemini//v1beta/models', '/base/api/gemini/v1beta/models/']) {
    const { status, location } = await new Promise<Seen>((resolve) => {
      const outgoing = request(`${origin}${path}`, { agent: false }, ({ statusCode, headers }) =>
        resolve({ status: statusCode, location: headers.location }),
      );
      outgoing.end();
    });
    expect([status, location?.endsWith('gemini/v1beta/models')]).toEqual([308, true]);
  }
});
