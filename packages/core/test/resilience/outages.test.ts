/** Retry budget and breaker together, over many requests: an outage meets a trickle, random faults are hidden. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { GatewayOptions } from '../../src/options.ts';
import { codeOf, type Played, Stage } from './in-memory.ts';
import { seed, seeded } from './seeded.ts';

let chance: () => number;
beforeEach(() => {
  chance = seeded(seed);
  // Back-off and open times are drawn from it.
  const drawn = seeded(seed + 1);
  vi.spyOn(Math, 'random').mockImplementation(drawn);
});
afterEach(() => void vi.restoreAllMocks());

const noBreaker = { consecutiveFailures: 1_000_000, windowOutcomes: 50, windowFailures: 51 };

describe('a provider that is down for a minute, at 100 requests a second', () => {
  test('gets hardly more calls than there are requests from the retry budget alone', async () => {
    const { stage, requests } = await outage({ breaker: noBreaker });
    expect(stage.calls.length / requests).toBeLessThanOrEqual(1.05);
    expect(stage.calls.length).toBeGreaterThan(requests);
    stage.expectNothingLeft();
  });

  test('gets next to none behind the breaker: those that open it, and a probe per open time', async () => {
    const openings: string[] = [];
    const { stage, requests, opensAfterMs } = await outage({}, (state) => openings.push(state));
    const probes = openings.filter((state) => state === 'probing').length;
    expect(stage.calls.length / requests).toBeLessThanOrEqual(1.05);
    expect(opensAfterMs).toBeLessThanOrEqual(500);
    // A probe is one call: while it is out nobody is let in, not even its own second try.
    expect(stage.calls.length - probes).toBeLessThanOrEqual(50);
    expect(probes).toBeGreaterThanOrEqual(3);
    expect(probes).toBeLessThanOrEqual(6);
  });

  test('is found well within one open time of at most 72 s', async () => {
    const state = { isDown: true };
    const { stage } = await outage({}, () => {}, state);
    state.isDown = false;
    const healedAtMs = stage.clock.now();
    for (;;) {
      const asked = stage.ask();
      await stage.clock.advance(1_000);
      if (asked.sink.status === 200) break;
      expect([asked.sink.status, codeOf(asked.sink)]).toEqual([503, 'circuit_open']);
      expect(Number(asked.sink.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(stage.clock.now() - healedAtMs).toBeLessThanOrEqual(73_000);
    }
    expect(stage.gateway.snapshot().breakers).toEqual([]);
  });

  async function outage(
    options: Partial<GatewayOptions>,
    onState: (state: string) => void = () => {},
    provider = { isDown: true },
  ): Promise<{ stage: Stage; requests: number; opensAfterMs: number }> {
    const stage = new Stage(options, (call) => {
      stage.clock.after(10, () => (provider.isDown ? call.refuse(503) : call.answer()));
    });
    const startMs = stage.clock.now();
    let opensAfterMs = Number.POSITIVE_INFINITY;
    stage.gateway.on('breaker', ({ state }) => {
      if (state === 'open') opensAfterMs = Math.min(opensAfterMs, stage.clock.now() - startMs);
      onState(state);
    });
    const requests = 6_000;
    for (let request = 0; request < requests; request++) {
      stage.ask();
      await stage.clock.advance(10);
    }
    await stage.clock.advance(1_000);
    return { stage, requests, opensAfterMs };
  }
}, 60_000);

describe('a provider that fails at random, one call in five', () => {
  test('is hidden from all but one client in a hundred, for at most a quarter more calls', async () => {
    const { stage, failed } = await play(20_000);
    expect(failed / 20_000, `seed ${seed}`).toBeLessThanOrEqual(0.01);
    expect(stage.calls.length / 20_000, `seed ${seed}`).toBeLessThanOrEqual(1.25);
    stage.expectNothingLeft();
  });

  test('is not hidden by anything else: without retries one in five sees it', async () => {
    const { failed } = await play(1_000, { retry: { maxAttempts: 1 } });
    expect(failed / 1_000, `seed ${seed}`).toBeGreaterThan(0.15);
  });

  async function play(requests: number, options: Partial<GatewayOptions> = {}) {
    const stage = new Stage(options, (call: Played) => {
      const isFailure = chance() < 0.2;
      stage.clock.after(20, () => (isFailure ? call.refuse(503) : call.answer()));
    });
    const failures: number[] = [];
    const perTurn = 5;
    for (let request = 0; request < requests; request += perTurn) {
      for (let one = 0; one < perTurn; one++) {
        const { sink, over } = stage.ask();
        void over.then(() => {
          if (sink.status !== 200) failures.push(sink.status);
        });
      }
      await stage.clock.advance(10 * perTurn);
    }
    await stage.clock.advance(2_000);
    return { stage, failed: failures.length };
  }
}, 60_000);
