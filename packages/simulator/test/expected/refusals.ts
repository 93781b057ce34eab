import type { StepName } from '@sluice/simulator';
import { expect } from 'vitest';
import { headerOf, type RawAnswer } from '../raw-client.ts';
import { type Expected, refused } from './expected.ts';

const retryAfterOf = ({ headers }: RawAnswer) => headerOf(headers, 'Retry-After');

const bodiless = (status: number): Expected => ({
  end: 'whole',
  status,
  check(answer) {
    expect(answer.body.length).toBe(0);
    expect(headerOf(answer.headers, 'Content-Length')).toBeNull();
  },
});

/** Refusals and answers that are none. */
export const oddRefusals = {
  '400-too-long': refused(
    400,
    'The input token count (1250000) exceeds the maximum number of tokens allowed (1048576).',
  ),
  '413': refused(413, '<!DOCTYPE html>'),
  '429-negative': refused(429, '"retryDelay": "-1s"'),
  '429-nan': refused(429, '"retryDelay": "NaNs"'),
  '429-1e9': refused(429, '"retryDelay": "1e9s"'),
  '429-zero': refused(429, '"retryDelay": "0s"'),
  '429-past-date': {
    end: 'whole',
    status: 429,
    check: (answer) => expect(Date.parse(retryAfterOf(answer) ?? '')).toBeLessThan(Date.now()),
  },
  '429-bad-date': {
    end: 'whole',
    status: 429,
    check: (answer) => expect(Date.parse(retryAfterOf(answer) ?? '1')).toBeNaN(),
  },
  '529': refused(529, 'Overloaded'),
  'endless-error': {
    end: 'hangs',
    status: 503,
    check: (answer) => expect(answer.body.toString()).toMatch(/"code": 503,\n {4}"message": "(on and on )+$/),
  },
  'big-error': {
    end: 'whole',
    status: 503,
    check(answer) {
      expect(answer.body.length).toBeGreaterThan(50_000_000);
      expect(JSON.parse(answer.body.toString()).error.status).toBe('UNAVAILABLE');
    },
  },
  'redirect-308': refused(308, 'Location: http://127.0.0.1/latest'),
  'no-content': bodiless(204),
  'not-modified': bodiless(304),
  'partial-206': {
    end: 'whole',
    status: 206,
    check(answer, text) {
      const [, last, whole] = /^bytes 0-(\d+)\/(\d+)$/.exec(headerOf(answer.headers, 'Content-Range') ?? '') ?? [];
      expect(Number(last)).toBe(answer.body.length - 1);
      expect(Number(whole)).toBeGreaterThan(answer.body.length);
      expect(text).not.toContain('finishReason');
    },
  },
} as const satisfies Partial<Readonly<Record<StepName, Expected>>>;
