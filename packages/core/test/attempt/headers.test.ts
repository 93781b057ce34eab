import { describe, expect, test } from 'vitest';
import { headersDown, headersUp } from '../../src/attempt/headers.ts';
import type { HeaderBag } from '../../src/wire.ts';

const hopByHop = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-connection'];

describe('up to the provider', () => {
  test.each([
    ...hopByHop,
    ...[
      'authorization',
      'x-goog-api-key',
      'x-api-key',
      'cookie',
      'x-goog-user-project',
      'forwarded',
      'x-real-ip',
      'via',
    ],
    ...['proxy-authorization', 'proxy-authenticate', 'proxy-anything'],
    ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-anything'],
    ...['x-sluice-request-id', 'x-sluice-anything'],
    ...['x-original-url', 'x-original-host', 'x-rewrite-url', 'x-host', 'x-http-host-override'],
    ...['host', 'content-length', 'expect', 'http2-settings', ':authority'],
  ])('%s never goes', (name) => {
    expect(headersUp({ [name]: 'x', accept: '*/*' })).toEqual(['accept', '*/*']);
    expect(headersUp({ [name]: ['x', 'y'] })).toEqual([]);
  });

  test.each([
    ...[
      'accept',
      'accept-encoding',
      'content-type',
      'content-encoding',
      'user-agent',
      'referer',
      'if-none-match',
      'range',
    ],
    ...[
      'x-goog-api-client',
      'x-goog-upload-command',
      'x-goog-upload-protocol',
      'x-server-timeout',
      'x-goog-request-params',
    ],
    ...[
      'x-gemini-api-privileged-user-id',
      'x-stainless-lang',
      'traceparent',
      'x-custom',
      'x-hosted-by',
      'forwarded-for',
    ],
  ])('%s goes as it came', (name) => {
    expect(headersUp({ [name]: 'Äny "value", really' })).toEqual([name, 'Äny "value", really']);
  });

  test('a field that came several times goes several times, in order', () => {
    expect(headersUp({ 'x-a': ['1', '2'], 'x-b': '3', 'x-c': undefined })).toEqual([
      'x-a',
      '1',
      'x-a',
      '2',
      'x-b',
      '3',
    ]);
  });

  test('what the connection names stays here', () => {
    const named = { connection: 'close, X-Internal ,x-other', 'x-internal': '1', 'x-other': '2', 'x-third': '3' };
    expect(headersUp(named)).toEqual(['x-third', '3']);
    expect(headersUp({ ...named, connection: ['x-internal', 'x-third'] })).toEqual(['x-other', '2']);
  });

  test('a client cannot name its own credential back in', () => {
    const tricks = { connection: 'x-goog-api-key, cookie', 'x-goog-api-key': 'k', cookie: 'c', accept: '*/*' };
    expect(headersUp(tricks)).toEqual(['accept', '*/*']);
  });

  test('a header called __proto__ goes nowhere', () => {
    const bag = Object.fromEntries([
      ['__proto__', 'x'],
      ['accept', '*/*'],
    ]);
    expect(headersUp(bag)).toEqual(['accept', '*/*']);
  });

  test('a name that was refused once is refused again, after any number of other names', () => {
    for (let at = 0; at < 3_000; at++) headersUp({ [`x-made-up-${at}`]: '1' });
    expect(
      headersUp({ authorization: 'Bearer x', 'x-forwarded-new': '1', 'x-goog-api-key': 'k', 'x-ok': '1' }),
    ).toEqual(['x-ok', '1']);
  });
});

describe('down to the client', () => {
  test.each([
    ...hopByHop,
    ...['set-cookie', 'location', 'alt-svc', 'strict-transport-security', 'clear-site-data', 'proxy-authenticate'],
    ...['access-control-allow-origin', 'access-control-anything', 'x-sluice-attempts', 'x-sluice-anything'],
    ...['x-goog-api-key', 'x-goog-hash', 'x-goog-safety-encoding'],
  ])('%s never comes', (name) => {
    expect({ ...headersDown({ [name]: 'x', etag: 'y' }, same) }).toEqual({ etag: 'y' });
  });

  test.each([
    ...[
      'content-type',
      'content-length',
      'content-encoding',
      'content-disposition',
      'server',
      'server-timing',
      'vary',
      'date',
    ],
    ...[
      'retry-after',
      'x-gemini-service-tier',
      'x-goog-upload-url',
      'x-goog-upload-status',
      'x-ratelimit-remaining',
      'x-custom',
    ],
  ])('%s comes', (name) => {
    expect({ ...headersDown({ [name]: 'x' }, same) }).toEqual({ [name]: 'x' });
  });

  test('every value is cleaned, of a field that came several times each', () => {
    const scrub = (value: string): string => value.replaceAll('secret', '[key]');
    expect({ ...headersDown({ a: 'a secret', link: ['secret', 'none'] }, scrub) }).toEqual({
      a: 'a [key]',
      link: ['[key]', 'none'],
    });
  });

  test('what the connection names stays here', () => {
    expect({ ...headersDown({ connection: 'x-a', 'x-a': '1', 'x-b': '2' }, same) }).toEqual({ 'x-b': '2' });
  });

  test.each([{ value: 'x' }, { value: ['x', 'y'] }])(
    'a header called __proto__ makes no other header: %j',
    ({ value }) => {
      const bag: HeaderBag = Object.fromEntries<string | string[]>([
        ['__proto__', value],
        ['etag', 'y'],
      ]);
      const names: string[] = [];
      for (const name in headersDown(bag, same)) names.push(name);
      expect(names.filter((name) => name !== '__proto__')).toEqual(['etag']);
    },
  );
});

function same(value: string): string {
  return value;
}
