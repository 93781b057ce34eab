/** F50 to F55: the head is fine, and the body is not an answer. */

import { broken, play, type Row, refused, whole } from '../row.ts';

/** Well the second time; the breaker of the model remembers the first. */
const again = whole(2, { model: 1 });
const unread = refused(502, 'UPSTREAM_PROTOCOL', 3, { model: 3 });
const empty = refused(502, 'EMPTY_RESPONSE', 2, { model: 2 });
const cut = {
  stream: broken('UPSTREAM_TRUNCATED', { model: 1 }),
  unary: refused(502, 'UPSTREAM_TRUNCATED', 3, { model: 3 }),
};

/** Every row of a wrong body. */
export const bodyRows: readonly Row[] = [
  { id: 'F50', cases: [play('html-200', { both: unread }), play(['html-200', 'ok'], { both: again })] },
  { id: 'F51', cases: [play('empty-200', { both: empty }), play(['empty-200', 'ok'], { both: again })] },
  { id: 'F52', cases: [play('cut-length', cut), play(['cut-length', 'ok'], { unary: again })] },
  {
    id: 'F53',
    cases: [
      play('error-200', { both: refused(503, 'UNAVAILABLE', 3, { model: 3 }) }),
      play(['error-200', 'ok'], { both: again }),
    ],
  },
  { id: 'F54', cases: [play('length-too-short', cut)] },
  {
    id: 'F55',
    note: 'With `limits.maxAnswerBytes` of 4 MB, so that it is quick. It is our own limit: not asked again, no breaker.',
    cases: [
      play(
        'endless-stream',
        { unary: refused(502, 'UPSTREAM_PROTOCOL') },
        { gateway: { limits: { maxAnswerBytes: 4_000_000 } } },
      ),
    ],
  },
];
