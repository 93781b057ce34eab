import { describe, expect, test } from 'vitest';
import { pathOf, phases, sampleOf } from '../src/leaving.ts';
import { problemWithRefusal } from '../src/load/connection.ts';
import { judgeEnd } from '../src/load/ending-streams.ts';
import { finalEvent, nowUs, pacedEvent } from '../src/pacer.ts';

const events = Buffer.concat([0, 1, 2].map((number) => pacedEvent(number, nowUs())));
const error = Buffer.from('{\n  "error": {\n    "code": 503,\n    "status": "UNAVAILABLE"\n  }\n}\n');

describe('a stream has ended', () => {
  test('by its marker, when nothing is missing', () => {
    expect(judgeEnd(Buffer.concat([events, finalEvent]), true).kind).toBe('marker');
    expect(judgeEnd(finalEvent, true).kind).toBe('marker');
  });

  test('by an error, when that is its last word', () => {
    expect(judgeEnd(Buffer.concat([events, error]), false)).toEqual({ kind: 'error', words: '503 UNAVAILABLE' });
  });

  test.each<[what: string, body: Buffer, isWhole: boolean, words: RegExp]>([
    ['that stops without a word', events, false, /without a word/],
    ['that ends in good order without a marker', events, true, /without a finish reason/],
    ['whose marker came and whose framing is broken', Buffer.concat([events, finalEvent]), false, /no error/],
    ['with half an error', Buffer.concat([events, error.subarray(0, 30)]), false, /no error/],
    ['with half an event', events.subarray(0, -20), false, /no error/],
    ['that looks whole after an error', Buffer.concat([events, error]), true, /without a finish reason/],
    ['that has lost an event', Buffer.concat([pacedEvent(1, nowUs()), finalEvent]), true, /event 1 came/],
  ])('one %s is cut', (_what, body, isWhole, words) => {
    const end = judgeEnd(body, isWhole);
    expect(end.kind).toBe('cut');
    expect(end.words).toMatch(words);
  });
});

describe('who is turned away learns', () => {
  const head = 'HTTP/1.1 503 Service Unavailable\r\nretry-after: 1';
  const body = '{"error":{"code":503,"details":[{"reason":"OVERLOADED"}]}}';

  test('why, and when to come again', () => {
    expect(problemWithRefusal(head, body)).toBeNull();
    expect(problemWithRefusal(`${head}\r\nserver: x`, body)).toBeNull();
  });

  test.each<[what: string, head: string, body: string, words: RegExp]>([
    ['no time', 'HTTP/1.1 503 Service Unavailable', body, /when to come again/],
    ['a time that is none', `${head.slice(0, -1)}0`, body, /when to come again/],
    ['another reason', head, body.replace('OVERLOADED', 'DRAINING'), /something else/],
    ['an error of the provider', head, '{"error":{"code":503,"status":"UNAVAILABLE"}}', /something else/],
    ['a page', head, '<html>', /no JSON/],
  ])('and %s is not enough', (_what, wrongHead, wrongBody, words) => {
    expect(problemWithRefusal(wrongHead, wrongBody)).toMatch(words);
  });
});

test('a sample is known by its path at both ends, with and without a query', () => {
  for (const phase of phases) {
    const path = pathOf({ phase, number: 42 });
    expect(sampleOf(path)).toEqual({ phase, number: 42 });
    expect(sampleOf(path.split('?')[0] as string)).toEqual({ phase, number: 42 });
  }
  expect(sampleOf('/v1beta/models/bench-unary:generateContent')).toBeNull();
});
