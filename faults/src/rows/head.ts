/** F14 to F29: the head of an answer is late, odd, or no head at all. */

import { broken, type Expectation, play, type Row, refused, whole } from '../row.ts';

/** Well the second time; the breaker of the model remembers the first. */
const again = whole(2, { model: 1 });
const late = refused(504, 'UPSTREAM_TIMEOUT', 1, { model: 1, betweenMs: [600_000, 700_000] });
const noHttp = refused(502, 'UPSTREAM_PROTOCOL', 3, { model: 3 });
/** undici and `fetch` say no more than that the connection was of no use. */
const noAnswer = refused(502, 'UPSTREAM_UNREACHABLE', 3, { host: 3 });
const redirected = refused(502, 'UPSTREAM_REDIRECT', 1, { model: 1 });
const empty = refused(502, 'EMPTY_RESPONSE', 2, { model: 2 });
const partial: Expectation = { ...broken('UPSTREAM_TRUNCATED', { model: 1 }), status: 206 };

/** Every row of a head. */
export const headRows: readonly Row[] = [
  {
    id: 'F14',
    note: 'After `timeouts.headersMs`, 600 s. The call may have run and been billed: it is not sent again.',
    cases: [play('no-answer', { both: late })],
  },
  {
    id: 'F15',
    note: 'The limit is for the head as a whole, however busily it drips.',
    cases: [play('slow-headers', { both: late })],
  },
  { id: 'F16', cases: [play('garbage', { both: noHttp }), play(['garbage', 'ok'], { both: again })] },
  { id: 'F17', cases: [play('headers-over-16k', { both: refused(502, 'UPSTREAM_PROTOCOL', 1, { model: 1 }) })] },
  { id: 'F18', cases: [play('too-many-headers', { both: noHttp })] },
  { id: 'F19', cases: [play('length-and-chunks', { both: noHttp })] },
  { id: 'F20', cases: [play('two-lengths', { both: noHttp })] },
  {
    id: 'F21',
    cases: [
      play('folded-header', { both: noHttp }),
      play('nul-in-header', { both: noHttp }),
      play('lf-only', { both: noHttp }),
    ],
  },
  { id: 'F22', cases: [play('status-999', { both: noHttp }), play('status-099', { both: noAnswer })] },
  { id: 'F23', cases: [play('early-hints', { both: whole() })] },
  { id: 'F24', cases: [play('unasked-100', { both: noAnswer })] },
  { id: 'F25', cases: [play('unasked-101', { both: noAnswer })] },
  { id: 'F26', cases: [play('redirect', { both: redirected })] },
  { id: 'F27', cases: [play('redirect-307', { both: redirected }), play('redirect-308', { both: redirected })] },
  {
    id: 'F28',
    note: 'Half an answer under 206 is half an answer.',
    cases: [
      play('no-content', { both: empty }),
      play('not-modified', { both: empty }),
      play('partial-206', { stream: partial, unary: refused(502, 'UPSTREAM_TRUNCATED', 3, { model: 3 }) }),
    ],
  },
  {
    id: 'F29',
    note: 'With a question of 3 MB.',
    cases: [play('early-413', { both: refused(413, 'INVALID_ARGUMENT') }, { promptBytes: 3_000_000 })],
  },
];
