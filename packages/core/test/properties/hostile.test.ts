import { describe, expect, test } from 'vitest';
import { fieldWords } from '../../src/affinity/fields.ts';
import { LooseWalk } from '../../src/affinity/loose-json.ts';
import { mayNameResources } from '../../src/affinity/marks.ts';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { plainInspection } from '../../src/stream/inspect.ts';
import { Scan } from '../../src/stream/scan.ts';
import { type Ending, Watch } from '../../src/stream/watch.ts';
import { modelInBody } from '../../src/surface/model-in-body.ts';
import { growth, Work } from './counted.ts';
import { patienceMs } from './runs.ts';
import { slices } from './watching.ts';

const part = '{"candidates":[{"content":{"parts":[{"text":"';
const stop = '"}]},"finishReason":"STOP"}]}';

/** Made to be expensive; each has `size` bytes or somewhat more. */
const hostile: readonly (readonly [what: string, make: (size: number) => string])[] = [
  ['one long text', (size) => `data: ${part}${'a'.repeat(size)}${stop}\n\n`],
  ['a text of backslashes', (size) => `data: ${part}${'\\'.repeat(size & ~1)}${stop}\n\n`],
  ['a text of escaped quotes', (size) => `data: ${part}${'\\"'.repeat(size / 2)}${stop}\n\n`],
  ['a text that is never closed', (size) => `data: ${part}${'b'.repeat(size)}`],
  ['many small events', (size) => `data: ${part}a${stop}\n\n`.repeat(size / 80)],
  ['events that begin like errors', (size) => 'data: {"errors":1}\n\n'.repeat(size / 20)],
  ['elements that begin like errors', (size) => `[${'{"erro":{}}\n,'.repeat(size / 13)}`],
  ['lines that begin like fields', (size) => 'dat\nd\r'.repeat(size / 6)],
  ['fields without a value', (size) => 'data: \n'.repeat(size / 7)],
  ['one event on many lines', (size) => `data: {"a":[\n${'data: 1,\n'.repeat(size / 9)}data: 1]}\n\n`],
  ['comments between the lines of an event', (size) => `data: {"a":[\n${': {\n'.repeat(size / 4)}data: 1]}\n\n`],
  ['nested lists', (size) => `data: {"a":${'['.repeat(size)}`],
  ['nested objects', (size) => `data: ${'{"candidates":'.repeat(size / 14)}`],
  ['nested lists that close', (size) => `{"a":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`],
  ['brackets outside of everything', (size) => '[]'.repeat(size / 2)],
  ['braces outside of everything', (size) => '{}'.repeat(size / 2)],
  ['a number of many digits', (size) => `data: {"candidates":[{"finishReason":${'7'.repeat(size)}}]}\n\n`],
  ['blanks before an event', (size) => `data:${' '.repeat(size)}{"errors":{}}`],
  ['blanks after an array', (size) => `[{}]${' '.repeat(size)}`],
  ['one long key', (size) => `{"${'k'.repeat(size)}":1}`],
  ['a key of escapes', (size) => `{"${'\\u0061'.repeat(size / 6)}":1}`],
  ['many keys', (size) => `{${'"parts":1,'.repeat(size / 10)}"a":1}`],
  ['line ends only', (size) => '\r\n\n\r'.repeat(size / 4)],
  ['colons only', (size) => ':'.repeat(size)],
  ['colons and blanks', (size) => `${' '.repeat(30)}:`.repeat(size / 31)],
  ['marks that are none', (size) => `{${'"fileUr":"model":'.repeat(size / 17)}`],
  ['open apostrophes', (size) => `{'a\\'${"\\'".repeat(size / 2)}`],
];

describe('twice the bytes are twice the work, counted in looks at bytes', { timeout: patienceMs }, () => {
  const size = 8_192;
  /** Where pieces end makes a little difference. What grows with the square comes to 4. */
  const mostGrowth = 2.5;

  test('and what grows with the square is seen', () => {
    const square = (size: number): number => {
      const work = new Work();
      const bytes = work.of(Buffer.alloc(size / 64));
      for (let at = 0; at < bytes.length; at++) bytes.subarray(at).indexOf(1);
      return work.visits;
    };
    expect(growth(square, size)).toBeGreaterThan(mostGrowth);
  });

  test.each(hostile)('for an answer: %s', (_, make) => {
    for (const piece of [1, 61, 1_024, Number.MAX_SAFE_INTEGER]) {
      const workFor = (bytes: number): number => workOfWatch(Buffer.from(make(bytes)), piece);
      expect(growth(workFor, size)).toBeLessThan(mostGrowth);
      expect(workFor(size)).toBeLessThan(size * 8);
    }
  });

  test.each(hostile)('for a request: %s', (_, make) => {
    const workFor = (bytes: number): number => workOfBody(Buffer.from(make(bytes)));
    expect(growth(workFor, size)).toBeLessThan(mostGrowth);
    expect(workFor(size)).toBeLessThan(size * 16);
  });
});

describe('at full size', { timeout: patienceMs }, () => {
  const large = 20_000_000;

  test.each([
    [large, 65_536],
    [large, 1_024],
    [large, 17],
    [large / 4, 1],
  ])('one line of %i bytes in pieces of %i is complete', (size, piece) => {
    const { fed, ending } = fedTo(Buffer.from(`data: ${part}${'a'.repeat(size)}${stop}\n\n`), piece);
    expect(fed).toBeGreaterThan(size);
    expect(ending).toEqual({ is: 'complete', uncleanly: null });
  });

  test.each<[string, string, Ending['is']]>([
    ['20 MB of backslashes', `data: ${part}${'\\'.repeat(large)}${stop}\n\n`, 'complete'],
    ['100,000 events', `data: ${part}a${stop}\n\n`.repeat(100_000), 'complete'],
    ['100,000 events that begin like errors', `${'data: {"errors":1}\n\n'.repeat(100_000)}data: {"error":{}}`, 'error'],
    ['100,000 lists in each other', `data: {"candidates":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n\n`, 'empty'],
    ['20,000,000 lists that never close', `data: {"candidates":${'['.repeat(large)}`, 'truncated'],
    [
      'a number of 5,000,000 digits',
      `data: {"candidates":[{"finishReason":${'7'.repeat(5_000_000)}}]}\n\n`,
      'complete',
    ],
    ['20 MB of blanks that may become an error', `data:${' '.repeat(large)}`, 'empty'],
  ])('%s in one piece are read to their end', (_, text, is) => {
    expect(fedTo(Buffer.from(text), Number.MAX_SAFE_INTEGER).ending?.is).toBe(is);
  });
});

describe('what is held is bounded', () => {
  const maxEventBytes = 10_000;
  test.each([
    ['an event', `data: ${part}`, 'a'],
    ['an event that is read as deep as nobody reads', 'data: {"a":', '['],
    ['blanks that may become an error', 'data:', ' '],
    ['blanks after an array', '[{}]', '\n'],
    ['an error', '{"error":{"message":"', 'x'],
  ])('%s', (_, start, more) => {
    const { fed, ending } = fedTo(Buffer.from(start + more.repeat(40_000)), 100, maxEventBytes);
    expect(ending?.is).toBe('too-large');
    expect(fed).toBeLessThan(maxEventBytes + 300);
  });

  test('a usage object of any length is not kept', () => {
    const scan = new Scan(gemini.grammar);
    scan.feed(Buffer.from(`{"usageMetadata":{"a":"${'x'.repeat(70_000)}"}}`));
    expect(scan.usageText()).toBe('');
    scan.feed(Buffer.from('{"usageMetadata":{"a":1}}'));
    expect(scan.usageText()).toBe('{"a":1}');
  });
});

/** Looks at the bytes of an answer, copies included. */
function workOfWatch(bytes: Uint8Array, piece: number): number {
  const work = new Work();
  const watch = watchFor(() => {}, 0);
  for (const slice of slices(bytes, piece)) watch.write(work.of(slice));
  return work.visits;
}

/** The same of a request, by all who read one. */
function workOfBody(bytes: Uint8Array): number {
  const work = new Work();
  const body = work.of(bytes);
  mayNameResources(body);
  new LooseWalk(body, fieldWords, { text: () => false }).run();
  modelInBody(body);
  return work.visits;
}

/** Feeds until the watch has judged. */
function fedTo(bytes: Uint8Array, piece: number, maxEventBytes = 0): { fed: number; ending: Ending | undefined } {
  let ending: Ending | undefined;
  let fed = 0;
  const watch = watchFor((one) => (ending = one), maxEventBytes);
  for (const slice of slices(bytes, piece)) {
    if (ending !== undefined) break;
    watch.write(slice);
    fed += slice.length;
  }
  watch.end();
  return { fed, ending };
}

function watchFor(onEnding: (ending: Ending) => void, maxEventBytes: number): Watch {
  const scan = new Scan(gemini.grammar);
  const next = { held: [], open() {}, head() {}, write: () => true, end() {}, fail() {} };
  const inspection = plainInspection(scan);
  const limits = { maxEventBytes, maxAnswerBytes: 0 };
  return new Watch(next, { scan, inspection, encoding: null, ...limits, onMeaning: () => true, onEnding });
}
