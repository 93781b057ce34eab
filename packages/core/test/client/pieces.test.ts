import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pieces } from '../../src/client/pieces.ts';

test('a body is what came, in order, however it is cut and whatever was declared', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(70_000), { maxLength: 8 }), fc.nat(300_000), fc.boolean(), (lengths, other, isTrue) => {
      const cuts = lengths.map((length, at) => new Uint8Array(length).map((_, place) => place * 31 + at));
      const sent = Buffer.concat(cuts);
      const pieces = new Pieces(isTrue ? sent.length : other);
      for (const cut of cuts) pieces.add(cut);
      expect(pieces.bytes).toBe(sent.length);
      expect(sent.equals(pieces.whole())).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('who announces much and sends little gets no memory for it', () => {
  const before = process.memoryUsage().arrayBuffers;
  const bodies = Array.from({ length: 20 }, () => {
    const pieces = new Pieces(100_000_000);
    pieces.add(new Uint8Array(1_000));
    return pieces;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  expect(bodies).toHaveLength(20);
});

test('a body of which less came than was told is no whole body', () => {
  const pieces = new Pieces(10);
  pieces.add(new Uint8Array(9));
  expect(pieces.shortfall).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('10 bytes') });
  pieces.add(new Uint8Array(1));
  expect(pieces.shortfall).toBeNull();
  expect(new Pieces(0).shortfall).toBeNull();
  expect(new Pieces(Number.NaN).shortfall).toBeNull();
});
