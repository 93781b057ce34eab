import { describe, expect, test } from 'vitest';
import type { Closing } from '../../src/channel.ts';
import { SluiceError } from '../../src/errors.ts';
import { farewellOf, fitting, toClient, toProvider } from '../../src/live/close-codes.ts';
import { failureOf } from '../../src/live/close-reasons.ts';
import { geminiProvider } from '../../src/provider/gemini/provider.ts';

const closing = (code: number, reason = '', isBroken = false): Closing => ({ code, reason, isBroken });
const same = (text: string): string => text;

describe('a reason fits into a close frame', () => {
  test.each([
    ['short', 'short'],
    ['x'.repeat(123), 'x'.repeat(123)],
    ['x'.repeat(124), 'x'.repeat(123)],
    ['€'.repeat(42), '€'.repeat(41)],
    [`${'x'.repeat(122)}😀`, 'x'.repeat(122)],
  ])('%j', (reason, expected) => {
    expect(fitting(reason)).toBe(expected);
    expect(Buffer.byteLength(fitting(reason))).toBeLessThanOrEqual(123);
  });
});

describe('what one side is told of the other', () => {
  test.each([
    [closing(1000, 'done'), { code: 1000, reason: 'done' }],
    [closing(1005), { code: 1005, reason: '' }],
    [closing(4000, 'ours'), { code: 4000, reason: 'ours' }],
    [closing(1006), { code: 1001, reason: '' }],
    [closing(1009, '', true), { code: 1001, reason: '' }],
  ])('the provider of %j', (end, expected) => expect(toProvider(end)).toEqual(expected));

  test.each([
    [closing(1011, 'Internal error'), { code: 1011, reason: 'Internal error' }],
    [closing(1005), { code: 1005, reason: '' }],
    [closing(1006), { code: 1011, reason: 'The connection to the provider broke.' }],
    [closing(1002, '', true), { code: 1011, reason: 'The provider broke the protocol (1002).' }],
  ])('the client of %j', (end, expected) => expect(toClient(end, same)).toEqual(expected));

  test('a reason is clean before it is cut, so that no half of a key is left', () => {
    const secret = 'canary-secret';
    const said = closing(1008, `${'x'.repeat(115)}${secret}`);
    expect(toClient(said, (text) => text.replaceAll(secret, '[key]')).reason).toBe(`${'x'.repeat(115)}[key]`);
  });
});

describe('errors of our own have a code', () => {
  test.each([
    ['draining', 1001],
    ['invalid_request', 1007],
    ['request_timeout', 1008],
    ['not_found', 1008],
    ['resource_key_unavailable', 1008],
    ['payload_too_large', 1009],
    ['rate_limited', 1013],
    ['quota_exhausted', 1013],
    ['no_usable_key', 1013],
    ['circuit_open', 1013],
    ['overloaded', 1013],
    ['storage_unavailable', 1013],
    ['upstream_unreachable', 1011],
    ['upstream_timeout', 1011],
  ] as const)('%s: %i', (code, expected) => {
    expect(farewellOf(new SluiceError(code, 'why'))).toEqual({ code: expected, reason: 'why' });
  });
});

describe('what the provider means by an end', () => {
  const judged = (end: Closing, hasBegun = false) =>
    failureOf(end, geminiProvider, { hasBegun, namesResource: false, nowMs: Date.UTC(2026, 10, 21) });

  test.each([
    [1007, 'API key not valid. Please pass a valid API key.', 'key_invalid', 'key'],
    [1007, 'API key expired. Please renew the API key.', 'key_invalid', 'key'],
    [1008, 'API Key not found. Please pass a valid API key.', 'key_invalid', 'key'],
    [1008, 'Your API key was reported as leaked. Please use another API key.', 'key_leaked', 'key'],
    [1008, "Permission denied: Consumer 'api_key:x' has been suspended.", 'project_suspended', 'project'],
    [1008, 'Your project has been denied access. Please contact support.', 'project_suspended', 'project'],
    [1008, 'Generative Language API has not been used in project 1 before', 'project_service_disabled', 'project'],
    [1008, 'Request had invalid authentication credentials.', 'key_unauthenticated', 'key'],
    [1011, 'You exceeded your current quota, please check your plan', 'quota_unexplained', 'quota'],
    [1011, 'Resource has been exhausted (e.g. check quota).', 'quota_unexplained', 'quota'],
    [1011, 'Your prepayment credits are depleted.', 'project_unpaid', 'project'],
    [1011, 'The model is overloaded. Please try again later.', 'overloaded', 'model'],
    [1011, 'The service is currently unavailable.', 'overloaded', 'model'],
    [1011, 'This model is currently experiencing high demand.', 'overloaded', 'model'],
    [1011, 'Deadline expired before operation could complete.', 'upstream_deadline', 'model'],
    [1011, 'Internal error encountered.', 'internal', 'model'],
    [1008, 'Requested entity was not found.', 'refused', 'request'],
    [1008, 'Operation is not implemented, or supported, or enabled.', 'refused', 'request'],
    [1007, 'User location is not supported for the API use.', 'location_unsupported', 'request'],
    [1007, 'Request contains an invalid argument.', 'refused', 'request'],
    // Whoever can have a text repeated must not be able to take a key away by it.
    [1007, 'Invalid value "API key not valid" at setup.model', 'refused', 'request'],
    [1008, 'No tool "Your API key was reported as leaked"', 'refused', 'request'],
    [1012, '', 'overloaded', 'model'],
    [1001, '', 'overloaded', 'model'],
    [1000, '', 'empty', 'model'],
    [1005, '', 'empty', 'model'],
    [3001, '', 'empty', 'model'],
    [1006, '', 'reset', 'host'],
  ])('%i %j is %s', (code, reason, kind, scope) => {
    expect(judged(closing(code, reason))).toMatchObject({ kind, scope });
  });

  test.each([1000, 1001, 1005, 3001])('%i is a good end of a talk that was on', (code) => {
    expect(judged(closing(code), true)).toBeNull();
  });

  test('no reason is in a message: it may hold whatever a caller wrote', () => {
    expect(judged(closing(1011, 'canary'))?.message).toBe('The provider closed the session with 1011 (internal).');
  });
});
