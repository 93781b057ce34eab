import { describe, expect, test } from 'vitest';
import { isSluiceError } from '../../src/errors.ts';
import { assertJson } from '../../src/surface/content-type.ts';
import type { HeaderBag } from '../../src/wire.ts';

describe('a body that says that it is JSON in UTF-8 is let in', () => {
  test.each([
    'application/json',
    'APPLICATION/JSON',
    ' application/json ',
    'application/json;',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json ; charset="utf-8"',
  ])('%j', (type) => {
    expect(code({ 'content-type': type })).toBeNull();
  });

  test.each(['gzip', 'GZIP', 'identity'])('in the encoding %s', (encoding) => {
    expect(code({ 'content-type': 'application/json', 'content-encoding': encoding })).toBeNull();
  });
});

test('what `fetch` says of a text of an SDK of Google’s is taken for JSON, and of nobody else’s', () => {
  const said = { 'content-type': 'text/plain;charset=UTF-8' };
  expect(code({ ...said, 'x-goog-api-client': 'genai-js/0.24.1' })).toBeNull();
  expect(code(said)).toBe('unsupported_media_type');
  expect(code({ ...said, 'x-goog-api-key': 'key' })).toBe('unsupported_media_type');
  expect(code({ 'content-type': 'text/plain', 'x-goog-api-client': 'genai-js/0.24.1' })).toBe('unsupported_media_type');
});

describe('anything else is not', () => {
  test.each([
    ['B67', 'text/plain'],
    ['B67', 'text/json'],
    ['B69', 'application/json garbage'],
    ['B70', 'application/json\ta'],
    ['B71', 'application/json; charset=utf-7'],
    ['', 'application/json; charset=utf-16'],
    ['', 'application/json; charset=utf-8; charset=utf-7'],
    ['', 'application/jsonp'],
    ['', 'application/x-www-form-urlencoded'],
    ['', 'multipart/form-data; boundary=a'],
    ['', 'text/plain, application/json'],
    ['', ''],
  ])('%s %j', (_, type) => {
    expect(code({ 'content-type': type })).toBe('unsupported_media_type');
  });

  test('B68 no content type', () => {
    expect(code({})).toBe('unsupported_media_type');
  });

  test('two content types', () => {
    expect(code({ 'content-type': ['application/json', 'application/json'] })).toBe('unsupported_media_type');
  });

  test.each(['br', 'deflate', 'gzip, gzip', 'x', ''])('the encoding %j', (encoding) => {
    expect(code({ 'content-type': 'application/json', 'content-encoding': encoding })).toBe('unsupported_media_type');
  });
});

function code(headers: HeaderBag): string | null {
  try {
    assertJson(headers);
    return null;
  } catch (error) {
    return isSluiceError(error) ? error.code : String(error);
  }
}
