/** F30 to F49: the provider says no, each time for another reason. */

import type { Step, StepName } from '@sluice/simulator';
import { type Case, play, type Row, refused, whole } from '../row.ts';
import { hammered, outage, randomFailures } from '../scenarios/many-questions.ts';

/** Refused on one project, answered by the other; the refused call counts for nothing, and somebody rests. */
function failedOver(step: StepName, rests: string): Case {
  return play([step, 'ok'], { both: whole(2, { counted: 1, rests: [rests], mostPauseMs: 0 }) }, { projects: 2 });
}

/** The same with nobody else to ask. */
function alone(step: StepName, status: number, reason: string, rests: string): Case {
  return play(step, { both: refused(status, reason, 1, { counted: 0, rests: [rests] }) });
}

/** Well the second time; the breaker of the model remembers the first. */
const again = whole(2, { model: 1 });
const busy = refused(503, 'UNAVAILABLE', 3, { model: 3, counted: 0 });

/** An error that repeats the key that it was sent, in its text and in a header. */
const telltale: Step = ({ key }) => ({
  status: 400,
  headers: [
    ['Content-Type', 'application/json; charset=UTF-8'],
    ['X-Used-Key', key ?? ''],
  ],
  chunks: [Buffer.from(`{"error": {"code": 400, "message": "No good: ${key}", "status": "INVALID_ARGUMENT"}}`)],
});

/** Every row of a status. */
export const statusRows: readonly Row[] = [
  { id: 'F30', note: 'Two projects.', cases: [failedOver('429', 'model quota_minute')] },
  { id: 'F31', note: 'Two projects.', cases: [failedOver('429-bare', 'model quota_unexplained')] },
  {
    id: 'F32',
    note: 'Two projects; the first rests until midnight in Los Angeles.',
    cases: [failedOver('429-day', 'model quota_day')],
  },
  {
    id: 'F33',
    note: 'Each delay is clamped to 24 h, and nobody is asked more often than once a second: ten questions in one second.',
    cases: [
      failedOver('429-int64', 'model quota_long'),
      failedOver('429-negative', 'model quota_unexplained'),
      failedOver('429-nan', 'model quota_unexplained'),
      failedOver('429-1e9', 'model quota_long'),
      failedOver('429-past-date', 'model quota_unexplained'),
      failedOver('429-bad-date', 'model quota_unexplained'),
      failedOver('429-zero', 'model quota_unexplained'),
      ...(
        ['429-int64', '429-negative', '429-nan', '429-1e9', '429-past-date', '429-bad-date', '429-zero'] as const
      ).map(hammered),
    ],
  },
  {
    id: 'F34',
    note: 'Three projects, each asked once; nobody is back within `queue.maxWaitMs`, so nobody waits.',
    cases: [
      play(
        '429',
        {
          both: refused(429, 'RESOURCE_EXHAUSTED', 3, {
            counted: 0,
            rests: ['model quota_minute', 'model quota_minute', 'model quota_minute'],
            retryAfterS: [17, 19],
          }),
        },
        { projects: 3 },
      ),
    ],
  },
  { id: 'F35', note: 'Two projects.', cases: [failedOver('429-limit-zero', 'model model_not_in_tier')] },
  {
    id: 'F36',
    note: 'Two projects, or one: the caller never sees what is wrong with a key that is not the caller’s.',
    cases: [
      failedOver('401', 'key key_unauthenticated'),
      failedOver('403-suspended', 'project project_suspended'),
      alone('401', 503, 'NO_USABLE_KEY', 'key key_unauthenticated'),
      alone('403-suspended', 503, 'NO_USABLE_KEY', 'project project_suspended'),
    ],
  },
  {
    id: 'F37',
    note: 'As F36.',
    cases: [
      failedOver('400-key-invalid', 'key key_invalid'),
      failedOver('400-key-expired', 'key key_invalid'),
      alone('400-key-invalid', 503, 'NO_USABLE_KEY', 'key key_invalid'),
    ],
  },
  {
    id: 'F38',
    note: 'As F36.',
    cases: [
      failedOver('403-leaked', 'key key_leaked'),
      failedOver('402', 'project project_unpaid'),
      failedOver('429-billing', 'project project_unpaid'),
      alone('403-leaked', 503, 'NO_USABLE_KEY', 'key key_leaked'),
    ],
  },
  {
    id: 'F39',
    cases: [
      play('400', { both: refused(400, 'INVALID_ARGUMENT') }),
      play(telltale, { both: refused(400, 'INVALID_ARGUMENT') }, { name: '400 that repeats the key' }),
    ],
  },
  { id: 'F40', cases: [play('404', { both: refused(404, 'NOT_FOUND') })] },
  {
    id: 'F41',
    cases: [
      play('413', { both: refused(413, 'INVALID_ARGUMENT') }),
      play('400-too-long', { both: refused(400, 'INVALID_ARGUMENT') }),
    ],
  },
  { id: 'F42', cases: [play(['500', 'ok'], { both: again })] },
  { id: 'F43', note: '200 questions, one after the other, with the seed 43.', cases: [randomFailures] },
  {
    id: 'F44',
    note: '100 questions a second for three seconds of the clock, then the model is well again.',
    cases: [outage],
  },
  {
    id: 'F45',
    note: 'Passes with its own status.',
    cases: [play('529', { both: { ...busy, status: 529, counted: 3 } })],
  },
  {
    id: 'F46',
    note: 'The call may have run: it is not sent again.',
    cases: [play('504', { both: refused(504, 'DEADLINE_EXCEEDED', 1, { model: 1 }) })],
  },
  {
    id: 'F47',
    note: 'HTML never goes on: the client has a JSON error of the same status.',
    cases: [play('502-html', { both: refused(502, 'UNAVAILABLE', 3, { model: 3 }) })],
  },
  { id: 'F48', cases: [play('503-invalid-json', { both: { ...busy, counted: 3 } })] },
  {
    id: 'F49',
    cases: [
      play('big-error', { both: { ...busy, counted: 3 } }),
      play('endless-error', { both: { ...busy, counted: 3 } }),
    ],
  },
];
