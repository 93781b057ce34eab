import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { warmUp } from '../src/closed-slice.ts';
import { callSlice } from '../src/figures/calls.ts';
import { openStage, type Stage, type Subject } from '../src/stage.ts';
import type { Kind } from '../src/traffic.ts';
import { type Variant, variantsNamed } from '../src/variants.ts';

let stage: Stage | null = null;
afterEach(async () => {
  await stage?.close();
  stage = null;
});

const requests = 32;

describe('what stands in for a gateway passes on what the provider says', () => {
  const bare = ['express-raw', 'fastify-raw', 'hono-raw', 'known'];
  test.each(bare.flatMap((name) => [[name, 'unary'] as const, [name, 'stream'] as const]))(
    '%s (%s)',
    async (name, kind) => {
      const [variant] = variantsNamed([name]) as [Variant];
      const subject = await start(variant);
      await expect(warmUp(stage as Stage, subject, kind, requests)).resolves.toMatchObject({ requests });
    },
  );
});

describe('an answer that is known was asked for once, and says that it was known', () => {
  test.each<[fault: string, words: RegExp]>([
    ['asks again', /0 requests were answered and \d+ calls went up/],
    ['does not say so', /an answer does not say "x-sluice-cache: hit"/],
    ['has another answer', /the body differs/],
  ])('who %s is caught', async (fault, words) => {
    await expect(know(fault)).rejects.toThrow(words);
  });

  test('and who does nothing wrong is not', async () => {
    await expect(know('nothing')).resolves.toMatchObject({ requests });
  });

  async function know(fault: string): Promise<{ requests: number }> {
    const subject = await start({ ...faulty('faulty-knower.ts', fault), asks: 'first' });
    return warmUp(stage as Stage, subject, 'unary', requests);
  }
});

describe('calls in process are checked where they are made', () => {
  test.each<[fault: string, kind: Kind, words: RegExp]>([
    ['drops the last byte', 'unary', /the body of \d+ bytes is not the one that was sent/],
    ['changes a byte', 'stream', /the body of \d+ bytes is not the one that was sent/],
    ['signs as the caller', 'unary', /the answer is 400/],
    ['calls twice', 'unary', /32 requests were answered and 64 calls went up/],
    ['breaks', 'unary', /the socket is gone/],
  ])('who %s is caught (%s)', async (fault, kind, words) => {
    await expect(call(fault, kind)).rejects.toThrow(words);
  });

  test.each<Kind>(['unary', 'stream'])('and who does nothing wrong is not (%s)', async (kind) => {
    await expect(call('nothing', kind)).resolves.toMatchObject({ requests, problems: [] });
  });

  async function call(fault: string, kind: Kind): Promise<{ requests: number }> {
    const subject = await start(faulty('faulty-caller.ts', fault));
    return callSlice(stage as Stage, subject, kind, { requests, ms: 60_000 });
  }
});

async function start(variant: Variant): Promise<Subject> {
  stage = await openStage([variant], { isProfiled: false });
  return stage.subjects[0] as Subject;
}

function faulty(file: string, fault: string): Variant {
  return {
    name: fault,
    what: fault,
    base: fault,
    args: [join(import.meta.dirname, file), fault],
    env: {},
    logFile: null,
  };
}
