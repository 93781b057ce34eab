import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BreakerEvent, Emitter } from '../../src/events.ts';
import { type FailureScope, failure } from '../../src/failure.ts';
import { Health, type Pass, type Refusal, type Target } from '../../src/health/health.ts';

const settings = {
  consecutiveFailures: 5,
  consecutiveSpanMs: 1_000,
  windowOutcomes: 50,
  windowFailures: 30,
  windowMs: 30_000,
  openMs: 2_000,
  maxOpenMs: 60_000,
};
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
    expect(health.enter(flash)).toEqual({ target: 'g.test/flash', retryAfterMs: 2_000 });
    expect(isPass(health.enter(pro))).toBe(true);
  });

  test('the host: no model of it is asked', async () => {
    await failing('host');
    expect(health.enter(pro)).toEqual({ target: 'g.test', retryAfterMs: 2_000 });
    expect(isPass(health.enter({ host: 'other.test', model: 'pro' }))).toBe(true);
  });

  test('calls without a model have a place of their own', async () => {
    const none = { host: 'g.test', model: null };
    await failing('model', none);
    expect(health.enter(none)).toEqual({ target: 'g.test/-', retryAfterMs: 2_000 });
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
    expect(health.enter(flash)).toEqual({ target: 'g.test/flash', retryAfterMs: 500 });
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
    expect(health.enter(flash)).toEqual({ target: 'g.test/flash', retryAfterMs: 4_000 });
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

test('every change of state is told, with its reason and the wall clock', async () => {
  await failing('model');
  await clock.advance(2_000);
  const probe = pass(flash);
  probe.settle(null);
  expect(events).toEqual([
    { target: 'g.test/flash', state: 'open', untilMs: clock.wallNow(), reason: 'kind-of-model' },
    { target: 'g.test/flash', state: 'probing', untilMs: null, reason: 'probe' },
    { target: 'g.test/flash', state: 'closed', untilMs: null, reason: 'success' },
  ]);
});

test('a picture shows what is not simply closed', async () => {
  pass(pro).settle(null);
  pass(pro).settle(failed('model'));
  await failing('model');
  expect(health.snapshot()).toEqual([
    { target: 'g.test/pro', state: 'closed', failures: 1, untilMs: null },
    { target: 'g.test/flash', state: 'open', failures: 1, untilMs: clock.wallNow() + 2_000 },
  ]);
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
