/** Most bodies name no resource, and proving that must cost next to nothing: a look at each colon. */

import { test } from 'vitest';
import { conversationOf } from '../src/affinity/conversation.ts';
import { mayNameResources } from '../src/affinity/marks.ts';
import { referencesOf } from '../src/affinity/references.ts';

const call = { path: '/v1beta/models/gemini-2.5-flash:generateContent', query: [] };
/** A colon in some 300 letters is more than English has, and less than code. */
const prose = `${'The quick brown fox jumps over the lazy dog, and "nobody" knows why.\n'.repeat(4)}Listen: it was late. `;

test('references are looked for in', async ({ bench }) => {
  const small = chat(1, 800);
  const long = chat(40, 2_400);
  const image = body({
    contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo='.repeat(430_000) } }] }],
  });
  const dense = chat(1_200, 20);
  const named = body({
    contents: [{ role: 'user', parts: [{ fileData: { fileUri: 'files/abc' } }, { text: prose.repeat(1_200) }] }],
  });
  await bench.compare(
    bench(`a prompt of ${size(small)}`, () => look(small)),
    bench(`a chat of ${size(long)}`, () => look(long)),
    bench(`short turns of ${size(dense)}`, () => look(dense)),
    bench(`an image of ${size(image)}`, () => look(image)),
    bench(`a prompt with a file of ${size(named)}`, () => look(named)),
    bench(`only the marks, a prompt of ${size(small)}`, () => {
      mayNameResources(small);
    }),
    bench(`the conversation, a chat of ${size(long)}`, () => {
      conversationOf(long);
    }),
  );
});

function look(bytes: Uint8Array): void {
  referencesOf(call, bytes, 'application/json');
}

/** A chat of so many turns with so many bytes of text each. */
function chat(turns: number, textBytes: number): Uint8Array {
  const text = prose.repeat(Math.ceil(textBytes / prose.length)).slice(0, textBytes);
  const contents = Array.from({ length: turns }, (_, at) => ({
    role: at % 2 === 0 ? 'user' : 'model',
    parts: [{ text }],
  }));
  return body({ contents, generationConfig: { temperature: 0.5, maxOutputTokens: 1_024 } });
}

function body(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function size({ length }: Uint8Array): string {
  return `${(length / 1_024).toFixed(1)} kB`;
}
