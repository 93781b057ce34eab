import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialsOf, singleCredential } from '../../src/auth/credential.ts';
import { isSluiceError } from '../../src/errors.ts';
import { credentialParameters, geminiSurfaces } from '../../src/surface/gemini.ts';
import { parseTarget, type Target } from '../../src/surface/target.ts';
import { check, patienceMs } from './runs.ts';
import { Tape, tapes } from './tape.ts';

const shards = [
  ...['v1beta', 'models', 'gemini-2.5-flash', 'generateContent', 'files', 'a', 'A', '0', '-', '_', '.', '..', '~'],
  ...[
    '/',
    '/',
    '/',
    ':',
    ':',
    '?',
    '&',
    '=',
    '%',
    '+',
    ';',
    ',',
    '@',
    '#',
    '\\',
    '*',
    '$',
    "'",
    '|',
    '{',
    ' ',
    '\t',
    '\0',
  ],
  ...[
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '%3a',
    '%3A',
    '%3f',
    '%23',
    '%25',
    '%252e',
    '%00',
    '%0d%0a',
    '%c0%ae',
    '%61',
    '%zz',
  ],
  ...['key=', 'k%65y=', '%6bey=', '$key=', 'access_token=', '%24access_token=', 'alt=sse', 'é', '😀', 'x'.repeat(130)],
];
const plain = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const surfaces = geminiSurfaces(new Map([['alias', 'gemini-2.5-flash']]));

describe('a request target', { timeout: patienceMs }, () => {
  test('passes only when nobody behind could read another path out of it, and never with a credential', () => {
    let passed = 0;
    check(
      'targets',
      fc.property(tapes(40), (bytes) => {
        const tape = new Tape(bytes);
        const start = tape.pick(['/v1beta/models/', '/v1beta/', '/', '/v1beta/models/gemini:generateContent?', '']);
        const text = start + tape.several(8, () => tape.pick(shards)).join('');
        const target = passing(() => parseTarget(text));
        if (target === null) return;
        passed++;
        expectPlain(text, target);
        for (const method of ['GET', 'POST']) {
          const call = passing(() => surfaces.match({ method, target: text, headers: {} }));
          if (call !== null) expectNoCredential(call.target);
        }
      }),
    );
    expect(passed).toBeGreaterThan(500);
  });
});

/** Decoded, each segment is a plain name: a second decoding, or a URL parser, finds nothing else in it. */
function expectPlain(text: string, { path, segments, verb, query }: Target): void {
  for (const segment of segments) expect(segment).toMatch(plain);
  if (verb !== null) expect(verb).toMatch(/^[A-Za-z]{1,64}$/);
  expect(`/${segments.join('/')}${verb === null ? '' : `:${verb}`}`).toBe(decodeURIComponent(path));
  expect(text.startsWith(path)).toBe(true);
  expect(query.map(({ raw }) => raw).join('&')).toBe(text.slice(path.length + 1));
  const url = new URL(path, 'https://provider.invalid');
  expect(url.host).toBe('provider.invalid');
  expect(url.pathname).toBe(path);
  expect(decodeURIComponent(segments.join('/'))).toBe(segments.join('/'));
}

function expectNoCredential(target: string): void {
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  for (const name of query.keys()) expect(credentialParameters.has(name)).toBe(false);
}

describe('the credentials of a request', { timeout: patienceMs }, () => {
  test('are all found, wherever they stand and however their names are written, and two of them are refused', () => {
    const value = fc.constantFrom('', 'caller-key-1', 'caller-key-2', 'AIza-x', 'a b', '%41', 'a%20b', 'é');
    const name = fc.constantFrom('key', 'k%65y', '%6b%65%79', 'KEY', 'keys', 'alt', '$key');
    const scheme = fc.constantFrom('Bearer ', 'bearer   ', 'BEARER ', 'Basic ', 'Bearer', '');
    check(
      'credentials',
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 3 }),
        fc.array(value, { maxLength: 2 }),
        fc.option(fc.tuple(scheme, value)),
        (parameters, apiKeys, bearer) => {
          const query = parameters.map(([one, other]) => `${one}=${other}`).join('&');
          const target = `/v1beta/models${query === '' ? '' : `?${query}`}`;
          const authorization = bearer?.join('');
          const headers = { 'x-goog-api-key': apiKeys, ...(authorization === undefined ? {} : { authorization }) };
          const [, token = ''] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
          const wanted = [...apiKeys.map((key) => key.trim()), token, ...new URLSearchParams(query).getAll('key')];
          const found = [...new Set(wanted.filter((one) => one !== ''))];
          expect(credentialsOf(target, headers).toSorted()).toEqual(found.toSorted());
          if (found.length < 2) expect(singleCredential(target, headers)).toBe(found[0] ?? null);
          else expect(() => singleCredential(target, headers)).toThrow(/different credentials/);
        },
      ),
    );
  });
});

/** Null where it was refused; anything but a refusal is thrown on. */
function passing<Result>(run: () => Result): Result | null {
  try {
    return run();
  } catch (error) {
    if (isSluiceError(error)) return null;
    throw error;
  }
}
