import { describe, expect, test } from 'vitest';
import { corsRules } from '../../src/door/cors.ts';
import type { HeaderBag } from '../../src/wire.ts';
import { recordingSink } from '../recording-sink.ts';

const page = 'https://app.example.com';
const asked = { origin: page, 'access-control-request-method': 'POST' };

describe('a preflight', () => {
  test('is granted to a page that may call', () => {
    const client = recordingSink();
    const headers = { ...asked, 'access-control-request-headers': 'x-goog-api-key, content-type' };
    expect(corsRules([page]).preflight('OPTIONS', headers, client)).toBe(true);
    expect(client.told).toEqual(['open', 'head 204', 'end']);
    expect(client.headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': expect.stringContaining('POST'),
      'access-control-allow-headers': 'x-goog-api-key, content-type',
      'access-control-max-age': '600',
      vary: expect.stringMatching(/origin/i),
    });
  });

  test.each<[string, string[], HeaderBag]>([
    ['another page', [page], { ...asked, origin: 'https://evil.example.com' }],
    ['a page whose name begins alike', [page], { ...asked, origin: `${page}.evil.test` }],
    ['the same page over another scheme', [page], { ...asked, origin: 'http://app.example.com' }],
    ['a page without an origin', [page], { ...asked, origin: 'null' }],
    ['no page', [page], { 'access-control-request-method': 'POST' }],
    ['everybody, when nobody may', [], asked],
  ])('is answered and not granted to %s', (_, origins, headers) => {
    const client = recordingSink();
    expect(corsRules(origins).preflight('OPTIONS', headers, client)).toBe(true);
    expect(client.status).toBe(204);
    expect(Object.keys(client.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test.each<[string, string, HeaderBag]>([
    ['another method', 'POST', asked],
    ['OPTIONS without a question', 'OPTIONS', { origin: page }],
  ])('%s is none', (_, method, headers) => {
    const client = recordingSink();
    expect(corsRules([page]).preflight(method, headers, client)).toBe(false);
    expect(client.told).toEqual([]);
  });
});

describe('an answer', () => {
  test('may be read by a page that may call, whole', () => {
    expect(corsRules([page, 'app://local']).headersFor({ origin: page })).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-expose-headers': '*',
      vary: expect.stringMatching(/origin/i),
    });
    expect(corsRules([page, 'app://local']).headersFor({ origin: 'app://local' })).toMatchObject({
      'access-control-allow-origin': 'app://local',
    });
  });

  test('may be read by every page where * is said', () => {
    expect(corsRules(['*']).headersFor({ origin: 'https://anything.test' })).toMatchObject({
      'access-control-allow-origin': '*',
    });
  });

  test.each<HeaderBag>([{}, { origin: 'https://evil.test' }, { origin: [page, page] }])(
    'has nothing for others: %j',
    (headers) => {
      const names = Object.keys(corsRules([page]).headersFor(headers));
      expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
    },
  );

  test('never allows credentials: there are no cookies here', () => {
    for (const origins of [['*'], [page]])
      expect(corsRules(origins).headersFor({ origin: page })).not.toHaveProperty('access-control-allow-credentials');
  });
});
