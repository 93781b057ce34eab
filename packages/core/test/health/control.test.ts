import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BreakerEvent, Emitter } from '../../src/events.ts';
import { failure } from '../../src/failure.ts';
import { BreakerControl } from '../../src/health/control.ts';
import { Health } from '../../src/health/health.ts';
import type { Pass } from '../../src/health/leave.ts';
import { shapeB } from './limits.ts';

const flash = { host: 'g.test', model: 'flash' };

let clock: FakeClock;
let events: BreakerEvent[];
let health: Health;
let control: BreakerControl;
beforeEach(() => {
  clock = fakeClock();
  events = [];
  const emitter = new Emitter();
  emitter.on('breaker', (event) => events.push(event));
  health = new Health(shapeB, clock, emitter, () => 0.5);
  control = new BreakerControl(
    () => health,
    () => 'g.test',
  );
});

describe('what an operator isolates', () => {
  test('lets nothing through, whatever time and calls say, until it is reset', async () => {
    const early = pass();
    control.isolate('g.test/flash', 'too expensive today');
    early.proven();
    early.settle(null);
    await clock.advance(86_400_000);
    expect(health.enter(flash)).toEqual({ target: 'g.test/flash', retryAfterMs: 60_000, isIsolated: true });
    const untouched = { failures: 0, outcomes: 0, opened: 0, untilMs: null };
    expect(control.snapshot()).toEqual([
      { target: 'g.test/flash', state: 'isolated', ...untouched, reason: 'too expensive today' },
    ]);
    control.reset('g.test/flash');
    expect('settle' in health.enter(flash)).toBe(true);
    expect(events).toEqual([
      { target: 'g.test/flash', state: 'isolated', ...untouched, reason: 'too expensive today' },
      { target: 'g.test/flash', state: 'closed', ...untouched, reason: 'reset' },
    ]);
  });

  test('may be the host: then no model of it is asked', () => {
    control.isolate('g.test');
    expect(health.enter(flash)).toMatchObject({ target: 'g.test', isIsolated: true });
    expect(control.snapshot()).toMatchObject([{ reason: 'operator' }]);
  });

  test('may be a model that nobody has asked for yet, or calls that name none', () => {
    control.isolate('g.test/gemini-9.9-pro');
    control.isolate('g.test/-');
    expect(health.enter({ host: 'g.test', model: 'gemini-9.9-pro' })).toMatchObject({ isIsolated: true });
    expect(health.enter({ host: 'g.test', model: null })).toMatchObject({ isIsolated: true });
    expect('settle' in health.enter(flash)).toBe(true);
  });

  test('ends a probe’s say: its success does not bring the target back', async () => {
    await failing();
    await clock.advance(2_000);
    const probe = pass();
    control.isolate('g.test/flash');
    probe.proven();
    probe.settle(null);
    expect(control.snapshot()).toMatchObject([{ state: 'isolated' }]);
  });

  test('is not forgotten for names that callers make up', () => {
    control.isolate('g.test/flash');
    for (let at = 0; at < 3_000; at++) {
      const leave = health.enter({ host: 'g.test', model: `m${at}` });
      if ('settle' in leave) leave.settle(failure('overloaded', 'upstream_protocol', 'x'));
    }
    expect(control.snapshot()[0]).toMatchObject({ target: 'g.test/flash', state: 'isolated' });
  });

  test('stays so where another health takes over; what failures have opened does not', async () => {
    await failing();
    control.isolate('g.test/pro', 'why');
    const next = new Health({ ...shapeB, openMs: 1 }, clock, new Emitter());
    next.takeOver(health);
    expect(next.snapshot()).toMatchObject([{ target: 'g.test/pro', state: 'isolated', reason: 'why' }]);
  });
});

describe('a reset', () => {
  test('closes what failures have opened, and forgets its window', async () => {
    await failing();
    control.reset('g.test/flash');
    expect(control.snapshot()).toEqual([]);
    pass().settle(failure('overloaded', 'upstream_protocol', 'x'));
    expect(control.snapshot()).toMatchObject([{ state: 'closed', failures: 1 }]);
  });

  test('of all closes all, and says so of those that were not closed', async () => {
    await failing();
    control.isolate('g.test');
    control.reset();
    expect(control.snapshot()).toEqual([]);
    expect(events.slice(-2).map(({ target, state, reason }) => [target, state, reason])).toEqual([
      ['g.test/flash', 'closed', 'reset'],
      ['g.test', 'closed', 'reset'],
    ]);
  });

  test('of what has nothing against it changes nothing', () => {
    pass().settle(null);
    control.reset('g.test/flash');
    control.reset('g.test');
    expect(events).toEqual([]);
  });
});

test.each<[string, (unknown: string) => void, string]>([
  ['isolate', (name) => control.isolate(name), 'other.test/flash'],
  ['isolate', (name) => control.isolate(name), 'g.test/models/flash'],
  ['isolate', (name) => control.isolate(name), 'g.test/'],
  ['isolate', (name) => control.isolate(name), 'g.testing'],
  ['isolate', (name) => control.isolate(name), ''],
  ['reset', (name) => control.reset(name), 'g.test/typo'],
  ['reset', (name) => control.reset(name), 'other.test'],
])('%s refuses %s, and names the targets that it knows', (_, act, name) => {
  pass().settle(null);
  const message = expect.stringMatching(/no breaker ".*known are g\.test, g\.test\/flash\.$/);
  expect(() => act(name)).toThrow(expect.objectContaining({ code: 'not_found', message }));
});

test('an error names a few of many targets', () => {
  for (let at = 0; at < 20; at++) health.enter({ host: 'g.test', model: `m${at}` });
  expect(() => control.reset('x')).toThrow(/g\.test\/m3, and 16 more\.$/);
});

function pass(): Pass {
  const leave = health.enter(flash);
  if (!('settle' in leave)) throw new Error(`${leave.target} is shut`);
  return leave;
}

async function failing(): Promise<void> {
  for (const one of Array.from({ length: 5 }, pass)) {
    one.settle(failure('overloaded', 'upstream_protocol', 'x'));
    await clock.advance(250);
  }
}
