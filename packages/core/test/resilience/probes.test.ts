/** A breaker as clients meet it: who is let in while the model is ill, and what brings it back. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { GatewayOptions } from '../../src/options.ts';
import { type Asked, codeOf, lastWord, type Played, Stage, word } from './in-memory.ts';

const quick: Partial<GatewayOptions> = {
  retry: { maxAttempts: 1 },
  breaker: { consecutiveFailures: 2, consecutiveSpanMs: 0, openMs: 2_000 },
};
/** The open time may be a fifth longer than the settings say. */
const longestOpenMs = 2_400;

let stage: Stage;
beforeEach(async () => {
  stage = new Stage(quick);
  await breakIt();
});

test('an open breaker refuses at once, says when to come back, and asks nobody', async () => {
  const asked = stage.ask();
  await asked.over;
  expect([asked.sink.status, codeOf(asked.sink)]).toEqual([503, 'circuit_open']);
  expect(Number(asked.sink.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(asked.sink.headers['x-sluice-attempts']).toBe('0');
  expect(stage.calls).toHaveLength(2);
  stage.expectNothingLeft();
});

describe('the probe', () => {
  test('is the only one that is let in, and the first event of its answer lets everybody in', async () => {
    const { probe, call } = await begunProbe();
    expect(codeOf((await refused()).sink)).toBe('circuit_open');
    call.begin();
    call.say(': a comment proves nothing\n\n');
    expect(codeOf((await refused()).sink)).toBe('circuit_open');
    call.say(word('well again'));
    const next = stage.ask();
    await stage.clock.advance(0);
    expect(stage.calls).toHaveLength(4);
    stage.calls[3]?.answer();
    call.say(lastWord);
    call.end();
    await Promise.all([probe.over, next.over]);
    expect([probe.sink.told.at(-1), next.sink.status]).toEqual(['end', 200]);
    expect(stage.gateway.breakers.snapshot()).toEqual([]);
    stage.expectNothingLeft();
  });

  test('counts for nothing when its client leaves, and the next one is the probe', async () => {
    const { probe, call } = await begunProbe();
    probe.cancellation.cancel(new Error('the client hung up'));
    await probe.over;
    expect(call.isAborted).toBe(true);
    expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'open', opened: 1 }]);
    const next = stage.ask();
    await stage.clock.advance(0);
    stage.calls[3]?.answer();
    await next.over;
    expect(next.sink.status).toBe(200);
    expect(stage.gateway.breakers.snapshot()).toEqual([]);
  });

  test('that ran into its own client’s deadline counts for nothing, too', async () => {
    await stage.clock.advance(longestOpenMs);
    const probe = stage.ask({ headers: { 'x-server-timeout': '1' } });
    await stage.clock.advance(1_000);
    expect(codeOf(probe.sink)).toBe('deadline_exceeded');
    expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'open', opened: 1 }]);
  });

  test('that fails opens it for longer, and its client sees what the provider said', async () => {
    const { probe, call } = await begunProbe();
    call.refuse(503);
    await stage.clock.advance(1);
    expect([probe.sink.status, codeOf(probe.sink)]).toEqual([503, '']);
    expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'open', opened: 2, reason: 'overloaded' }]);
  });

  test('that says nothing for 30 s gives its place away, and is served all the same', async () => {
    const { probe, call } = await begunProbe();
    await stage.clock.advance(30_000);
    expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'open', opened: 2, reason: 'probe_overdue' }]);
    expect(probe.endedAtMs).toBeNull();
    await stage.clock.advance(2 * longestOpenMs);
    const next = stage.ask();
    await stage.clock.advance(0);
    expect(stage.calls).toHaveLength(4);
    call.begin();
    call.say(word('late'));
    call.say(lastWord);
    call.end();
    await probe.over;
    expect(stage.gateway.breakers.snapshot()).toEqual([]);
    next.cancellation.cancel(new Error('the client hung up'));
    await next.over;
    stage.expectNothingLeft();
  });
});

test('answers that are cut after their first event count in the window, and break no run', async () => {
  stage = new Stage(
    { ...quick, breaker: { consecutiveFailures: 2, consecutiveSpanMs: 0, windowFailures: 4 } },
    (call) => {
      call.begin();
      call.say(word('half an'));
      call.end();
    },
  );
  for (const failures of [1, 2, 3]) {
    const { sink, over } = stage.ask({ isStream: true });
    await over;
    expect(sink.told.at(-1)).toMatch(/^fail /);
    expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'closed', failures, outcomes: failures }]);
  }
  await stage.ask({ isStream: true }).over;
  expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'open', failures: 4, reason: 'truncated' }]);
});

test('in panic one call in so many ms passes, and finds the model well before the open time is over', async () => {
  stage = new Stage({ ...quick, breaker: { ...quick.breaker, openMs: 60_000, panicMs: 1_000 } });
  await breakIt();
  expect(codeOf((await refused()).sink)).toBe('circuit_open');
  await stage.clock.advance(1_000);
  const first = stage.ask();
  await stage.clock.advance(0);
  stage.calls[2]?.refuse(503);
  await first.over;
  expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'open', opened: 1 }]);
  await stage.clock.advance(1_000);
  const second = stage.ask();
  await stage.clock.advance(0);
  expect(codeOf((await refused()).sink)).toBe('circuit_open');
  stage.calls[3]?.answer();
  await second.over;
  expect(stage.gateway.breakers.snapshot()).toEqual([]);
});

/** Two failures, one after the other. */
async function breakIt(): Promise<void> {
  for (const at of [0, 1]) {
    const { over } = stage.ask();
    await stage.clock.advance(0);
    stage.calls[at]?.refuse(503);
    await over;
  }
  expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'open', failures: 2, opened: 1 }]);
}

async function begunProbe(): Promise<{ probe: Asked; call: Played }> {
  await stage.clock.advance(longestOpenMs);
  const probe = stage.ask({ isStream: true });
  await stage.clock.advance(0);
  expect(stage.gateway.breakers.snapshot()).toMatchObject([{ state: 'probing' }]);
  return { probe, call: stage.calls[2] as Played };
}

async function refused(): Promise<Asked> {
  const calls = stage.calls.length;
  const asked = stage.ask();
  await asked.over;
  expect(stage.calls).toHaveLength(calls);
  return asked;
}
