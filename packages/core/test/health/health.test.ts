import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BreakerEvent, Emitter } from '../../src/events.ts';
import { type FailureScope, failure } from '../../src/failure.ts';
import { Health, type Refusal, type Target } from '../../src/health/health.ts';
import type { Pass } from '../../src/health/leave.ts';
import { shapeB as settings } from './limits.ts';

const flash = { host: 'g.test', model: 'flash' };
const pro = { host: 'g.test', model: 'pro' };

let clock: FakeClock;
let events: BreakerEvent[];
let health: Health;
beforeEach(() => {
  clock = fakeClock();
  events = [];
  const emitter = new Emitter();
  emitter.on('breaker', (event) => events.push(event));
  health = new Health(settings, clock, emitter, () => 0.5);
});

describe('whom a failure concerns', () => {
  test('the model: others of the same host go on', async () => {
    await failing('model');
    expect(health.enter(flash)).toEqual({ target: 'g.test/flash', retryAfterMs: 2_000, isIsolated: false });
    expect(isPass(health.enter(pro))).toBe(true);
  });

  test('the host: no model of it is asked', async () => {
    await failing('host');
    expect(health.enter(pro)).toEqual({ target: 'g.test', retryAfterMs: 2_000, isIsolated: false });
    expect(isPass(health.enter({ host: 'other.test', model: 'pro' }))).toBe(true);
  });

  test('calls without a model have a place of their own', async () => {
    const none = { host: 'g.test', model: null };
    await failing('model', none);
    expect(health.enter(none)).toEqual({ target: 'g.test/-', retryAfterMs: 2_000, isIsolated: false });
    expect(isPass(health.enter(flash))).toBe(true);
  });

  test.each<FailureScope>(['request', 'quota', 'key', 'project', 'client', 'gateway'])(
    '%s: no breaker',
    async (scope) => {
      await failing(scope, flash, 100);
      expect(isPass(health.enter(flash))).toBe(true);
      expect(events).toEqual([]);
      expect(health.snapshot()).toEqual([]);
    },
  );

  test.each<FailureScope>(['request', 'quota', 'key', 'project'])(
    '%s: a sign of life, which ends a run',
    async (scope) => {
      for (let call = 0; call < 10; call++) {
        pass(flash).settle(failed(call % 3 === 2 ? scope : 'model'));
        await clock.advance(300);
      }
      expect(isPass(health.enter(flash))).toBe(true);
    },
  );

  test('a failure of the model shows that the host is there', async () => {
    for (let call = 0; call < 10; call++) {
      pass(call % 2 === 0 ? flash : pro).settle(failed(call % 2 === 0 ? 'model' : 'host'));
      await clock.advance(300);
    }
    expect(health.snapshot().filter(({ target, state }) => target === 'g.test' && state === 'open')).toEqual([]);
  });
});

describe('an open breaker', () => {
  test('says how long it will stay so', async () => {
    await failing('model');
    await clock.advance(1_500);
    expect(health.enter(flash)).toEqual({ target: 'g.test/flash', retryAfterMs: 500, isIsolated: false });
  });

  test('lets one probe pass when its time is over, and nobody beside it', async () => {
    await failing('model');
    await clock.advance(2_000);
    const probe = health.enter(flash);
    expect(isPass(probe)).toBe(true);
    expect(health.enter(flash)).toMatchObject({ target: 'g.test/flash' });
    expect((health.enter(flash) as Refusal).retryAfterMs).toBeGreaterThan(0);
  });

  test('closes as soon as the probe’s answer means something, before it is over', async () => {
    await failing('model');
    await clock.advance(2_000);
    const probe = pass(flash);
    probe.proven();
    expect(isPass(health.enter(flash))).toBe(true);
    probe.settle(null);
    expect(health.snapshot()).toEqual([]);
  });

  test('stays open for twice as long when the probe fails', async () => {
    await failing('model');
    await clock.advance(2_000);
    pass(flash).settle(failed('model'));
    expect(health.enter(flash)).toEqual({ target: 'g.test/flash', retryAfterMs: 4_000, isIsolated: false });
  });

  test.each<FailureScope>(['client', 'gateway'])(
    'keeps the place of a probe that ended for nobody’s fault free (%s)',
    async (scope) => {
      await failing('model');
      await clock.advance(2_000);
      pass(flash).settle(failed(scope));
      expect(isPass(health.enter(flash))).toBe(true);
    },
  );

  test('keeps the place of a probe free that never reached the model', async () => {
    await failing('model');
    await clock.advance(2_000);
    pass(flash).settle(failed('host'));
    expect(isPass(health.enter(flash))).toBe(true);
  });

  test('of a host is closed by any answer, be it a refusal', async () => {
    await failing('host');
    await clock.advance(2_000);
    pass(pro).settle(failed('key'));
    expect(isPass(health.enter(flash))).toBe(true);
    expect(health.snapshot()).toEqual([]);
  });

  test('is not closed by what was under way when it opened', async () => {
    const early = pass(flash);
    await failing('model');
    early.proven();
    early.settle(null);
    expect(isPass(health.enter(flash))).toBe(false);
  });

  test('is not judged by what was under way when it opened, while the probe runs', async () => {
    const early = [pass(flash), pass(flash)];
    await failing('model');
    await clock.advance(2_000);
    const probe = pass(flash);
    early[0]?.settle(null);
    expect(isPass(health.enter(flash))).toBe(false);
    early[1]?.settle(failed('model'));
    probe.settle(null);
    expect(isPass(health.enter(flash))).toBe(true);
  });

  test('a refusal takes no probe from anybody', async () => {
    const early = Array.from({ length: 5 }, () => pass(pro));
    await failing('model');
    for (const one of early) {
      one.settle(failed('host'));
      await clock.advance(300);
    }
    await clock.advance(700);
    expect(health.enter(flash)).toMatchObject({ target: 'g.test' });
    await clock.advance(2_000);
    const probe = pass(flash);
    expect(health.enter(flash)).toMatchObject({ target: 'g.test/flash' });
    expect(health.enter(pro)).toMatchObject({ target: 'g.test' });
    probe.settle(null);
    expect(isPass(health.enter(flash)) && isPass(health.enter(pro))).toBe(true);
  });
});

test('every change of state is told, with its reason, its counts and the wall clock', async () => {
  pass(flash).settle(failed('model'));
  pass(flash).settle(null);
  await failing('model');
  const openUntilMs = clock.wallNow() + 2_000;
  await clock.advance(2_000);
  pass(flash).settle(failed('model'));
  const reopenUntilMs = clock.wallNow() + 4_000;
  await clock.advance(4_000);
  pass(flash).settle(null);
  const target = 'g.test/flash';
  const counts = { failures: 6, outcomes: 7 };
  expect(events).toEqual([
    { target, state: 'open', ...counts, opened: 1, untilMs: openUntilMs, reason: 'kind-of-model' },
    { target, state: 'probing', ...counts, opened: 1, untilMs: null, reason: 'probe' },
    { target, state: 'open', ...counts, opened: 2, untilMs: reopenUntilMs, reason: 'kind-of-model' },
    { target, state: 'probing', ...counts, opened: 2, untilMs: null, reason: 'probe' },
    { target, state: 'closed', failures: 0, outcomes: 0, opened: 0, untilMs: null, reason: 'success' },
  ]);
});

test('a picture shows what is not simply closed, and why', async () => {
  pass(pro).settle(null);
  pass(pro).settle(failed('model'));
  pass(pro).settle(null);
  await failing('model');
  const untilMs = clock.wallNow() + 2_000;
  expect(health.snapshot()).toEqual([
    { target: 'g.test/pro', state: 'closed', failures: 1, outcomes: 2, opened: 0, untilMs: null, reason: null },
    { target: 'g.test/flash', state: 'open', failures: 5, outcomes: 5, opened: 1, untilMs, reason: 'kind-of-model' },
  ]);
  await clock.advance(30_001);
  expect(health.snapshot()).toMatchObject([{ target: 'g.test/flash' }]);
});

describe('an answer that has begun', () => {
  test('ends the run of failures, before it is over', async () => {
    for (let call = 0; call < 20; call++) {
      pass(flash).settle(failed('model'));
      await clock.advance(300);
      if (call % 3 === 2) pass(flash).proven();
    }
    expect(isPass(health.enter(flash))).toBe(true);
  });

  test('and is cut after that counts as a failure, and not as a success', async () => {
    for (let call = 0; call < 30; call++) {
      const cut = pass(flash);
      cut.proven();
      cut.settle(failed('model'));
      expect(health.snapshot()[0]).toMatchObject({ failures: Math.min(call + 1, 30), outcomes: call + 1 });
      await clock.advance(500);
    }
    expect(health.snapshot()[0]).toMatchObject({ state: 'open', failures: 30, outcomes: 30 });
  });

  test('costs nothing while nobody is ill: nothing is remembered of it', () => {
    for (let call = 0; call < 100; call++) {
      const well = pass(flash);
      well.proven();
      well.settle(null);
    }
    expect(health.snapshot()).toEqual([]);
  });
});

describe('a probe has 30 s to prove something', () => {
  test('then its place is free for the next, once the time after a failed probe is over', async () => {
    await failing('model');
    await clock.advance(2_000);
    const slow = pass(flash);
    await clock.advance(29_999);
    expect(health.enter(flash)).toMatchObject({ target: 'g.test/flash' });
    await clock.advance(1);
    expect(health.enter(flash)).toMatchObject({ retryAfterMs: 4_000 });
    await clock.advance(4_000);
    const next = pass(flash);
    slow.settle(failed('model'));
    expect(events.map(({ state, opened, reason }) => `${state} ${opened} ${reason}`)).toEqual([
      'open 1 kind-of-model',
      'probing 1 probe',
      'open 2 probe_overdue',
      'probing 2 probe',
    ]);
    next.settle(null);
    expect(health.snapshot()).toEqual([]);
  });

  test('and its answer closes the breaker however late it begins, also beside another probe', async () => {
    await failing('model');
    await clock.advance(2_000);
    const slow = pass(flash);
    await clock.advance(34_000);
    const next = pass(flash);
    slow.proven();
    expect(isPass(health.enter(flash))).toBe(true);
    next.settle(failed('model'));
    expect(isPass(health.enter(flash))).toBe(true);
  });

  test('and a client that leaves later takes nobody’s place away', async () => {
    await failing('model');
    await clock.advance(2_000);
    const slow = pass(flash);
    await clock.advance(34_000);
    pass(flash);
    slow.settle(failed('client'));
    expect(isPass(health.enter(flash))).toBe(false);
  });

  test('a snapshot notices it as well', async () => {
    await failing('model');
    await clock.advance(2_000);
    pass(flash);
    await clock.advance(30_000);
    expect(health.snapshot()).toMatchObject([{ state: 'open', opened: 2, reason: 'probe_overdue' }]);
  });
});

test('while a probe is out, others are refused in next to no time', async () => {
  await failing('model');
  await clock.advance(2_000);
  pass(flash);
  const times = Array.from({ length: 2_000 }, () => {
    const startMs = performance.now();
    expect(isPass(health.enter(flash))).toBe(false);
    return performance.now() - startMs;
  });
  expect(times.sort((a, b) => a - b)[1_000]).toBeLessThan(1);
});

describe('in panic', () => {
  beforeEach(() => {
    const emitter = new Emitter();
    emitter.on('breaker', (event) => events.push(event));
    health = new Health({ ...settings, openMs: 20_000, panicMs: 1_000 }, clock, emitter, () => 0.5);
  });

  test('one call a second passes, and its success closes the breaker before its time', async () => {
    await failing('model');
    expect(isPass(health.enter(flash))).toBe(false);
    await clock.advance(1_000);
    const first = pass(flash);
    expect(isPass(health.enter(flash))).toBe(false);
    first.settle(failed('model'));
    await clock.advance(1_000);
    const second = pass(flash);
    second.proven();
    expect(events.map(({ state, opened }) => `${state} ${opened}`)).toEqual(['open 1', 'closed 0']);
    expect(isPass(health.enter(flash)) && isPass(health.enter(flash))).toBe(true);
  });

  test('its failures make the open time no longer', async () => {
    await failing('model');
    for (let call = 0; call < 19; call++) {
      await clock.advance(1_000);
      pass(flash).settle(failed(call % 2 === 0 ? 'model' : 'client'));
    }
    await clock.advance(1_000);
    expect(pass(flash)).toBeDefined();
    expect(health.snapshot()).toMatchObject([{ state: 'probing', opened: 1 }]);
  });

  test('nothing passes what an operator has isolated', async () => {
    health.isolate('g.test/flash', 'why');
    await clock.advance(60_000);
    expect(isPass(health.enter(flash))).toBe(false);
  });
});

describe('model names come from callers', () => {
  test('and those that were never ill leave nothing behind', () => {
    for (let at = 0; at < 10_000; at++) pass({ host: 'g.test', model: `m${at}` }).settle(failed('request'));
    expect(health.snapshot()).toEqual([]);
  });

  test('and only so many ill ones are remembered, the latest', () => {
    for (let at = 0; at < 3_000; at++) pass({ host: 'g.test', model: `m${at}` }).settle(failed('model'));
    const targets = health.snapshot().map(({ target }) => target);
    expect(targets.length).toBeLessThanOrEqual(1_000);
    expect(targets).toContain('g.test/m2999');
  });
});

test('each model has a retry budget of its own, and keeps it', () => {
  const budget = health.budget(flash);
  budget.spend('transient');
  expect(health.budget({ ...flash })).toBe(budget);
  expect(health.budget(pro).isFull).toBe(true);
});

function pass(target: Target): Pass {
  const leave = health.enter(target);
  if (!isPass(leave)) throw new Error(`${leave.target} is shut`);
  return leave;
}

function isPass(leave: Pass | Refusal): leave is Pass {
  return 'settle' in leave;
}

function failed(scope: FailureScope) {
  return failure(`kind-of-${scope}`, 'upstream_protocol', 'x', { scope });
}

/** Calls that were let in together and fail one after the other, over a second and more. */
async function failing(scope: FailureScope, target: Target = flash, calls = 5): Promise<void> {
  const passes = Array.from({ length: calls }, () => pass(target));
  for (const [at, one] of passes.entries()) {
    if (at > 0) await clock.advance(250);
    one.settle(failed(scope));
  }
}
