import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { drainTable } from '../src/drain-table.ts';
import { measureCancel } from '../src/figures/cancel.ts';
import { type Drained, goDown } from '../src/figures/drain.ts';
import type { Phase } from '../src/leaving.ts';
import { openStage, type Stage } from '../src/stage.ts';
import type { Variant } from '../src/variants.ts';

const patienceMs = 60_000;

let stage: Stage | null = null;
afterEach(async () => {
  await stage?.close();
  stage = null;
});

describe('a client that leaves', { timeout: patienceMs }, () => {
  test.each<[fault: string, phase: Phase, words: RegExp]>([
    ['keeps the call open', 'headers', /abandoned: not so after 700 ms/],
    ['keeps the call open', 'mid-stream', /abandoned: not so after 700 ms/],
    ['shows what says nothing', 'latch', /an answer has begun that should have been held back/],
  ])('is not served by a gateway that %s (%s)', async (fault, phase, words) => {
    await expect(leave(fault, phase, 700)).rejects.toThrow(words);
  });

  test.each<Phase>(['headers', 'mid-stream', 'backpressure'])('is timed (%s)', async (phase) => {
    const delays = await leave('nothing', phase, 20_000);
    expect(delays?.connection).toHaveLength(3);
    expect(delays?.request).toEqual([]);
    for (const ms of delays?.connection ?? []) expect(ms).toBeGreaterThanOrEqual(0);
  });
});

describe('of streams that end when the gateway goes down', { timeout: patienceMs }, () => {
  test('those with a marker and those with an error are told apart', async () => {
    const drained = await drain('nothing');
    expect(drained.ends).toEqual({ marker: 4, error: 6, cut: 0 });
    expect(drained.exit).toBe(0);
    expect(drained.exitMs).toBeGreaterThanOrEqual(drained.lastEndMs);
  });

  test.each<[fault: string, words: RegExp]>([
    ['leaves at once', /without a word/],
    ['ends as if all was said', /without a finish reason/],
  ])('all are cut by a gateway that %s', async (fault, words) => {
    const drained = await drain(fault);
    expect(drained.ends).toEqual({ marker: 0, error: 0, cut: 10 });
    expect(drained.firstCut).toMatch(words);
    expect(rowOf(drained)).toContain('≤ 0 **missed**');
  });

  test('an exit code that is not 0 is a miss', async () => {
    const drained = await drain('leaves with 1');
    expect(drained.exit).toBe(1);
    expect(rowOf(drained)).toContain('0 **missed**');
  });
});

async function leave(fault: string, phase: Phase, goneMs: number) {
  const plan = { samples: 3, atOnce: 3, connectingAtOnce: 3, goneMs, phases: [phase], isProfiled: false };
  const found = await measureCancel([faulty(fault)], plan, () => {});
  return found.get(fault)?.get(phase);
}

async function drain(fault: string): Promise<Drained> {
  stage = await openStage([faulty(fault)], { isProfiled: false });
  return goDown(stage, { rounds: 1, streams: 10, finished: 4, drainMs: 3_000, isProfiled: false });
}

function rowOf(drained: Drained): readonly string[] {
  const plan = { streams: 10, finished: 4, drainMs: 3_000 };
  return drainTable(plan, new Map([['one', [drained]]])).rows[0] as readonly string[];
}

function faulty(fault: string): Variant {
  const args = [join(import.meta.dirname, 'faulty-streams.ts'), fault];
  return { name: fault, what: fault, base: fault, args, env: {}, logFile: null };
}
