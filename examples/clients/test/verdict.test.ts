/** The judge itself: what it lets pass, and what it does not. */

import { expect, test } from 'vitest';
import type { Comparison } from '../src/comparison.ts';
import type { Client } from '../src/contract.ts';
import { type Outcome, outcomeOf, summaryOf } from '../src/outcome.ts';
import { scenarios } from '../src/scenarios.ts';
import { verdictOf } from '../src/verdict.ts';

const client: Client = {
  name: 'nobody',
  packages: [],
  lacks: { unary: 'It cannot.' },
  connect: () => {
    throw new Error('Nobody connects');
  },
};

function compared(title: string, direct: Outcome | null, through: Outcome | null): Comparison {
  const scenario = scenarios.find((known) => known.title === title);
  if (scenario === undefined) throw new Error(`There is no scenario "${title}"`);
  const outcomes = direct === null || through === null ? null : { direct, through };
  return { client, scenario, outcomes, keysSeen: [] };
}

const answer: Outcome = { values: [{ text: 'The sky' }, { text: ' is blue.' }], error: null };
const begun: Outcome = { values: [{ text: 'The sky' }], error: { class: 'TypeError' } };

test('one other word is a difference without a reason', () => {
  const other: Outcome = { ...answer, values: [{ text: 'The sky' }, { text: ' is green.' }] };
  expect(verdictOf(compared('streamed', answer, answer)).kind).toBe('same');
  expect(verdictOf(compared('streamed', answer, other)).kind).toBe('unexplained');
});

test('a reason belongs to its scenario and to what really came', () => {
  const refused: Outcome = { values: [], error: { class: 'ApiError', status: 503 } };
  expect(verdictOf(compared('503 once', refused, answer)).kind).toBe('explained');
  expect(verdictOf(compared('unary', refused, answer)).kind).toBe('unexplained');
  expect(verdictOf(compared('503 once', answer, refused)).kind).toBe('unexplained');
});

test('a cut stream that looks whole has no excuse, whichever side it is on', () => {
  expect(verdictOf(compared('stream cut', begun, begun)).kind).toBe('explained');
  expect(verdictOf(compared('stream cut', begun, { ...begun, values: [] })).kind).toBe('explained');
  expect(verdictOf(compared('stream cut', begun, { ...begun, error: null })).kind).toBe('unexplained');
  expect(verdictOf(compared('stream cut', begun, { ...begun, values: [{ text: 'A sky' }] })).kind).toBe('unexplained');
});

test('a call that a client does not have is said to be missing, with the reason', () => {
  expect(verdictOf(compared('unary', null, null))).toEqual({
    kind: 'missing',
    text: 'not asked',
    reason: 'It cannot.',
  });
});

test('only ids, dates, stop-watches, the address and fields of gateway and connection are left out', async () => {
  async function* call(): AsyncIterable<unknown> {
    yield {
      id: 'run-1',
      at: '2026-11-21T12:00:00.000Z',
      duration_ms: 12,
      url: 'http://127.0.0.1:1/v1',
      headers: new Headers({ 'x-sluice-attempts': '2', connection: 'close', 'retry-after': '17' }),
    };
    throw Object.assign(new RangeError('no'), { status: 400 });
  }
  const outcome = await outcomeOf(call(), { url: 'http://127.0.0.1:1', key: '' });
  expect(outcome.values).toEqual([{ id: '…', at: '…', url: 'BASE_URL/v1', headers: { 'retry-after': '17' } }]);
  expect(summaryOf(outcome)).toBe('`RangeError 400`');
});
