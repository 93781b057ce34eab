import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fields } from '../../src/affinity/fields.ts';
import { mayNameResources } from '../../src/affinity/marks.ts';

const words = [...fields.keys()].filter((word) => word !== 'model');
const spaces = fc.constantFrom('', ' ', '\n  ', '\t');

describe('the look for marks', () => {
  test('finds every field, however its letters are escaped and quoted', () => {
    const escaped = fc.constantFrom(...words).chain((word) => {
      const letters = [...word].map((letter) => fc.constantFrom(letter, ...escapesOf(letter)));
      return fc.tuple(...letters).map((parts) => parts.join(''));
    });
    fc.assert(
      fc.property(escaped, fc.constantFrom('"', "'"), spaces, spaces, (word, quote, before, after) => {
        const body = `{"contents": [{${quote}${word}${quote}${before}:${after}"x"}]}`;
        expect(mayNameResources(bytes(body))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(words)('finds %s, with quotes and without', (word) => {
    expect(mayNameResources(bytes(`{"${word}": "x"}`))).toBe(true);
    expect(mayNameResources(bytes(`{${word}: "x"}`))).toBe(true);
    expect(mayNameResources(bytes(JSON.stringify({ far: 'x'.repeat(5_000), [word]: 'x' })))).toBe(true);
  });

  test('passes over a model, but for a tuned one', () => {
    expect(mayNameResources(bytes('{"model": "models/gemini-2.5-flash"}'))).toBe(false);
    expect(mayNameResources(bytes('{"model": "tunedModels/t"}'))).toBe(true);
    expect(mayNameResources(bytes('{"model" :\n "\\u0074unedModels/t"}'))).toBe(true);
  });

  test('is not misled by a text that quotes JSON', () => {
    const inner = JSON.stringify({ fileData: { fileUri: 'files/abc' }, cachedContent: 'cachedContents/c' });
    expect(mayNameResources(bytes(JSON.stringify({ contents: [{ parts: [{ text: inner }] }] })))).toBe(false);
  });

  test('is not misled by an image', () => {
    const data = 'iVBORw0KGgoAAAANSUhEUgAAfileUri'.repeat(10_000);
    const body = { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data } }, { text: 'What is it?' }] }] };
    expect(mayNameResources(bytes(JSON.stringify(body)))).toBe(false);
  });

  test('a body of one byte over and over is looked through once', () => {
    for (const piece of [':', '":', '\\":', ' :', "':", 'a:']) {
      expect(mayNameResources(bytes(piece.repeat(200_000)))).toBe(false);
    }
  });
});

function escapesOf(letter: string): string[] {
  const hex = letter.charCodeAt(0).toString(16).padStart(4, '0');
  return [`\\u${hex}`, `\\u${hex.toUpperCase()}`];
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
