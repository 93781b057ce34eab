import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonWalk } from '../../src/bytes/json-walk.ts';
import { Words } from '../../src/bytes/words.ts';

/** As deep as keys are known. */
const deepest = 7;
const known = ['a', 'parts', 'fileUri'];
const words = new Words(known);
const key = fc.constantFrom('a', 'parts', 'fileUri', 'b', 'Uri', '', 'x'.repeat(50), 'q"\\{');
const text = fc.oneof(
  fc.constantFrom('', '"', '\\', '}]"\\\\', '{"a":1}', '\n', 'x'.repeat(70), `${'y'.repeat(63)}"${'\\'.repeat(70)}`),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 12, depthSize: 'large' },
    text,
    fc.constantFrom(0, -1.5e-7, 12, true, null),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const whole = fc.dictionary(key, tree, { minKeys: 1, maxKeys: 3, noNullPrototype: true });

test('the walk tells of each level that it knows what a parser tells, however deep it goes and however it is cut', () => {
  fc.assert(
    fc.property(
      whole,
      fc.boolean(),
      fc.boolean(),
      fc.array(fc.nat(40), { maxLength: 20 }),
      (value, isPretty, isLines, cuts) => {
        // Under a few more keys, so that most of it is deeper than keys are known.
        const root = JSON.parse(JSON.stringify({ a: { parts: [{ a: [value, 'end'] }], b: value } })) as object;
        const body = Buffer.from(JSON.stringify(root, null, isPretty ? 1 : 0));
        const expected = [...tellsOf(root, 0)];
        expect(toldOf(body, [body.length], isLines)).toEqual(expected);
        expect(toldOf(body, [...cuts.map((bytes) => bytes + 1), body.length], isLines)).toEqual(expected);
        expect(toldOf(body, Array(body.length).fill(1), isLines)).toEqual(expected);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('what follows a deep container without a comma is no key', () => {
  const body = Buffer.from(`${'{"a":'.repeat(deepest)}{"b":1} "fileUri":1${'}'.repeat(deepest)}`);
  expect(toldOf(body, [body.length], false)).not.toContain(`key ${deepest} fileUri`);
});

test('what is no JSON is told in the same way, however it is cut', () => {
  const body = Buffer.from('{"a":1 2,"b":-x "fileUri" 7 :tr"u"e,,"parts":[1\t2\n3]4}');
  const expected = toldOf(body, [body.length], false);
  expect(expected.filter((told) => told.endsWith('false false'))).toHaveLength(10);
  expect(toldOf(body, Array(body.length).fill(1), false)).toEqual(expected);
  for (let cut = 1; cut < body.length; cut++) expect(toldOf(body, [cut, body.length], false)).toEqual(expected);
});

/** Feeds it in pieces of these lengths, and, where it stops at lines, line by line. */
function toldOf(body: Uint8Array, pieces: readonly number[], stopsAtLines: boolean): string[] {
  const told: string[] = [];
  let piece: Uint8Array = body;
  const walk: JsonWalk = new JsonWalk(
    {
      key(depth, word) {
        // Any other one may be told as an empty text.
        if (known.includes(word)) told.push(`key ${depth} ${word}`);
        return word === 'fileUri';
      },
      value() {},
      valueStart(depth, isObject, at) {
        told.push(`start ${depth} ${isObject} ${'"{['.includes(String.fromCharCode(piece[at] as number))}`);
      },
      leave(depth) {
        if (depth < deepest) told.push(`leave ${depth}`);
      },
    },
    words,
  );
  walk.open();
  let place = 1;
  for (const bytes of pieces) {
    piece = body.subarray(place, place + bytes);
    place += piece.length;
    for (let from = 0; from < piece.length && walk.depth > 0; ) {
      const to = walk.feed(piece, from, stopsAtLines);
      if (stopsAtLines && to < piece.length && walk.depth > 0) expect(piece[to - 1]).toBe(0x0a);
      from = to;
    }
  }
  expect(walk.depth).toBe(0);
  return told;
}

function* tellsOf(value: unknown, depth: number): Iterable<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, one] of Object.entries(value)) {
    if (!Array.isArray(value) && depth + 1 <= deepest && known.includes(name)) yield `key ${depth + 1} ${name}`;
    const isContainer = typeof one === 'object' && one !== null;
    if (depth + 1 <= deepest)
      yield `start ${depth + 1} ${isContainer && !Array.isArray(one)} ${isContainer || typeof one === 'string'}`;
    yield* tellsOf(one, depth + 1);
  }
  if (depth < deepest) yield `leave ${depth}`;
}
