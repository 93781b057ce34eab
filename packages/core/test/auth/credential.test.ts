import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialsOf, singleCredential } from '../../src/auth/credential.ts';
import { isSluiceError } from '../../src/errors.ts';
import type { HeaderBag } from '../../src/wire.ts';

const path = '/v1beta/models';

describe('a credential is found wherever the client put it', () => {
  test.each<[string, string, HeaderBag]>([
    ['the header of Google', path, { 'x-goog-api-key': 'k' }],
    ['a bearer token', path, { authorization: 'Bearer k' }],
    ['a bearer token, in small letters', path, { authorization: 'bearer k' }],
    ['a bearer token, in large letters and with blanks', path, { authorization: 'BEARER   k ' }],
    ['the query', `${path}?key=k`, {}],
    ['the query, behind other parameters', `${path}?alt=sse&key=k&a=b`, {}],
    ['the query, encoded', `${path}?key=%6b`, {}],
  ])('%s', (_, target, headers) => {
    expect(singleCredential(target, headers)).toBe('k');
  });

  test.each<[string, string, HeaderBag]>([
    ['two places', `${path}?key=k`, { 'x-goog-api-key': 'k' }],
    ['three places', `${path}?key=k&key=k`, { 'x-goog-api-key': ['k', 'k'], authorization: ['Bearer k', 'bearer k'] }],
    ['two places, one with blanks', path, { 'x-goog-api-key': ' k ', authorization: 'Bearer k' }],
  ])('equal ones in %s are one', (_, target, headers) => {
    expect(singleCredential(target, headers)).toBe('k');
  });
});

describe('what is none is none', () => {
  test.each<[string, string, HeaderBag]>([
    ['nothing', path, {}],
    ['an empty header', path, { 'x-goog-api-key': '' }],
    ['a blank header', path, { 'x-goog-api-key': '  ' }],
    ['an empty bearer token', path, { authorization: 'Bearer ' }],
    ['an empty parameter', `${path}?key=`, {}],
    ['a parameter without a value', `${path}?key`, {}],
    ['another scheme', path, { authorization: 'Basic az1r' }],
    ['a token without a scheme', path, { authorization: 'k' }],
    ['two words', path, { authorization: 'Bearer k k' }],
    ['a parameter of another name', `${path}?monkey=k&keys=k&Key=k`, {}],
    ['a key in the path', '/v1beta/key=k', {}],
    ['a header of another API', path, { 'api-key': 'k' }],
  ])('%s', (_, target, headers) => {
    expect(singleCredential(target, headers)).toBeNull();
  });

  test('an empty one beside a real one does no harm', () => {
    expect(singleCredential(`${path}?key=`, { 'x-goog-api-key': '', authorization: 'Bearer k' })).toBe('k');
  });
});

describe('two that differ are refused, whichever is meant', () => {
  test.each<[string, string, HeaderBag]>([
    ['two headers', path, { 'x-goog-api-key': 'canary-one', authorization: 'Bearer canary-two' }],
    ['a header and the query', `${path}?key=canary-one`, { 'x-goog-api-key': 'canary-two' }],
    ['the query, twice', `${path}?key=canary-one&key=canary-two`, {}],
    ['one header, twice', path, { 'x-goog-api-key': ['canary-one', 'canary-two'] }],
    ['letters of another size', `${path}?key=canary`, { 'x-goog-api-key': 'CANARY' }],
  ])('%s, and the refusal names neither', (_, target, headers) => {
    let error: unknown;
    try {
      singleCredential(target, headers);
    } catch (thrown) {
      error = thrown;
    }
    expect(isSluiceError(error, 'invalid_request')).toBe(true);
    expect(String(error) + JSON.stringify(error)).not.toMatch(/canary/i);
  });
});

test('reading never throws, whatever target and headers are', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.dictionary(fc.constantFrom('authorization', 'x-goog-api-key', 'x'), fc.string()),
      (query, headers) => {
        for (const one of credentialsOf(`/v1?key${query}`, headers)) expect(one).not.toBe('');
      },
    ),
  );
});
