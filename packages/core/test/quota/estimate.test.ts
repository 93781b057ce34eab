import { describe, expect, test } from 'vitest';
import { estimateTokens } from '../../src/quota/estimate.ts';

const encoder = new TextEncoder();
const bytes = (value: unknown): Uint8Array => encoder.encode(typeof value === 'string' ? value : JSON.stringify(value));
const file = 'A'.repeat(100_000);

describe('how many tokens a call may use', () => {
  test('a quarter of its bytes, rounded up', () => {
    expect([estimateTokens(bytes('')), estimateTokens(bytes('x')), estimateTokens(bytes('x'.repeat(400)))]).toEqual([
      0, 1, 100,
    ]);
  });

  test.each(['maxOutputTokens', 'max_output_tokens', 'max_tokens', 'max_completion_tokens'])(
    'and the most that %s allows for the answer',
    (name) => {
      const body = { contents: [], generationConfig: { [name]: 8_192 } };
      expect(estimateTokens(bytes(body))).toBe(8_192 + Math.ceil(JSON.stringify(body).length / 4));
      const loose = `{ "${name}" :\n 12 }`;
      expect(estimateTokens(bytes(loose))).toBe(12 + Math.ceil(loose.length / 4));
    },
  );

  test('a limit of the answer that is only spoken of in a prompt does not count', () => {
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'set "max_tokens": 99999' }] }] });
    expect(estimateTokens(bytes(body))).toBe(Math.ceil(body.length / 4));
  });

  test('a file counts as a file, not by its bytes, wherever in the body it stands', () => {
    const part = { inlineData: { mimeType: 'image/png', data: file } };
    const empty = JSON.stringify({ contents: [{ parts: [] }] }).length;
    const one = estimateTokens(bytes({ contents: [{ parts: [part] }] }));
    expect(one).toBeGreaterThan(1_000);
    expect(one).toBeLessThan(1_000 + empty);
    expect(estimateTokens(bytes({ contents: [{ parts: [part, part, part] }] }))).toBeLessThan(3_000 + empty * 2);
  });

  test('a file behind the first megabytes is a file as well, and so is a limit behind it a limit', () => {
    const part = { inlineData: { mimeType: 'image/png', data: 'A'.repeat(6_000_000) } };
    const body = { contents: [{ parts: [part, part] }], generationConfig: { maxOutputTokens: 77 } };
    const rest = JSON.stringify({ ...body, contents: [{ parts: [] }] }).length;
    const tokens = estimateTokens(bytes(body));
    expect(tokens).toBeGreaterThan(2_077);
    expect(tokens).toBeLessThan(2_077 + rest);
  });

  test('behind more keys than are looked at all is text, but for the limit at the end', () => {
    const keys = '{"a":1},'.repeat(70_000);
    const body = `{"contents":[${keys}{"data":"${file}"}],"maxOutputTokens":77}`;
    expect(estimateTokens(bytes(body))).toBe(Math.ceil(body.length / 4) + 77);
  });

  test('whatever stands there, it is a number, and soon', () => {
    const odd = [
      '"data"'.repeat(100_000),
      `"data":"${file}`,
      `"data"${' '.repeat(1_000_000)}`,
      `"data":"${'A'.repeat(4_194_304)}"`,
    ];
    const startedAtMs = performance.now();
    for (const text of odd) expect(estimateTokens(bytes(text))).toBeGreaterThan(0);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});
