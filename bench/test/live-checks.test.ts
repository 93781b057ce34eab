import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { root } from '../src/build.ts';
import { openSessions, talkSlice } from '../src/figures/live.ts';
import { FrameReader, frameOf, opcodes } from '../src/frames.ts';
import { openStage, type Stage, type Subject } from '../src/stage.ts';
import { formFrom, readTalkFrame, talkFrame, talkFrameBytes } from '../src/talk.ts';
import type { Variant } from '../src/variants.ts';

let stage: Stage | null = null;
afterEach(async () => {
  await stage?.close();
  stage = null;
});

describe('the bench believes no frame that it has not checked', { timeout: 60_000 }, () => {
  test.each<[fault: string, words: RegExp]>([
    ['drops a byte', /is not as it was written/],
    ['changes a byte', /is not as it was written/],
    ['drops a frame', /came in the place of/],
    ['drops the last frames', /frames have come each way: not so after 500 ms/],
    ['sends a frame twice', /frame 0 came in the place of 1/],
    ['makes text of binary frames', /a frame has opcode 1, and was sent with 2/],
    ['mixes sessions up', /a frame of session \d came to \d/],
    ['says something old', /came in the place of|came to/],
    ['hangs up', /session \d has ended|ECONNRESET|EPIPE/],
    ['sends the key of the caller up', /none of the provider/],
    ['answers the setup itself', /the setup is answered with/],
  ])('a relay that %s is caught', async (fault, words) => {
    await expect(talk(fault)).rejects.toThrow(words);
  });

  test('and a relay that does nothing wrong is not', async () => {
    const { delaysUs } = await talk('nothing');
    expect(delaysUs).toHaveLength(2 * 12);
    for (const us of delaysUs) expect(us).toBeGreaterThanOrEqual(0);
  });
});

test('a frame is read back from whatever pieces it comes in', () => {
  for (const speaker of ['client', 'provider'] as const) {
    const form = formFrom(speaker);
    const said = { session: 7, number: 42, writtenUs: 123_456_789_012 };
    const wire = talkFrame(form, said);
    const heard: unknown[] = [];
    const reader = new FrameReader(form.isMasked, {
      onFrame: (opcode, payload) => heard.push([opcode, payload.length, readTalkFrame(form, payload)]),
    });
    for (let cut = 1; cut < 40; cut++) {
      reader.read(Buffer.from(wire.subarray(0, cut)));
      reader.read(Buffer.from(wire.subarray(cut)));
    }
    expect(heard).toEqual(Array.from({ length: 39 }, () => [form.opcode, talkFrameBytes, said]));
  }
});

test('frames that nobody here sends are refused', () => {
  const reader = (isMasked: boolean): FrameReader => new FrameReader(isMasked, { onFrame() {} });
  const piece = frameOf(opcodes.text, Buffer.from('half'), false);
  piece[0] = opcodes.text;
  expect(() => reader(false).read(piece)).toThrow('a piece of a message');
  expect(() => reader(true).read(frameOf(opcodes.text, Buffer.from('x'), false))).toThrow('not masked');
  expect(() => reader(false).read(frameOf(opcodes.text, Buffer.from('x'), true))).toThrow('is masked');
});

async function talk(fault: string) {
  const args = [join(import.meta.dirname, 'faulty-relay.ts'), fault];
  // `ws` is where core has it.
  const env = { BENCH_PACKAGES: join(root, 'packages') };
  const variant: Variant = { name: fault, what: fault, base: fault, args, env, logFile: null };
  stage = await openStage([variant], { isProfiled: false, provider: 'live' });
  const [subject] = stage.subjects as [Subject];
  await openSessions(stage, subject, 0, 3);
  return talkSlice(
    stage,
    subject,
    null,
    { from: 0, to: 3, perSecond: 40, ms: 100 },
    fault === 'drops the last frames' ? 500 : undefined,
  );
}
