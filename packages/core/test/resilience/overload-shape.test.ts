/** Three times as much as a loop can serve, for a minute, on paper: how much of what it can serve it still does. */

import { describe, expect, test } from 'vitest';
import { HeldBack, type Holdable, type HoldingLook } from '../../src/door/held-back.ts';
import { Overload } from '../../src/door/overload.ts';
import { runLoop, type Work } from './loop-model.ts';
import { seed, seeded } from './seeded.ts';

/** An answer of a megabyte: the loop takes it and gives it on in pieces of 64 KiB. */
const picture: Work = { headMs: 0.2, pieces: 16, pieceMs: 0.2, upstreamMs: 2, refuseMs: 0.06 };
const burst: Work = { headMs: 0.1, pieces: 200, pieceMs: 0.012, upstreamMs: 2, refuseMs: 0.06 };
const thinking: Work = { headMs: 0.4, pieces: 30, pieceMs: 0.32, upstreamMs: 2_000, refuseMs: 0.06 };

/** The smallest of answers: a refusal costs nearly half of it. */
const small: Work = { headMs: 0.07, pieces: 1, pieceMs: 0.045, upstreamMs: 0.5, refuseMs: 0.045 };

const settings = {
  queueDelayMs: 25,
  refuseDelayMs: 50,
  queueHeapShare: 0,
  refuseHeapShare: 0,
  endHeapShare: 0,
  maxStreams: 0,
};
const beforeMs = 15_000;
const surgeMs = 60_000;

/** Other than an open number of connections that are read whenever something comes. */
interface Crowd {
  readonly refuseDelayMs?: number;
  readonly idleStreams?: number;
  readonly connections?: number;
  readonly forMs?: number;
  /** Whether those who come again at once are read later. */
  readonly holdsBack?: boolean;
}

interface Found {
  /** In time, of what the loop can serve. */
  readonly goodput: number;
  /** At all, of what the loop can serve. */
  readonly answered: number;
  readonly refusedP50Ms: number;
  /** From the end of the surge to the last refusal. */
  readonly recoveryMs: number;
  readonly refusedBefore: number;
}

function overloaded(
  work: Work,
  patienceMs: number,
  {
    refuseDelayMs = 50,
    idleStreams = 0,
    connections = Number.POSITIVE_INFINITY,
    forMs = surgeMs,
    holdsBack = false,
  }: Crowd = {},
): Found {
  const random = seeded(seed);
  const overload = new Overload({ ...settings, refuseDelayMs });
  let refusedBefore = 0;
  let nowMs = 0;
  let refused = 0;
  const holding = holdingModel();
  const door = {
    refuses(inside: number) {
      const isRefused = overload.refusesNext(inside);
      if (isRefused) refused++;
      if (isRefused && nowMs < beforeMs) refusedBefore++;
      return isRefused;
    },
    left: (tookMs: number) => overload.concurrency.left(tookMs),
    look(at: { nowMs: number; delayMs: number; busyShare: number; inside: number }) {
      nowMs = at.nowMs;
      holding.look({ nowMs, refused, idleShare: 1 - at.busyShare });
      refused = 0;
      overload.look({ ...at, heapShare: 0 });
    },
    hold: (atMs: number, connection: Holdable) => (holdsBack ? holding.hold(atMs, connection) : undefined),
  };
  const perMs = 1 / (work.headMs + work.pieces * work.pieceMs);
  const steps = [
    { ms: beforeMs, perMs: perMs / 2 },
    { ms: forMs, perMs: perMs * 3 },
    { ms: 10_000, perMs: perMs / 2 },
  ];
  const endMs = beforeMs + forMs;
  const { tookMs, refusedAfterMs, lastRefusedAtMs } = runLoop(work, door, steps, [beforeMs, endMs], {
    random,
    idleStreams,
    connections,
  });
  const good = tookMs.filter((ms) => ms <= patienceMs).length;
  const sorted = [...refusedAfterMs].sort((one, other) => one - other);
  return {
    goodput: good / (forMs * perMs),
    answered: tookMs.length / (forMs * perMs),
    refusedP50Ms: sorted[sorted.length >> 1] ?? Number.NaN,
    recoveryMs: lastRefusedAtMs - endMs,
    refusedBefore,
  };
}

/** What is held back on the clock of the model. */
function holdingModel(): { look(at: HoldingLook): void; hold(nowMs: number, connection: Holdable): void } {
  let [atMs, dueAtMs, then]: [number, number, () => void] = [0, Number.POSITIVE_INFINITY, () => {}];
  const after = (ms: number, wake: () => void): (() => void) => {
    [dueAtMs, then] = [atMs + ms, wake];
    return () => {
      dueAtMs = Number.POSITIVE_INFINITY;
    };
  };
  const held = new HeldBack({ now: () => atMs, wallNow: () => atMs, after });
  const goTo = (nowMs: number): void => {
    atMs = nowMs;
    if (dueAtMs > nowMs) return;
    dueAtMs = Number.POSITIVE_INFINITY;
    then();
  };
  return {
    look(at) {
      goTo(at.nowMs);
      held.look(at);
    },
    hold(nowMs, connection) {
      goTo(nowMs);
      if (held.isOnAt(nowMs)) held.hold(connection);
    },
  };
}

describe('a loop that is asked for three times as much as it can serve', () => {
  test('serves nine tenths of it where an answer costs much more than a refusal, and refuses at once', () => {
    const { goodput, refusedP50Ms, recoveryMs, refusedBefore } = overloaded(picture, 500);
    expect(goodput).toBeGreaterThan(0.9);
    expect(refusedP50Ms).toBeLessThan(10);
    expect(recoveryMs).toBeLessThan(2_000);
    expect(refusedBefore).toBe(0);
  });

  test('and next to none of it when nobody is refused', () => {
    expect(overloaded(picture, 500, { refuseDelayMs: 0 }).goodput).toBeLessThan(0.05);
  });

  test('serves most of it where answers come in many small pieces', () => {
    const { goodput, refusedP50Ms, recoveryMs } = overloaded(burst, 500);
    expect(goodput).toBeGreaterThan(0.7);
    expect(refusedP50Ms).toBeLessThan(10);
    expect(recoveryMs).toBeLessThan(2_000);
  });

  test('serves half of it where the load only shows after two seconds of thought', () => {
    const { goodput, recoveryMs } = overloaded(thinking, 6_000);
    expect(goodput).toBeGreaterThan(0.4);
    expect(recoveryMs).toBeLessThan(2_000);
  });

  test('serves most of it where refusals cost half of an answer, once those who come again at once are read later', () => {
    const { goodput, answered, recoveryMs } = overloaded(small, 500, {
      connections: 5_000,
      forMs: 15_000,
      holdsBack: true,
    });
    expect(goodput).toBeGreaterThan(0.6);
    expect(answered).toBeGreaterThan(0.8);
    expect(recoveryMs).toBeLessThan(2_000);
  });

  test('and next to none of it when they are read at once', () => {
    expect(overloaded(small, 500, { connections: 5_000, forMs: 15_000 }).goodput).toBeLessThan(0.1);
  });

  test('does not shut new ones out for the sake of thousands of streams that cost next to nothing', () => {
    expect(overloaded(picture, 500, { idleStreams: 5_000 }).goodput).toBeGreaterThan(0.5);
  });
});
