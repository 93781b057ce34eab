/** F56 to F88: the answer breaks, stalls, lies about its end, or comes in a shape of its own. */

import type { StepName } from '@sluice/simulator';
import { broken, type Case, type CaseOptions, play, type Row, refused, unclean, whole } from '../row.ts';

/** Well the second time; the breaker of the model remembers the first. */
const again = whole(2, { model: 1 });
const unaryCut = refused(502, 'UPSTREAM_TRUNCATED', 3, { model: 3 });
/** A stream has been shown by then; a unary answer has not, and is asked for again. */
const cut = { stream: broken('UPSTREAM_TRUNCATED', { model: 1 }), unary: unaryCut };
const empty = refused(502, 'EMPTY_RESPONSE', 2, { model: 2 });
const silent = (ms: number, toMs = ms * 1.9) =>
  refused(504, 'UPSTREAM_TIMEOUT', 1, { model: 1, betweenMs: [ms, toMs] });
const tooLarge = { isHeavy: true, gateway: { limits: { maxEventBytes: 2_000_000, maxAnswerBytes: 4_000_000 } } };
const endless = { stream: broken('UPSTREAM_PROTOCOL'), unary: refused(502, 'UPSTREAM_PROTOCOL') };
const fine = { both: whole() };

/** Cut, and the same with a provider that is well the second time: then a unary answer is whole. */
function cutOff(step: StepName, more: CaseOptions = {}): Case[] {
  return [play(step, cut, more), play([step, 'ok'], { unary: again }, more)];
}

/** Every row of a stream. */
export const streamRows: readonly Row[] = [
  { id: 'F56', cases: cutOff('rst-mid-stream') },
  { id: 'F57', cases: cutOff('fin-mid-chunk') },
  {
    id: 'F58',
    note: 'The terminal marker was seen, so the answer is whole; it ends as uncleanly as it came.',
    cases: [play('fin-no-last-chunk', { both: unclean() })],
  },
  { id: 'F59', note: 'Whole because the marker was seen.', cases: [play('close-delimited', fine)] },
  { id: 'F60', cases: cutOff('close-delimited-rst') },
  { id: 'F61', cases: [...cutOff('bad-chunk-size'), ...cutOff('huge-chunk-size')] },
  {
    id: 'F62',
    note: 'A stream after `timeouts.firstEventMs`, 300 s; a unary answer after `idleMs`, 60 s. Not sent again, no heartbeat.',
    cases: [play('stall-before-first', { stream: silent(300_000), unary: silent(60_000) })],
  },
  {
    id: 'F63',
    note: 'After `timeouts.idleMs`, 60 s.',
    cases: [
      play('stall-mid-stream', {
        stream: broken('UPSTREAM_TIMEOUT', { model: 1, betweenMs: [60_000, 110_000] }),
        unary: silent(60_000),
      }),
    ],
  },
  {
    id: 'F64',
    note: 'Comments are no sign of life. White space before a JSON text is one: the unary case has an `idleMs` of 5 s.',
    cases: [
      play('comments-only', { stream: silent(300_000) }),
      play(
        'comments-only',
        { unary: silent(5_000, 600_000) },
        { isDripping: true, gateway: { timeouts: { idleMs: 5_000 } } },
      ),
    ],
  },
  { id: 'F65', cases: [play('empty-stream', { both: empty }), play(['empty-stream', 'ok'], { both: again })] },
  {
    id: 'F66',
    note: 'A block reason ends an answer; thoughts without an end are half an answer.',
    cases: [play('blocked-prompt', fine), play('usage-only-stream', { both: empty }), play('thought-only', cut)],
  },
  { id: 'F67', cases: cutOff('no-finish') },
  { id: 'F68', cases: [play('stop-first', fine)] },
  { id: 'F69', note: 'The Gemini surface passes what came, byte for byte.', cases: [play('finish-twice', fine)] },
  {
    id: 'F70',
    cases: [
      play('error-first-event', { both: refused(503, 'UNAVAILABLE', 3, { model: 3 }) }),
      play(['error-first-event', 'ok'], { both: again }),
    ],
  },
  {
    id: 'F71',
    note: 'A stream passes Google’s own words on.',
    cases: [play('error-mid-stream', { stream: broken('UNAVAILABLE', { model: 1 }), unary: unaryCut })],
  },
  {
    id: 'F72',
    note: 'Byte-strict: passes as it came. Google’s SDK itself throws at it.',
    cases: [play('bad-json-event', fine, { only: 'bytes' })],
  },
  {
    id: 'F73',
    note: 'The SDK needs seconds for such an event by itself, and is asked in one piece only.',
    cases: [
      play('big-event', { stream: whole() }, { isHeavy: true, only: 'bytes' }),
      play('big-event', { unary: whole() }, { isHeavy: true }),
    ],
  },
  {
    id: 'F74',
    note: 'With `limits.maxEventBytes` of 2 MB, so that it is quick. It is our own limit: no breaker.',
    cases: [play('no-newline', endless, tooLarge)],
  },
  { id: 'F75', note: 'The answer has characters of one to four bytes.', cases: [play('one-byte-chunks', fine)] },
  {
    id: 'F76',
    note: 'Compared byte by byte: Google’s SDK itself cannot read such lines.',
    cases: [play('mixed-line-ends', fine, { only: 'bytes' })],
  },
  { id: 'F77', cases: [play('one-byte-chunks', fine, { only: 'bytes' })] },
  { id: 'F78', cases: [play('thousand-events', fine)] },
  {
    id: 'F79',
    note: 'Asked for without `alt=sse`, which the SDK never does.',
    cases: [
      play('one-byte-chunks', { stream: whole() }, { form: 'array', only: 'bytes' }),
      play('rst-mid-stream', { stream: cut.stream }, { form: 'array', only: 'bytes' }),
    ],
  },
  {
    id: 'F80',
    note: 'Compared byte by byte: Google’s SDK itself cannot read such events.',
    cases: [play('multi-line-data', fine, { only: 'bytes' })],
  },
  {
    id: 'F81',
    note: 'Compressed although nobody asked for it. In process nobody undoes that, so the SDK is over a socket here.',
    cases: (['gzip-stream', 'br-stream', 'zstd-stream'] as const).map((step) =>
      // A thread undoes it, and has to be given the processor first.
      play(step, fine, { only: 'no-sdk-in-process', isHeavy: true }),
    ),
  },
  { id: 'F82', cases: [play('gzip-claimed', { both: unaryCut }, { isHeavy: true })] },
  { id: 'F83', cases: cutOff('gzip-truncated', { isHeavy: true }) },
  {
    id: 'F84',
    note: 'With the limits of F74. The SDK would undo for itself what has passed by then.',
    cases: [play('gzip-bomb', endless, { ...tooLarge, only: 'bytes' })],
  },
  {
    id: 'F85',
    note: 'More than two encodings are refused; `fetch` itself gives up at six, and does not say why.',
    cases: [
      play('gzip-six-times', {
        both: {
          undici: refused(502, 'UPSTREAM_PROTOCOL', 3, { model: 3 }),
          fetch: refused(502, 'UPSTREAM_UNREACHABLE', 3, { host: 3 }),
        },
      }),
    ],
  },
  { id: 'F86', cases: [play('no-content-type', fine), play('wrong-content-type', fine)] },
  { id: 'F87', note: 'The terminal marker decides, trailers do not.', cases: [play('error-trailer', fine)] },
  {
    id: 'F88',
    note: 'The second question gets its own answer.',
    cases: [play('extra-bytes', fine), play(['extra-bytes', 'ok'], fine, { warmUps: 1 })],
  },
];
