import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeAnswer } from './answers.ts';
import { opinionOf } from './oracle.ts';
import { check, patienceMs } from './runs.ts';
import { Tape, tapes } from './tape.ts';
import { everyByte, scanned, watched } from './watching.ts';

test('a scan knows of an answer what one knows who parses all of it', { timeout: patienceMs }, () => {
  check(
    'judged like the oracle',
    fc.property(tapes(), (tape) => {
      const answer = makeAnswer(new Tape(tape));
      const { grammar, bytes, framing } = answer;
      const opinion = opinionOf(answer);
      const scan = scanned(grammar, [bytes]);
      const { hasMeaning, isFinished, documents } = scan;
      const usageText = scan.usageText();
      const usage: unknown = usageText === '' ? null : JSON.parse(usageText);
      expect({ hasMeaning, isFinished, documents, usage, isError: scan.isError }).toEqual({
        hasMeaning: opinion.hasMeaning,
        isFinished: opinion.isFinished,
        documents: opinion.documents,
        usage: opinion.usage,
        isError: opinion.error !== null,
      });
      const { endings, bytes: passed } = watched(grammar, everyByte(bytes), { isWhole: framing === 'unary' });
      const [ending] = endings;
      expect(endings).toHaveLength(1);
      if (opinion.error === null) {
        const is = opinion.isFinished ? 'complete' : opinion.hasMeaning ? 'truncated' : 'empty';
        expect(ending?.is).toBe(is);
        // The end of what is not shown as whole may be kept back.
        expect(passed.equals(is === 'complete' ? bytes : bytes.subarray(0, passed.length))).toBe(true);
      } else {
        expect(ending?.is).toBe('error');
        expect(JSON.parse((ending as { text: string }).text)).toEqual(opinion.error);
      }
    }),
  );
});
