import type { StepName } from '@sluice/simulator';
import { expect } from 'vitest';
import { type Expected, eventsOf } from './expected.ts';

/** Counters of each event, in order; null where there are none. */
const counters = (body: Buffer) =>
  eventsOf(body).map(
    ({ usageMetadata }) => (usageMetadata as { totalTokenCount: number } | undefined)?.totalTokenCount ?? null,
  );

const counted = (expected: readonly unknown[]): Expected => ({
  end: 'whole',
  events: 4,
  check: (answer) => expect(counters(answer.body)).toEqual(expected),
});

const gaveUp = (reason: string): Expected => ({
  end: 'whole',
  events: 1,
  check: (answer) =>
    expect(eventsOf(answer.body)[0]?.candidates).toEqual([{ content: {}, finishReason: reason, index: 0 }]),
});

const noLineEnd: Expected = {
  end: 'hangs',
  check(answer) {
    expect(answer.body.toString()).toMatch(
      /^data: \{"candidates": \[\{"content": \{"parts": \[\{"text": "(on and on )+$/,
    );
    expect(answer.body.length).toBeGreaterThan(100_000);
  },
};

/** Events and what they say. */
export const oddContent = {
  'thought-only': {
    end: 'whole',
    events: 4,
    check(_, text) {
      expect(text.match(/"thought": true/g)).toHaveLength(4);
      expect(text).not.toContain('finishReason');
    },
  },
  'blocked-prompt': {
    end: 'whole',
    events: 1,
    check(answer) {
      const [event = {}] = eventsOf(answer.body);
      expect(event.promptFeedback).toEqual({ blockReason: 'PROHIBITED_CONTENT' });
      expect(Object.keys(event)).not.toContain('candidates');
    },
  },
  'bad-json-event': {
    end: 'whole',
    events: 5,
    check(answer) {
      const isJson = answer.chunks.map((chunk) => {
        try {
          return typeof JSON.parse(chunk.toString().slice('data: '.length)) === 'object';
        } catch {
          return false;
        }
      });
      expect(isJson).toEqual([true, true, false, true, true]);
    },
  },
  'finish-twice': {
    end: 'whole',
    events: 6,
    check: (answer) =>
      expect(answer.chunks.map((chunk) => chunk.includes('STOP'))).toEqual([false, false, false, true, false, true]),
  },
  'malformed-function-call': gaveUp('MALFORMED_FUNCTION_CALL'),
  'unexpected-tool-call': gaveUp('UNEXPECTED_TOOL_CALL'),
  'finish-other': {
    end: 'whole',
    events: 4,
    check(_, text) {
      expect(text.match(/"finishReason": "\w+"/g)).toEqual(['"finishReason": "OTHER"']);
      expect(text).toContain('four');
    },
  },
  'usage-missing': counted([null, null, null, null]),
  'usage-negative': counted([-5, -5, -5, -5]),
  'usage-huge': counted([1e15, 1e15, 1e15, 1e15]),
  'usage-first': counted([expect.any(Number), null, null, null]),
  'mixed-line-ends': {
    end: 'whole',
    check(answer) {
      const text = answer.body.toString();
      expect(text.startsWith('\ufeffdata: {')).toBe(true);
      expect(text.match(/\r\n|\r|\n/g)).toEqual(['\r', '\r', '\n', '\r\n', '\r\n', '\n', '\n', '\r']);
    },
  },
  'multi-line-data': {
    end: 'whole',
    check(answer) {
      const events = answer.body.toString().split('\r\n\r\n').slice(0, -1);
      expect(events).toHaveLength(4);
      for (const [at, event] of events.entries()) {
        const [id, retry, name, ...data] = event.split('\r\n');
        expect([id, retry, name]).toEqual([`id:${at + 1}`, 'retry:1000', 'event:message']);
        expect(data.length).toBeGreaterThan(20);
        expect(data.every((line) => line.startsWith('data:') && !line.startsWith('data: {'))).toBe(true);
        const { candidates } = JSON.parse(data.map((line) => line.slice('data:'.length)).join('\n'));
        expect(candidates[0].content.parts[0].text.trim()).toBe(['one', 'two', 'three', 'four'][at]);
      }
    },
  },
  'thousand-events': {
    end: 'whole',
    events: 1_000,
    check(answer) {
      expect(answer.chunks).toHaveLength(1);
      const numbers = eventsOf(answer.body).map((event) => Number(/\d+/.exec(JSON.stringify(event.candidates))?.[0]));
      expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, at) => at + 1));
    },
  },
  'no-newline': noLineEnd,
} as const satisfies Partial<Readonly<Record<StepName, Expected>>>;
