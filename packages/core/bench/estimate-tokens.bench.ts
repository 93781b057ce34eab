/** Where tokens are limited every body is looked through before its call: a large one must not hold up everybody else. */

import { test } from 'vitest';
import { estimateTokens } from '../src/quota/estimate.ts';

const megabyte = 1_048_576;
/** A colon in some 70 letters is more than English has. */
const prose = 'The quick brown fox jumps over the lazy dog, and "nobody" knows: why?\n';

test('tokens are estimated of', async ({ bench }) => {
  const small = chat(800);
  const long = chat(megabyte);
  const picture = withFiles(1, 20 * megabyte);
  const pages = withFiles(200, 100_000);
  const colons = new TextEncoder().encode(':'.repeat(20 * megabyte));
  await bench.compare(
    bench('a prompt of 1 kB', () => {
      estimateTokens(small);
    }),
    bench('a text of 1 MiB', () => {
      estimateTokens(long);
    }),
    bench('an inline file of 20 MiB', () => {
      estimateTokens(picture);
    }),
    bench('200 inline files of 100 kB', () => {
      estimateTokens(pages);
    }),
    bench('20 MiB of nothing but colons', () => {
      estimateTokens(colons);
    }),
  );
});

function chat(textBytes: number): Uint8Array {
  const text = prose.repeat(Math.ceil(textBytes / prose.length)).slice(0, textBytes);
  return body({ contents: [{ parts: [{ text }] }], generationConfig: { maxOutputTokens: 1_024 } });
}

function withFiles(files: number, bytes: number): Uint8Array {
  const part = { inlineData: { mimeType: 'image/png', data: 'A'.repeat(bytes) } };
  return body({ contents: [{ parts: Array.from({ length: files }, () => part) }] });
}

function body(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
