import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSluiceError } from '../../src/errors.ts';
import { parseTarget } from '../../src/surface/target.ts';

describe('a target is taken apart, and not changed', () => {
  test.each<[string, string[], string | null]>([
    ['/v1beta/models', ['v1beta', 'models'], null],
    ['/v1beta/models/gemini-2.5-flash:generateContent', ['v1beta', 'models', 'gemini-2.5-flash'], 'generateContent'],
    ['/v1/tunedModels/my-model_1.x:generateContent', ['v1', 'tunedModels', 'my-model_1.x'], 'generateContent'],
    ['/upload/v1beta/files', ['upload', 'v1beta', 'files'], null],
    ['/v1beta/files/abc:download', ['v1beta', 'files', 'abc'], 'download'],
    ['/v1beta/models/gemini%2D2.5-flash', ['v1beta', 'models', 'gemini-2.5-flash'], null],
    ['/v1beta/openai/models/models%2Fgemini-2', ['v1beta', 'openai', 'models', 'models', 'gemini-2'], null],
    ['/v1beta/openai/files/files%2fa/content', ['v1beta', 'openai', 'files', 'files', 'a', 'content'], null],
  ])('%s', (target, segments, verb) => {
    expect(parseTarget(target)).toEqual({ segments, verb, path: target, query: [] });
  });

  test('parameters keep their bytes; their names are decoded once', () => {
    expect(parseTarget('/v1beta/models?%6bey=a%20b&alt=sse&alt&=x&%zz=1&a+b=c+d').query).toEqual([
      { raw: '%6bey=a%20b', name: 'key', value: 'a b' },
      { raw: 'alt=sse', name: 'alt', value: 'sse' },
      { raw: 'alt', name: 'alt', value: '' },
      { raw: '=x', name: '', value: 'x' },
      { raw: '%zz=1', name: '%zz', value: '1' },
      { raw: 'a+b=c+d', name: 'a b', value: 'c d' },
    ]);
  });

  test('an empty query has no parameters', () => {
    expect(parseTarget('/v1beta/models?').query).toEqual([]);
  });
});

/** The names are those of reliability.md §3c. */
describe('what is no path of a provider is refused', () => {
  test.each([
    ['B31', 'an absolute form', 'http://169.254.169.254/latest/meta-data/', 'invalid_request'],
    ['B33', 'an asterisk', '*', 'invalid_request'],
    ['B34', 'two slashes', '//v1beta/models', 'not_found'],
    ['B34', 'two slashes inside', '/v1beta//models', 'not_found'],
    ['B35', 'an encoded slash', '/v1beta/models%2Fgemini', 'not_found'],
    ['B35', 'an encoded slash in a name of OpenAI', '/v1beta/openai/models/files%2Fa', 'not_found'],
    ['B35', 'two of them', '/v1beta/openai/models/models%2Fa%2Fb', 'not_found'],
    ['B35', 'one elsewhere', '/v1beta/files/files%2Fa', 'not_found'],
    ['B36', 'dots behind one', '/v1beta/openai/models/models%2F..', 'not_found'],
    ['B38', 'dots encoded behind one', '/v1beta/openai/models/models%2F%252e%252e', 'not_found'],
    ['B36', 'dots', '/v1beta/models/../files', 'not_found'],
    ['B36', 'one dot', '/v1beta/./models', 'not_found'],
    ['B37', 'dots and a semicolon', '/v1beta/..;/models', 'not_found'],
    ['B38', 'encoded dots', '/v1beta/%2e%2e/models', 'not_found'],
    ['B38', 'dots encoded twice', '/v1beta/%252e%252e/models', 'not_found'],
    ['B39', 'a broken encoding', '/v1beta/models/%zz', 'invalid_request'],
    ['B39', 'half of an encoding', '/v1beta/models/a%2', 'invalid_request'],
    ['B39', 'bytes that are no text', '/v1beta/models/%ff', 'invalid_request'],
    ['B40', 'a backslash', '/v1beta\\models', 'invalid_request'],
    ['B40', 'an encoded backslash', '/v1beta/models%5cgemini', 'not_found'],
    ['B41', 'an encoded zero', '/v1beta/models/%00', 'invalid_request'],
    ['B41', 'an encoded line end', '/v1beta/models/a%0d%0aHost:evil', 'invalid_request'],
    ['B43', 'a blank', '/v1beta/models /x', 'invalid_request'],
    ['B44', 'a fragment', '/v1beta/models#frag', 'invalid_request'],
    ['B44', 'a fragment in the query', '/v1beta/models?a=b#frag', 'invalid_request'],
    ['B45', 'letters beyond ASCII', '/v1beta/modèles', 'invalid_request'],
    ['B45', 'encoded letters beyond ASCII', '/v1beta/mod%C3%A8les', 'not_found'],
    ['B84', 'a name of 129 letters', `/v1beta/models/${'a'.repeat(129)}`, 'not_found'],
    ['B84', 'an emoji', '/v1beta/models/%F0%9F%98%80:generateContent', 'not_found'],
    ['', 'no slash at the front', 'v1beta/models', 'invalid_request'],
    ['', 'nothing', '', 'invalid_request'],
    ['', 'a slash at the end', '/v1beta/models/', 'not_found'],
    ['', 'a colon without a verb', '/v1beta/models/gemini:', 'not_found'],
    ['', 'two verbs', '/v1beta/models/gemini:a:b', 'not_found'],
    ['', 'a verb with a slash', '/v1beta/models/gemini:generate%2FContent', 'not_found'],
    ['', 'a verb of 65 letters', `/v1beta/models/gemini:${'a'.repeat(65)}`, 'not_found'],
    ['', 'a plus', '/v1beta/models/a+b', 'not_found'],
    ['', 'a host in a segment', '/v1beta/models/@evil.test', 'not_found'],
  ])('%s %s', (_, __, target, code) => {
    expect(refusal(target)).toBe(code);
  });

  test('a name of 128 letters is one', () => {
    expect(parseTarget(`/v1beta/models/${'a'.repeat(128)}`).segments).toHaveLength(3);
  });
});

test('whatever comes, it is refused as ours or its segments are plain names', () => {
  const odd = fc.string({
    unit: fc.constantFrom(
      '/',
      '.',
      '%',
      '2',
      'e',
      'E',
      'f',
      'F',
      ':',
      ';',
      '?',
      '#',
      '\\',
      'v',
      '1',
      'a',
      ' ',
      '\u00e9',
      '\u0000',
    ),
    maxLength: 20,
  });
  fc.assert(
    fc.property(odd, (rest) => {
      const target = `/v1${rest}`;
      try {
        const { segments, path } = parseTarget(target);
        expect(target.startsWith(path)).toBe(true);
        for (const segment of segments)
          expect(decodeURIComponent(segment)).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/);
      } catch (error) {
        expect(isSluiceError(error, 'invalid_request') || isSluiceError(error, 'not_found')).toBe(true);
      }
    }),
    { numRuns: 3_000 },
  );
});

function refusal(target: string): string {
  try {
    return JSON.stringify(parseTarget(target));
  } catch (error) {
    return isSluiceError(error) ? error.code : String(error);
  }
}
