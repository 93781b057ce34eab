import type { BreakerSnapshot, KeyState, PoolSnapshot } from '@sluice/core';
import { expect, test } from 'vitest';
import { breakerSeries, countKeys } from '../src/metrics-state.ts';

const at = (state: KeyState) => ({ state, reason: null, sinceMs: null, untilMs: null, endedBy: null });
const project = (state: KeyState, keys: KeyState[]) => ({
  id: 'p',
  weight: 1,
  tier: null,
  inFlight: 0,
  cooling: [],
  keys: keys.map((key) => ({ id: 'k', ...at(key) })),
  ...at(state),
});
const open = (target: string, state: BreakerSnapshot['state']): BreakerSnapshot => ({
  target,
  state,
  failures: 5,
  outcomes: 5,
  opened: 1,
  untilMs: null,
  reason: 'overloaded',
});

test('a key counts in the worse state of its own and that of its project', () => {
  const pool: PoolSnapshot = {
    name: 'gemini',
    provider: 'gemini',
    baseUrl: 'https://example',
    projects: [
      project('ready', ['ready', 'disabled']),
      project('cooling', ['ready', 'disabled']),
      project('disabled', ['cooling']),
    ],
  };
  expect(countKeys(pool, 'ready')).toBe(1);
  expect(countKeys(pool, 'cooling')).toBe(1);
  expect(countKeys(pool, 'disabled')).toBe(3);
});

test('a breaker that has closed again stays as 0; those that never opened have no series', () => {
  const series = breakerSeries(new Set(['host', 'host/a']), [open('host/a', 'probing')]);
  expect([...series]).toEqual([
    ['host', 0],
    ['host/a', 1],
  ]);
});

test('a breaker that an operator has isolated counts as open', () => {
  expect(breakerSeries(new Set(['host']), [open('host', 'isolated')]).get('host')).toBe(2);
});

test('breakers past the cap share one series, which shows the worst of them', () => {
  const series = breakerSeries(new Set(['host']), [open('host/x', 'open'), open('host/y', 'probing')]);
  expect(series.get('other')).toBe(2);
  expect(series.size).toBe(2);
});
