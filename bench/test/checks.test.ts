import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { warmUp } from '../src/closed-slice.ts';
import { openStage, type Stage, type Subject } from '../src/stage.ts';
import type { Kind } from '../src/traffic.ts';
import type { Variant } from '../src/variants.ts';

let stage: Stage | null = null;
afterEach(async () => {
  await stage?.close();
  stage = null;
});

describe('the bench believes no answer that it has not checked', () => {
  test.each<[fault: string, kind: Kind, words: RegExp]>([
    ['drops a byte', 'unary', /the body differs/],
    ['drops a byte', 'stream', /the body differs/],
    ['drops the last byte', 'unary', /1 bytes are missing/],
    ['drops the last byte', 'stream', /1 bytes are missing/],
    ['adds a byte', 'unary', /the body differs/],
    ['swaps two events', 'stream', /the body differs/],
    ['changes the status', 'unary', /the answer is "HTTP\/1.1 206/],
    ['changes the request', 'unary', /the answer is "HTTP\/1.1 400/],
    ['sends the key of the caller up', 'unary', /the answer is "HTTP\/1.1 400/],
    ['calls twice', 'unary', /answered and \d+ calls went up/],
  ])('a gateway that %s is caught (%s)', async (fault, kind, words) => {
    await expect(ask(fault, kind)).rejects.toThrow(words);
  });

  test.each<Kind>(['unary', 'stream'])('and a gateway that does nothing wrong is not (%s)', async (kind) => {
    const { requests } = await ask('nothing', kind);
    expect(requests).toBe(32);
  });
});

async function ask(fault: string, kind: Kind): Promise<{ requests: number }> {
  const variant: Variant = {
    name: fault,
    what: fault,
    base: fault,
    args: [join(import.meta.dirname, 'faulty-gateway.ts'), fault],
    env: {},
    logFile: null,
  };
  stage = await openStage([variant], { isProfiled: false });
  return warmUp(stage, stage.subjects[0] as Subject, kind, 32);
}
