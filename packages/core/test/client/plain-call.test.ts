/** A call in process means what the same arguments mean to `Request`, or it is left to `Request`. */

import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainCall } from '../../src/client/plain-call.ts';
import { requestOf, webExchange } from '../../src/client/web.ts';

const url =
  'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent?alt=sse&key=a%20b';

/** The same as far as a gateway reads it; the length of the body is told on top. */
async function expectAlike(input: string | URL, init?: RequestInit): Promise<void> {
  const plain = plainCall(input, init);
  if (plain === null) return;
  const request = new Request(input, init);
  const { 'content-length': length, ...fields } = plain.fields;
  const theirs: Record<string, string> = Object.fromEntries(request.headers);
  delete theirs['content-length'];
  expect({ ...fields }).toEqual(theirs);
  expect([plain.url, plain.method]).toEqual([request.url, request.method]);
  const bytes = new Uint8Array(await request.arrayBuffer());
  expect(plain.bytes ?? new Uint8Array()).toEqual(bytes);
  if (plain.bytes !== null) expect(length).toBe(String(bytes.length));
}

const inits: readonly (readonly [what: string, init: RequestInit | undefined])[] = [
  ['nothing', undefined],
  ['a text', { method: 'POST', body: 'ä€😀' }],
  ['a text with its type', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }],
  ['a lone surrogate', { method: 'POST', body: '\ud800' }],
  ['bytes', { method: 'PUT', body: new Uint8Array([1, 2, 3]).subarray(1) }],
  ['a buffer', { method: 'PATCH', body: new Uint8Array([1, 2, 3]).buffer }],
  ['a view', { method: 'POST', body: new DataView(new ArrayBuffer(4), 1, 2) }],
  ['an empty text', { method: 'POST', body: '' }],
  [
    'Headers',
    {
      headers: new Headers([
        ['X-A', '1'],
        ['x-a', '2'],
        ['accept', '*/*'],
      ]),
    },
  ],
  [
    'a list',
    {
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
      ],
    },
  ],
  ['one name in two ways', { headers: { 'x-a': '1', 'X-A': '2' } }],
  ['a name of objects', { headers: { constructor: '2' } }],
  ['a signal', { signal: new AbortController().signal }],
];

describe('a plain call', () => {
  test.each(inits)('with %s is what Request makes of it', async (_what, init) => {
    expect(plainCall(url, init)).not.toBeNull();
    await expectAlike(url, init);
    await expectAlike(new URL(url), init);
  });

  test('is made for no arguments that mean something else to Request', async () => {
    const part = fc.oneof(
      fc.constantFrom(
        'v1beta',
        'models',
        '.',
        '..',
        '%2e',
        '%2E%2e',
        '',
        ' ',
        'a b',
        'ä',
        "'",
        '"',
        '\\',
        '#x',
        '?a=b',
        '@h',
        '%zz',
        '\t',
      ),
      fc.string({ maxLength: 6 }),
    );
    const address = fc.tuple(
      fc.constantFrom(
        'http://gateway',
        'https://h:8080',
        'HTTP://H',
        'http://u:p@h',
        'http://[::1]',
        'http://h:80',
        'https://h:443',
        'http://h%41',
        'http://h.',
        'http://127.1',
        'http://127.0.0.1:41234',
        'http://h:65536',
        'http://h:08',
      ),
      fc.array(part, { maxLength: 4 }),
    );
    const headers = fc.array(
      fc.tuple(
        fc.constantFrom('x-a', 'X-A', 'x b', 'Content-Type', ''),
        fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom(' a', 'a ', 'é', 'ā', 'a\nb')),
      ),
      { maxLength: 3 },
    );
    const method = fc.constantFrom('GET', 'get', 'POST', 'patch', 'PATCH', 'FOO', 'a b', 'TRACE', 'HEAD');
    const body = fc.option(fc.string({ maxLength: 8 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(address, headers, method, body, async ([origin, parts], fields, verb, text) => {
        const input = [origin, ...parts].join('/');
        const init = {
          method: verb,
          headers: fields as [string, string][],
          ...(text === undefined ? {} : { body: text }),
        };
        await expectAlike(input, init);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['a form', { method: 'POST', body: new URLSearchParams('a=b') }],
    ['a stream', { method: 'POST', body: new ReadableStream(), duplex: 'half' } as RequestInit],
    ['a blob', { method: 'POST', body: new Blob(['x']) }],
    ['a body that GET cannot have', { body: 'x' }],
    ['a method to be mended', { method: 'post' }],
    ['a value to be trimmed', { headers: { 'x-a': ' 1 ' } }],
  ])('is left to Request with %s', (_what, init) => {
    expect(plainCall(url, init)).toBeNull();
  });

  test.each([
    'http://gateway/a/../b',
    'http://gateway/a b',
    'http://u@gateway/',
    'http://gateway/#x',
    'http://GATEWAY/',
    'http://gateway',
  ])('is left to Request with the address %s', (address) => {
    expect(plainCall(address)).toBeNull();
  });

  test('has a copy of its body, so that whoever calls may use theirs again', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const { exchange } = webExchange(requestOf(url, { method: 'POST', body: bytes }), '');
    bytes.fill(9);
    expect(await exchange.readBody(10)).toEqual(new Uint8Array([1, 2, 3]));
  });

  test('keeps to the most that a body may have', async () => {
    const { exchange } = webExchange(requestOf(url, { method: 'POST', body: '12345678901' }), '');
    await expect(exchange.readBody(10)).rejects.toMatchObject({ code: 'payload_too_large' });
  });
});

describe('a signal that lives on', () => {
  const flow = { pause() {}, resume() {}, abort() {} };
  test.each([
    ['ends', (sink: { end(): void; fail(error: Error): void }) => sink.end()],
    ['fails', (sink: { end(): void; fail(error: Error): void }) => sink.fail(new Error('no'))],
  ])('keeps nothing of a call when its answer %s', async (_how, finish) => {
    const { signal } = new AbortController();
    const { exchange, response } = webExchange(requestOf(url, { signal }), '');
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    exchange.client.open(flow);
    exchange.client.head(200, {});
    finish(exchange.client);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await (await response).text().catch(() => {});
  });

  test('ends a call when it aborts, and one that has aborted before', async () => {
    const leaving = new AbortController();
    const { exchange, response } = webExchange(requestOf(url, { signal: leaving.signal }), '');
    leaving.abort();
    expect(exchange.cancellation.isCancelled).toBe(true);
    await expect(response).rejects.toMatchObject({ name: 'AbortError' });
    expect(webExchange(requestOf(url, { signal: leaving.signal }), '').exchange.cancellation.isCancelled).toBe(true);
  });
});

describe('last words', () => {
  const flow = { pause() {}, resume() {}, abort() {} };
  test('come after what was said before, in a piece of their own, and the error after they were sent', async () => {
    const { exchange, response } = webExchange(requestOf(url, {}), '');
    const { client } = exchange;
    client.open(flow);
    client.head(200, {});
    client.write(Buffer.from('before'));
    client.fail(new Error('broken'), Buffer.from('words'));
    const reader = ((await response).body as ReadableStream<Uint8Array>).getReader();
    const read = async (): Promise<string> => Buffer.from((await reader.read()).value ?? []).toString();
    expect([await read(), await read()]).toEqual(['before', 'words']);
    const saidAtMs = performance.now();
    await expect(read()).rejects.toThrow('broken');
    // A server that pipes it has sent them by then.
    expect(performance.now() - saidAtMs).toBeGreaterThan(10);
  });

  test('are forgotten when the reader has gone', async () => {
    const { exchange, response } = webExchange(requestOf(url, {}), '');
    exchange.client.open(flow);
    exchange.client.head(200, {});
    exchange.client.fail(new Error('broken'), Buffer.from('words'));
    await (await response).body?.cancel();
    expect(exchange.cancellation.isCancelled).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 40));
  });
});
