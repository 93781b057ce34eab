/** What passes through is read along: per event of a stream, and for a long answer in one piece. */

import { test } from 'vitest';
import { gemini } from '../src/dialect/gemini/dialect.ts';
import { plainInspection } from '../src/stream/inspect.ts';
import { Scan } from '../src/stream/scan.ts';
import { type HoldingSink, Watch } from '../src/stream/watch.ts';

const event = Buffer.from(
  `data: ${JSON.stringify({
    candidates: [
      { content: { parts: [{ text: 'Air scatters short waves more than long ones.' }], role: 'model' }, index: 0 },
    ],
    usageMetadata: {
      promptTokenCount: 16,
      candidatesTokenCount: 103,
      totalTokenCount: 119,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 16 }],
    },
    modelVersion: 'gemini-2.5-flash',
    responseId: '2Q-taO_YHrunjrEP',
  })}\r\n\r\n`,
);
const megabyte = Buffer.from(
  JSON.stringify({
    candidates: [{ content: { parts: [{ text: 'x'.repeat(1 << 20) }], role: 'model' }, finishReason: 'STOP' }],
  }),
);
/** As the provider writes it: on many lines. */
const unary = JSON.stringify(
  {
    candidates: [
      {
        content: { parts: [{ text: 'Air scatters "short" waves more.\n'.repeat(14) }], role: 'model' },
        finishReason: 'STOP',
        index: 0,
        avgLogprobs: -0.12,
      },
    ],
    usageMetadata: {
      promptTokenCount: 16,
      candidatesTokenCount: 103,
      totalTokenCount: 119,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 16 }],
    },
    modelVersion: 'gemini-2.5-flash',
    responseId: '2Q-taO_YHrunjrEP',
  },
  null,
  2,
);
const answer = Buffer.from(unary);
const compact = Buffer.from(JSON.stringify(JSON.parse(unary)));
/** The same with a file that the model has left, and with a tool's arguments in which one only seems to stand. */
const left = Buffer.from(
  `data: ${JSON.stringify({
    candidates: [
      { content: { parts: [{ fileData: { mimeType: 'image/png', fileUri: 'files/left-behind-1' } }] }, index: 0 },
    ],
  })}\r\n\r\n`,
);
const toolCall = Buffer.from(
  JSON.stringify({
    candidates: [
      {
        content: {
          parts: Array.from({ length: 8_000 }, (_, at) => ({
            functionCall: { name: 'see', args: { fileData: { fileUri: `files/f${at}`, note: 'not one of its own' } } },
          })),
        },
        finishReason: 'STOP',
      },
    ],
  }),
);
const next: HoldingSink = { held: [], open() {}, head() {}, write: () => true, end() {}, fail() {} };

test(`an event of ${event.length} bytes passes`, async ({ bench }) => {
  const scan = new Scan(gemini.grammar);
  const { watch } = watched();
  await bench.compare(
    bench('scanned', () => scan.feed(event)),
    bench('watched', () => {
      watch.write(event);
    }),
  );
});

test('an answer in one piece is scanned', async ({ bench }) => {
  await bench.compare(
    bench(`on many lines, ${answer.length} bytes`, () => new Scan(gemini.grammar).feed(answer)),
    bench(`on one line, ${compact.length} bytes`, () => new Scan(gemini.grammar).feed(compact)),
  );
});

test('what names things is told', async ({ bench }) => {
  const scan = new Scan(gemini.grammar, () => {});
  await bench.compare(
    bench(`an event of ${left.length} bytes with a file in it`, () => scan.feed(left)),
    bench(`calls of tools, ${(toolCall.length / 1_048_576).toFixed(1)} MiB of them`, () => {
      new Scan(gemini.grammar, () => {}).feed(toolCall);
    }),
  );
});

test('an answer with a string of 1 MiB is scanned', async ({ bench }) => {
  await bench('scanned', () => new Scan(gemini.grammar).feed(megabyte)).run();
});

function watched(): { watch: Watch } {
  const scan = new Scan(gemini.grammar);
  const watch = new Watch(next, {
    scan,
    inspection: plainInspection(scan),
    encoding: null,
    maxEventBytes: 1 << 25,
    maxAnswerBytes: 1 << 26,
    onMeaning: () => true,
    onEnding() {},
  });
  return { watch };
}
