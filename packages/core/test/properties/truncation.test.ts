import { goldenDir, goldenExchanges } from '@sluice/testkit';
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { makeAnswer } from './answers.ts';
import { noise } from './noise.ts';
import { opinionOn } from './oracle.ts';
import { check, patienceMs } from './runs.ts';
import { Tape, tapes } from './tape.ts';
import { everyByte, pieces, watched } from './watching.ts';

const cuts = fc.array(fc.nat(5_000), { maxLength: 6 });

describe('what ends too early is never taken for whole', { timeout: patienceMs }, () => {
  test('wherever an answer is cut', () => {
    check(
      'cut short',
      fc.property(tapes(), fc.nat(5_000), fc.boolean(), (tape, end, isByteByByte) => {
        const { grammar, framing, bytes, parts } = makeAnswer(new Tape(tape));
        const cut = bytes.subarray(0, end % bytes.length);
        const { endings } = watched(grammar, isByteByByte ? everyByte(cut) : [cut], { isWhole: framing === 'unary' });
        expect(endings).toHaveLength(1);
        const whole = parts.filter(({ to }) => to <= cut.length).map(({ value }) => value);
        const isInPart = parts.some(({ from, to }) => from < cut.length && cut.length < to);
        const isOpen = framing === 'array' && bytes.subarray(cut.length).includes(']');
        const isMarked = opinionOn(whole, grammar).isFinished;
        const mayBeComplete = isMarked && !isInPart && !isOpen;
        expect(mayBeComplete ? 'complete or an error' : endings[0]?.is).not.toBe('complete');
      }),
    );
  });

  test('nor what is no answer, which ends once all the same, with what came', () => {
    check(
      'noise that ends',
      fc.property(tapes(60), cuts, fc.boolean(), fc.boolean(), (tape, places, isWhole, isBroken) => {
        const bytes = noise(new Tape(tape));
        const brokenBy = isBroken ? new Error('reset') : null;
        const { endings, bytes: passed } = watched(gemini.grammar, pieces(bytes, places), { isWhole, brokenBy });
        expect(endings).toHaveLength(1);
        expect(passed.equals(bytes.subarray(0, passed.length))).toBe(true);
        if (!bytes.includes('finishReason')) expect(endings[0]?.is).not.toBe('complete');
      }),
    );
  });
});

describe.skipIf(goldenDir === null)('recorded answers (skipped: no golden data)', { timeout: patienceMs }, () => {
  const answers = [...goldenExchanges()]
    .filter(({ target, status, isWhole }) => isWhole && status === 200 && /enerateContent/.test(target))
    .map(({ name, body, target }) => ({ name, body: Buffer.from(body), isStream: target.includes('alt=sse') }));
  const choice = fc.nat(answers.length - 1);

  test('are there in good number', () => {
    expect(answers.length).toBeGreaterThan(40);
  });

  test('once damaged, end once and the same way whatever the cutting, and are not complete where they were cut off', () => {
    check(
      'mutated recordings',
      fc.property(choice, tapes(40), cuts, (index, tape, places) => {
        const { body, isStream } = answers[index] as (typeof answers)[number];
        const { bytes, isCut } = damaged(body, new Tape(tape));
        const options = { isWhole: !isStream };
        const atOnce = watched(gemini.grammar, [bytes], options);
        expect(atOnce.endings).toHaveLength(1);
        expect(watched(gemini.grammar, pieces(bytes, places), options).endings).toEqual(atOnce.endings);
        if (isCut && atOnce.endings[0]?.is === 'complete') expectWholeEvents(bytes, isStream);
      }),
    );
  });
});

/** Cut off, with a hole, or with something else in it. */
function damaged(body: Buffer, tape: Tape): { bytes: Buffer; isCut: boolean } {
  const from = tape.below(65_536) % body.length;
  const to = Math.min(body.length, from + 1 + tape.below(300));
  const before = body.subarray(0, from);
  switch (tape.below(5)) {
    case 0:
    case 1:
      return { bytes: before, isCut: true };
    case 2:
      return { bytes: Buffer.concat([before, body.subarray(to)]), isCut: false };
    case 3:
      return { bytes: Buffer.concat([before, noise(tape), body.subarray(to)]), isCut: false };
    default:
      return { bytes: Buffer.concat([body.subarray(0, to), body.subarray(from)]), isCut: false };
  }
}

/** Each event can be parsed, and one of them has a finish reason. */
function expectWholeEvents(bytes: Buffer, isStream: boolean): void {
  const values: unknown[] = [];
  const parser = createParser({ onEvent: ({ data }) => values.push(JSON.parse(data)) });
  if (isStream) parser.feed(`${bytes}\n\n`);
  else values.push(JSON.parse(bytes.toString()));
  expect(opinionOn(values, gemini.grammar).isFinished).toBe(true);
}
