import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { openaiChat } from '../../src/dialect/openai-chat/dialect.ts';
import { type MadeAnswer, makeAnswer } from './answers.ts';
import { noise } from './noise.ts';
import { cases, check, checkLater, patienceMs } from './runs.ts';
import { Tape, tapes } from './tape.ts';
import { endingOfCompressed, everyByte, pieces, scanned, stateOf, type Watched, watched } from './watching.ts';

const cuts = fc.array(fc.nat(5_000), { maxLength: 14 });
test('the properties of parsers are checked with more than 10^5 cases', () => {
  expect(Object.values(cases).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(100_000);
});

describe('any cutting of the same bytes', { timeout: patienceMs }, () => {
  test('leads to the same knowledge of an answer', () => {
    check(
      'cut streams',
      fc.property(tapes(), cuts, (tape, places) => {
        const { grammar, bytes } = makeAnswer(new Tape(tape));
        expect(stateOf(scanned(grammar, pieces(bytes, places)))).toEqual(stateOf(scanned(grammar, [bytes])));
      }),
    );
  });

  test('down to single bytes, while the held place never goes back', () => {
    check(
      'cut byte by byte',
      fc.property(tapes(), (tape) => {
        const { grammar, bytes } = makeAnswer(new Tape(tape));
        const scan = scanned(grammar, []);
        let free = 0;
        for (const byte of everyByte(bytes)) {
          scan.feed(byte);
          if (scan.heldFrom < free) throw new Error(`byte ${scan.heldFrom} was free to pass, and then it was not`);
          free = scan.heldFrom;
        }
        expect(stateOf(scan)).toEqual(stateOf(scanned(grammar, [bytes])));
      }),
    );
  });

  test('leads to the same where the bytes are no answer at all', () => {
    check(
      'cut noise',
      fc.property(tapes(60), fc.boolean(), (tape, isOpenai) => {
        const bytes = noise(new Tape(tape));
        const { grammar } = isOpenai ? openaiChat : gemini;
        expect(stateOf(scanned(grammar, everyByte(bytes)))).toEqual(stateOf(scanned(grammar, [bytes])));
      }),
    );
  });

  test('passes the same bytes on and ends in the same way, and meaning is told with the byte that has it', () => {
    check(
      'watched in pieces',
      fc.property(tapes(), cuts, (tape, places) => {
        const answer = makeAnswer(new Tape(tape));
        const { grammar, bytes } = answer;
        const fine = watched(grammar, everyByte(bytes));
        const coarse = watched(grammar, pieces(bytes, places));
        expect({ bytes: coarse.bytes.toString('latin1'), endings: coarse.endings }).toEqual({
          bytes: fine.bytes.toString('latin1'),
          endings: fine.endings,
        });
        expectSamePlaces(answer, fine, coarse, places);
      }),
    );
  });

  test('ends a compressed answer in the way in which the plain one ends', async () => {
    await checkLater(
      'compressed, in pieces',
      fc.asyncProperty(tapes(), cuts, fc.boolean(), async (tape, places, isBrotli) => {
        const { grammar, bytes } = makeAnswer(new Tape(tape));
        const [plain] = watched(grammar, [bytes]).endings;
        const packed = isBrotli ? brotliCompressSync(bytes) : gzipSync(bytes);
        const ending = await endingOfCompressed(grammar, pieces(packed, places), isBrotli ? 'br' : 'gzip');
        expect(ending).toEqual(plain);
      }),
    );
  });
});

/** What single bytes tell at byte n, larger pieces tell with the piece that holds it. */
function expectSamePlaces({ bytes }: MadeAnswer, fine: Watched, coarse: Watched, places: readonly number[]): void {
  const ends: number[] = [];
  for (const piece of pieces(bytes, places)) ends.push((ends.at(-1) ?? 0) + piece.length);
  const pieceWith = (place: number | null): number | null =>
    place === null ? null : (ends.find((end) => end >= place) ?? null);
  expect(coarse.endedAt).toBe(pieceWith(fine.endedAt));
  // Whatever ends in the piece in which it began to mean something is not worth showing any more.
  const isOverAtOnce = coarse.endedAt !== null && pieceWith(fine.meaningAt) === coarse.endedAt;
  expect(coarse.meaningAt).toBe(isOverAtOnce ? null : pieceWith(fine.meaningAt));
}
