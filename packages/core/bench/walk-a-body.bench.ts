/** A body is read for the resources that it names. A MiB of a chat may take 2 ms, and nothing may take much more. */

import { test } from 'vitest';
import { referencesOf } from '../src/affinity/references.ts';

const call = { path: '/v1beta/models/gemini-2.5-flash:generateContent', query: [] };
const mebibyte = 2 ** 20;
const prose = 'The quick brown fox jumps over the lazy dog, and "nobody" knows why. Listen: it was late.\n';
const image = 'iVBORw0KGgo='.repeat(8_000);

const text = { text: prose.repeat(20) };
const inline = { inlineData: { mimeType: 'image/png', data: image } };
const short = { text: 'Yes: no.' };
const google = 'https://generativelanguage.googleapis.com/v1beta/files';
const file = fileAt('files/abcdefghijkl');
const answer = {
  functionResponse: { name: 'lookup', response: { rows: [{ a: 1, b: 'two', c: [3, 4, null] }], ok: true } },
};

test('a MiB is walked', async ({ bench }) => {
  const bodies = {
    'of prose': bodyOf(() => text),
    'of prose, with a file': bodyOf((at) => (at === 0 ? file : text)),
    'of images': bodyOf(() => inline),
    'of images, with a file': bodyOf((at) => (at === 0 ? file : inline)),
    'of short turns': bodyOf(() => short),
    'of short turns, with a file': bodyOf((at) => (at === 0 ? file : short)),
    'of answers to functions, with a file': bodyOf((at) => (at === 0 ? file : answer)),
    'of one file again and again': bodyOf(() => file),
    'of one file again and again, by its URI': bodyOf(() => fileAt(`${google}/abcdefghijkl`)),
    'of addresses of others': bodyOf((at) => fileAt(`https://example.com/files/number-${at}?x=1`)),
    'of 4,000 files': bodyOf((at) => (at < 4_000 ? fileAt(`files/number-${at}`) : text)),
    'of 4,000 files, by their URIs': bodyOf((at) => (at < 4_000 ? fileAt(`${google}/number-${at}`) : text)),
  };
  await bench.compare(
    ...Object.entries(bodies).map(([what, body]) =>
      bench(what, () => {
        referencesOf(call, body, 'application/json');
      }),
    ),
  );
});

function fileAt(fileUri: string): object {
  return { fileData: { mimeType: 'video/mp4', fileUri } };
}

/** A chat of exactly one MiB, a part a turn; white space behind it makes up the rest. */
function bodyOf(partAt: (turn: number) => object): Uint8Array {
  const turns: string[] = [];
  let length = '{"contents":[]}'.length;
  for (;;) {
    const turn = JSON.stringify({ role: turns.length % 2 === 0 ? 'user' : 'model', parts: [partAt(turns.length)] });
    if (length + turn.length + 1 > mebibyte) break;
    length += turn.length + 1;
    turns.push(turn);
  }
  return new TextEncoder().encode(`{"contents":[${turns.join(',')}]}`.padEnd(mebibyte));
}
