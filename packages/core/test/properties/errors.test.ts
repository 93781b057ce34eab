import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holdInnerError } from '../../src/attempt/held-answer.ts';
import { Scrubber } from '../../src/attempt/scrub.ts';
import { askedDelayMs } from '../../src/provider/gemini/asked-delay.ts';
import { findError, type Json } from '../../src/provider/gemini/error-body.ts';
import { readFacts } from '../../src/provider/gemini/error-facts.ts';
import { noise } from './noise.ts';
import { check, patienceMs } from './runs.ts';
import { Tape, tapes } from './tape.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 10, 21);

/** Values that turn into numbers, or into trouble, when somebody takes them for what they are not. */
const odd: readonly unknown[] = [
  ...[null, true, 0, -1, 1e308, -1e308, 2 ** 63, 0.5, '', 'x', '9223372036854775807', '-1', 'NaN', 503.5, '503'],
  ...['1e9s', '17s', '-3s', '0.5ms', '1e400s', '99999999999999999999h', 'Infinity', [], [[]], {}, { seconds: 'x' }],
  ...[
    { seconds: { toString: 1, valueOf: 1 } },
    { toString: 1, valueOf: 1 },
    [{ toString: null, valueOf: null }],
    { seconds: '9223372036854775807', nanos: -1 },
  ],
];
const names = [
  ...['error', 'errors', 'code', 'message', 'status', 'details', 'violations', 'retryDelay', 'seconds', 'reason'],
  ...['@type', 'metadata', 'consumer', 'service', 'method', 'quotaId', 'quotaDimensions', 'model', 'quota_limit'],
  ...['__proto__', 'toString', 'constructor', 'length'],
];
const messages = [
  'Please retry in 44.097740004s.',
  'Please retry in 1h2m3.5s',
  `Please retry in ${'9'.repeat(400)}h`,
  "Quota exceeded for quota metric 'a' and limit 'b' of service 'c' for consumer 'project_number:1'.",
  '{"error":{"code":429,"message":"inner"}}',
  `${'{"error":'.repeat(200)}`,
  'data: {"error":{"code":1}}',
];

describe('the error of a provider', { timeout: patienceMs }, () => {
  test('is read whatever it is, and asks for no wait outside of a day', () => {
    check(
      'error bodies',
      fc.property(tapes(100), (bytes) => {
        const tape = new Tape(bytes);
        const value = tape.isOneIn(4) ? odd : { error: errorValue(tape, 0) };
        const json = JSON.stringify(value);
        const text = tape.pick([json, json, `data: ${json}\n\n`, json.slice(0, tape.below(200)), `${noise(tape)}`]);
        const { form, message } = findError(text);
        expect(['error', 'page', 'text']).toContain(form);
        expect(message.length).toBeLessThanOrEqual(4_000);
        const retryAfter = tape.pick([null, '3', '-1', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT', 'x', '']);
        const status = tape.pick([200, 400, 403, 429, 503]);
        const facts = readFacts({ status, text, retryAfter, nowMs, namesResource: false });
        expectDelay(facts.retryMs);
        const held = holdInnerError(text);
        if (held !== null) expect(held.status >= 400 && held.status < 600 && Number.isInteger(held.status)).toBe(true);
      }),
    );
  });

  test('asks for no wait outside of a day, in words, in details or in a header', () => {
    check(
      'delays',
      fc.property(tapes(40), fc.string({ maxLength: 30 }), (bytes, header) => {
        const tape = new Tape(bytes);
        const details = tape.several(3, () => parsed(errorValue(tape, 1))).filter(isObject);
        const retryDelays = tape.several(2, () => ({ retryDelay: parsed(tape.pick(odd)) }));
        const said = { message: tape.pick(messages), header: tape.isOneIn(2) ? header : null, nowMs };
        expectDelay(askedDelayMs({ ...said, details: [...retryDelays, ...details] }));
        expectDelay(askedDelayMs({ ...said, details: [] }));
      }),
    );
  });
});

describe('a key', { timeout: patienceMs }, () => {
  const used = 'canary-key-that-went-up';
  const keys = [
    used,
    `AIza${'SyCanary0123456789-_abcdefghijklmno'}`,
    'AQ.CanaryCanary0123456789',
    'canary12',
    'canary12-and-more',
    'canary.with.dots.',
    'plain-canary-0123456789abcdef',
    'canary/with+odd=signs&"quotes"',
    'canary/with+odd=signs',
  ];
  const strangers = [`AIza${'SyStranger3456789-_abcdefghijklmnop'}`, 'AQ.StrangerStranger01'];
  const glue = [
    '',
    ' ',
    '-',
    '_',
    '.',
    '/',
    ':',
    "'",
    '"',
    'a',
    'key=',
    'projects/',
    '\n',
    '\\n',
    'é',
    'AIza',
    'AQ.',
    'canary',
  ];
  const scrubber = new Scrubber(keys);

  test('is never left in a text, whatever stands around it and whichever went up', () => {
    check(
      'scrubbed texts',
      fc.property(tapes(40), (bytes) => {
        const tape = new Tape(bytes);
        const secrets = [...keys, ...strangers];
        const text = tape
          .several(12, () => tape.pick(glue) + (tape.isOneIn(2) ? tape.pick(secrets) : 'word') + tape.pick(glue))
          .join('');
        const went = tape.pick([used, 'k1', 'another-canary-key']);
        for (const form of [text, encodeURIComponent(text), JSON.stringify({ message: text }, null, 2)]) {
          const clean = scrubber.clean(form, went);
          const read = went === 'k1' ? clean : plainOf(clean);
          expect([...keys, went].filter((key) => clean.includes(key) || read.includes(key))).toEqual([]);
          expect(clean).not.toMatch(/AIza[0-9A-Za-z_-]{30,}|AQ\.[A-Za-z0-9_-]{10,}/);
        }
      }),
    );
  });
});

function plainOf(text: string): string {
  try {
    return text.startsWith('{') ? String((JSON.parse(text) as Json).message) : decodeURIComponent(text);
  } catch {
    return text;
  }
}

function errorValue(tape: Tape, depth: number): unknown {
  const kind = tape.below(depth > 4 ? 2 : 5);
  if (kind === 0) return tape.pick(messages);
  if (kind === 1) return tape.pick(odd);
  if (kind === 2) return tape.several(3, () => errorValue(tape, depth + 1));
  return Object.fromEntries(tape.several(5, () => [tape.pick(names), errorValue(tape, depth + 1)]));
}

function parsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function expectDelay(ms: number | null): void {
  if (ms === null) return;
  expect(ms).toBeGreaterThanOrEqual(0);
  expect(ms).toBeLessThanOrEqual(dayMs);
}
