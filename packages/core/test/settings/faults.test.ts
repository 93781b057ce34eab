import { expect, test } from 'vitest';
import { nearest } from '../../src/settings/faults.ts';
import { readConfiguration } from '../../src/settings.ts';

const known = ['maxAttempts', 'maxKeyFailovers', 'maxUpstreamCalls', 'baseDelayMs', 'callers', 'keys'];

test.each([
  ['maxAttempt', 'maxAttempts'],
  ['max_attempts', 'maxAttempts'],
  ['MAXATTEMPTS', 'maxAttempts'],
  ['atempts', null],
  ['baseDelay', 'baseDelayMs'],
  ['caller', 'callers'],
  ['key', 'keys'],
  ['kyes', 'keys'],
  ['', null],
  ['somethingElse', null],
])('%j may have meant %j', (name, meant) => {
  expect(nearest(name, known)).toBe(meant);
});

test('nothing is near where nothing is known', () => {
  expect(nearest('a', [])).toBeNull();
});

test.each([
  ['as the name of an option', { AIzaSyCanary0123456789abcdef: 1 }],
  ['as a name of no known shape', { 'plain-canary-key-0123456789-abcdefgh': 1 }],
  ['as a name further inside', { retry: { AIzaSyCanary0123456789abcdef: 1 } }],
  ['in the query of a URL', { pools: { gemini: { baseUrl: 'https://a/?key=plain-canary', projects: [] } } }],
  ['as the name of a pool', { pools: { AIzaSyCanary0123456789abcdef: { projects: 7 } } }],
  ['in the place of a number', { retry: { maxAttempts: 'AIzaSyCanary0123456789abcdef' } }],
])('a key that stands in the wrong place is not repeated: %s', (_, options) => {
  expect(() => readConfiguration({ keys: 'stand-in-key', callers: 'anyone', ...options })).toThrow(
    expect.objectContaining({ message: expect.not.stringMatching(/canary/i) }),
  );
});
