import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Scrubber } from '../../src/attempt/scrub.ts';

const used = 'the-key-that-went-up';

describe('a configured key is found', () => {
  test.each([
    ['of letters', 'canaryCANARYcanary'],
    ['of eight characters', 'canary12'],
    ['with a dot at its end', 'canary.canary.'],
    ['with a dash at its end', 'canary-canary-'],
    ['with signs that no word has', 'canary:with/odd+signs=='],
    ['with brackets and dollars', '$canary(with)[odd]$&signs'],
    ['with tildes', '~canary~canary~'],
  ])('%s, also when another one went up', (_, key) => {
    const scrubber = new Scrubber(['other-key-other-key', key]);
    for (const text of [
      key,
      `say ${key}`,
      `api_key:${key}' has`,
      `https://a.b/?key=${key}&c=d`,
      `"${key}"`,
      `(${key}).`,
    ])
      expect(scrubber.clean(text, used)).toBe(text.replace(key, () => '[key]'));
  });

  test('with a full stop behind it', () => {
    expect(new Scrubber(['canary-canary']).clean('It is canary-canary.', used)).not.toContain('canary');
  });

  test('as often as it stands there', () => {
    expect(new Scrubber([used]).clean(`${used} ${used}${used}`, used)).toBe('[key] [key][key]');
  });
});

describe('the key that went up is found wherever it stands', () => {
  test.each(['k', 'a.b', 'short', '$&', 'with blanks in it', 'ends.'])('%s', (key) => {
    expect(new Scrubber([]).clean(`before${key}after`, key)).not.toContain(`before${key}after`);
    expect(new Scrubber([]).clean(`<${key}>`, key)).toBe('<[key]>');
  });
});

describe('what looks like a key of Google is taken out, whoever it belongs to', () => {
  const shape = `AIza${'Sy0123456789-_abcdefghijklmnopqrstu'.slice(0, 35)}`;
  test.each([[shape], [`AQ.${'Ab8RN6Kz0123456789'}`], ['AQ.Ab8RN6_-Kz']])('%s', (key) => {
    const text = `Consumer 'api_key:${key}' has been suspended.`;
    expect(new Scrubber([]).clean(text, used)).toBe("Consumer 'api_key:[key]' has been suspended.");
  });

  test.each(['AIza is a prefix', 'AQ.short', 'models/gemini-2.5-flash', 'generativelanguage.googleapis.com'])(
    '%s is none',
    (text) => {
      expect(new Scrubber([]).clean(text, used)).toBe(text);
    },
  );
});

test('a text without keys stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      fc.pre(!/AIza|AQ\.|canary/.test(text));
      expect(new Scrubber(['canary-canary-canary']).clean(text, used)).toBe(text);
    }),
  );
});

test('of random keys in random company none is left', () => {
  const key = fc.stringMatching(/^[!-~]{8,40}$/);
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.nat(), (keys, which) => {
      const one = keys[which % keys.length] as string;
      const text = `error: "${one}", sorry`;
      expect(new Scrubber(keys).clean(text, one)).not.toContain(one);
    }),
  );
});

test('ten thousand keys cost about as much as one', () => {
  const text = `A sentence of ordinary length with gemini-2.5-flash in it. `.repeat(1_000);
  const keys = Array.from({ length: 10_000 }, (_, at) => `canary-${at}-${'x'.repeat(30)}`);
  const few = new Scrubber(keys.slice(0, 1));
  const many = new Scrubber(keys);
  few.clean(text, used);
  expect(bestOf(() => many.clean(text, used)) / bestOf(() => few.clean(text, used))).toBeLessThan(10);
});

function bestOf(run: () => void): number {
  const times = Array.from({ length: 9 }, () => {
    const startedAtMs = performance.now();
    run();
    return performance.now() - startedAtMs;
  });
  return Math.min(...times);
}

test('a text that was clean before stays so, and one that is not is never remembered as clean', () => {
  const scrubber = new Scrubber(['first-key-0001', 'second-key-0002']);
  for (let time = 0; time < 3; time++) {
    expect(scrubber.clean('SAMEORIGIN', 'first-key-0001')).toBe('SAMEORIGIN');
    expect(scrubber.clean('uses second-key-0002', 'first-key-0001')).toBe('uses [key]');
  }
});

test('a key too short for a word is found where it went up, though another key passed the same text before', () => {
  const scrubber = new Scrubber(['long-enough-key', 'k1']);
  expect(scrubber.clean('says k1', 'long-enough-key')).toBe('says k1');
  expect(scrubber.clean('says k1', 'k1')).toBe('says [key]');
});

test('a key that comes later is found from then on, also in a text that was clean before', () => {
  const scrubber = new Scrubber(['other-key-other-key']);
  expect(scrubber.clean('say canary12canary', used)).toBe('say canary12canary');
  scrubber.learn('canary12canary');
  expect(scrubber.clean('say canary12canary', used)).toBe('say [key]');
});
