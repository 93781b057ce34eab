import { expect, test } from 'vitest';
import { nearest } from '../../src/settings/faults.ts';

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
