import { describe, expect, test } from 'vitest';
import { mounted, type Params, withoutParams } from '../src/mount.ts';
import { originBy } from '../src/origin.ts';

const own = ['v1beta', 'models', 'm:generateContent'];
const places: readonly (readonly [path: string, params: Params, mountPath: string, pattern: string])[] = [
  ['/gemini/v1beta/models/m:generateContent', { path: own }, '/gemini', '/gemini'],
  ['/v1beta/models/m:generateContent', { path: own }, '', ''],
  ['/a/b/c/v1beta/models/m:generateContent', { rest: own }, '/a/b/c', '/a/b/c'],
  [
    '/tenants/a%20b/v1beta/models/m:generateContent',
    { tenant: 'a b', path: own },
    '/tenants/a%20b',
    '/tenants/[tenant]',
  ],
  [
    '/tenants/a%20b/v1beta/models/m:generateContent',
    { tenant: 'a%20b', path: own },
    '/tenants/a%20b',
    '/tenants/[tenant]',
  ],
  ['/g/v1beta/models/m%3AgenerateContent', { path: own }, '/g', '/g'],
  ['/gemini/v1beta/models/m:generateContent/', { path: own }, '/gemini', '/gemini'],
  // Fields of the query are lists as well, in the pages router.
  ['/g/v1beta/models/m:generateContent', { path: own, a: ['x', 'm:generateContent'], alt: 'sse' }, '/g', '/g'],
  ['/g/v1beta/models/m:generateContent', { a: own.slice(1), path: own }, '/g', '/g'],
];

describe('a route is found where it stands', () => {
  test.each(places)('%s with %j', (path, params, mountPath, pattern) => {
    const found = mounted(path, params);
    expect([found.mountPath, found.pattern]).toEqual([mountPath, pattern]);
    expect(decodeURIComponent(found.path)).toBe('/v1beta/models/m:generateContent');
  });

  test.each([
    ['/gemini', {}, '/gemini'],
    ['/gemini/', {}, '/gemini'],
    ['/', {}, ''],
    // What Next has matched and what the address says differ: nobody guesses, and the gateway finds no such path.
    ['/gemini/models', { path: ['v1beta', '..', 'models'] }, '/gemini/models'],
    ['/models', { path: ['gemini', 'v1beta', 'models'] }, '/models'],
    ['/gemini/%zz', { path: ['other'] }, '/gemini/%zz'],
  ])('%s with %j leaves nothing for the gateway', (path, params, mountPath) => {
    expect(mounted(path, params)).toMatchObject({ mountPath, path: '/' });
  });
});

test.each([
  ['?alt=sse&path=v1beta&path=models', { path: ['v1beta', 'models'] }, '?alt=sse'],
  ['?path=a', { path: ['a'] }, ''],
  ['?t%65nant=a&a=b%20c&a=d', { tenant: 'a', path: ['x'] }, '?a=b%20c&a=d'],
  ['', { path: ['a'] }, ''],
])('of the query %j, without %j, %j is left', (search, params, left) => {
  expect(withoutParams(search, params)).toBe(left);
});

test.each([
  [{ host: 'own.example:3000' }, 'http://own.example:3000'],
  [{ host: 'own.example', 'x-forwarded-proto': 'https' }, 'https://own.example'],
  [
    { host: 'localhost', 'x-forwarded-host': 'a.example, b.example', 'x-forwarded-proto': 'https,http' },
    'https://a.example',
  ],
  [{ host: 'own.example', 'x-forwarded-host': 'evil.example/path' }, 'http://own.example'],
  [{ host: '[::1]:3000', 'x-forwarded-proto': 'javascript' }, 'http://[::1]:3000'],
  [{}, null],
])('a client with %j reaches the app at %s', (headers: Readonly<Record<string, string>>, origin) => {
  expect(originBy((name) => headers[name] ?? null)).toBe(origin);
});
