import { gunzipSync } from 'node:zlib';
import { type StepName, startSimulator, steps } from '@sluice/simulator';
import { afterAll, describe, expect, test } from 'vitest';
import { calls, planned } from './calls.ts';
import { type End, type Expected, refused } from './expected/expected.ts';
import { oddContent } from './expected/odd-content.ts';
import { oddWire } from './expected/odd-wire.ts';
import { oddRefusals } from './expected/refusals.ts';
import { headerOf, type RawAnswer, RawConnection, readAnswer } from './raw-client.ts';

const simulator = await startSimulator({ answer: () => 'one two three four' });
afterAll(() => simulator.close());

const unpacked = (body: Buffer): string => gunzipSync(body).toString();

/** What needs another call than this one is answered as with `ok`. */
const asOk: Expected = { end: 'whole', status: 200, events: 4 };

const expectations: Readonly<Record<StepName, Expected>> = {
  'drop-after-checkpoint': asOk,
  'interaction-drop': asOk,
  'interaction-error': asOk,
  'live-refuse-429': asOk,
  'live-close-1011-mid': asOk,
  'live-go-away': asOk,
  'live-slow': asOk,
  'live-flood': asOk,
  ...oddRefusals,
  ...oddWire,
  ...oddContent,
  ok: { end: 'whole', events: 4, check: (_, text) => expect(text).toMatch(/"finishReason": "STOP"[^}]*}\]/) },
  '400': refused(400, 'INVALID_ARGUMENT'),
  '400-key-invalid': refused(400, 'Invalid API key: simulator-demo-key'),
  '400-key-expired': refused(400, 'API key expired. Please renew the API key.'),
  '400-location': refused(400, 'FAILED_PRECONDITION'),
  '401': refused(401, 'ACCESS_TOKEN_TYPE_UNSUPPORTED'),
  '402': refused(402, 'billing'),
  '403-leaked': refused(403, 'reported as leaked'),
  '403-suspended': refused(403, "Consumer 'api_key:simulator-demo-key' has been suspended."),
  '403-service-disabled': refused(403, 'SERVICE_DISABLED'),
  '403-permission': refused(403, 'You do not have permission to access the File'),
  '404': refused(404, 'models/gemini-2.5-flash is not found for API version v1beta, or is not supported'),
  '429': refused(429, '"retryDelay": "17s"'),
  '429-day': refused(429, 'GenerateRequestsPerDayPerProjectPerModel-FreeTier'),
  '429-limit-zero': refused(429, 'limit: 0, model: gemini-2.5-flash'),
  '429-bare': {
    end: 'whole',
    status: 429,
    check(_, text) {
      expect(text).toContain('Resource has been exhausted (e.g. check quota).');
      expect(text).not.toContain('details');
    },
  },
  '429-billing': refused(429, 'prepayment credits are depleted'),
  '429-int64': refused(429, '9223372036854775807s'),
  '500': refused(500, 'INTERNAL'),
  '502-html': refused(502, '<!DOCTYPE html>'),
  '503': refused(503, 'UNAVAILABLE'),
  '503-invalid-json': {
    end: 'whole',
    status: 503,
    check: (answer) => expect(() => JSON.parse(answer.body.toString())).toThrow('Unterminated string'),
  },
  '503-capacity': refused(503, 'MODEL_CAPACITY_EXHAUSTED'),
  '504': refused(504, 'DEADLINE_EXCEEDED'),
  redirect: refused(302, 'Location: http://127.0.0.1/latest'),
  'redirect-307': refused(307, 'Location: http://127.0.0.1/latest'),

  'rst-before-headers': { end: 'rst', status: 0, check: (_, text) => expect(text).toBe('') },
  'fin-before-headers': { end: 'fin', status: 0, check: (_, text) => expect(text).toBe('') },
  'rst-mid-headers': { end: 'rst', status: 0, check: (_, text) => expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nC.*n$/) },
  'no-answer': { end: 'hangs', status: 0, check: (_, text) => expect(text).toBe('') },
  'slow-headers': { end: 'hangs', status: 0, check: (_, text) => expect('HTTP/1.1 200').toContain(text) },
  garbage: { end: 'fin', status: 0, check: (_, text) => expect(text).not.toContain('HTTP') },
  'too-many-headers': {
    end: 'whole',
    events: 4,
    check(answer, text) {
      expect(answer.headers.length).toBeGreaterThan(2_500);
      expect(text.indexOf('\r\n\r\n')).toBeLessThan(16_384);
    },
  },
  'status-999': { end: 'whole', status: 999, events: 4 },

  'empty-200': {
    end: 'whole',
    events: 0,
    check: (answer) => expect(headerOf(answer.headers, 'Content-Length')).toBe('0'),
  },
  'html-200': refused(200, '<!DOCTYPE html>'),
  'error-200': refused(200, '"code": 503'),
  'cut-length': {
    end: 'fin',
    check(answer) {
      const promised = Number(headerOf(answer.headers, 'Content-Length'));
      expect(answer.body.length).toBe(Math.floor(promised / 2));
    },
  },

  'rst-mid-stream': { end: 'rst', events: 2 },
  'fin-mid-chunk': {
    end: 'fin',
    events: 3,
    check: (answer) => expect(answer.body.length).toBeGreaterThan(Buffer.concat(answer.chunks).length),
  },
  'fin-no-last-chunk': { end: 'fin', events: 4, check: (_, text) => expect(text).toContain('STOP') },
  'close-delimited': {
    end: 'fin',
    events: 4,
    check(answer, text) {
      expect(headerOf(answer.headers, 'Content-Length') ?? headerOf(answer.headers, 'Transfer-Encoding')).toBeNull();
      expect(text).toContain('STOP');
    },
  },
  'close-delimited-rst': { end: 'rst', events: 2 },
  'empty-stream': { end: 'whole', events: 0, check: (answer) => expect(answer.body.length).toBe(0) },
  'usage-only-stream': {
    end: 'whole',
    events: 1,
    check(_, text) {
      expect(text).toContain('usageMetadata');
      expect(text).not.toContain('candidates"');
    },
  },
  'no-finish': {
    end: 'whole',
    events: 4,
    check(_, text) {
      expect(text).toContain('four');
      expect(text).not.toContain('finishReason');
    },
  },
  'stall-before-first': { end: 'hangs', events: 0 },
  'stall-mid-stream': { end: 'hangs', events: 2 },
  'comments-only': { end: 'hangs', events: 0, check: (_, text) => expect(text).toContain(': still thinking\n\n') },
  'error-first-event': {
    end: 'whole',
    events: 0,
    check: (answer) => expect(JSON.parse(answer.body.toString()).error.code).toBe(503),
  },
  'error-mid-stream': {
    end: 'whole',
    events: 2,
    check: (answer) => expect(JSON.parse(answer.chunks.at(-1)?.toString() ?? '').error.code).toBe(503),
  },
  'finish-then-hang': { end: 'hangs', events: 4, check: (_, text) => expect(text).toContain('STOP') },
  'stop-first': {
    end: 'whole',
    events: 4,
    check(answer) {
      expect(answer.chunks.map((chunk) => chunk.includes('STOP'))).toEqual([true, false, false, true]);
    },
  },
  'gzip-stream': {
    end: 'whole',
    check(answer) {
      expect(headerOf(answer.headers, 'Content-Encoding')).toBe('gzip');
      expect(unpacked(answer.body).match(/^data: /gm)).toHaveLength(4);
    },
  },
  'gzip-truncated': {
    end: 'whole',
    check: (answer) => expect(() => unpacked(answer.body)).toThrow('unexpected end of file'),
  },
  'slow-stream': { end: 'hangs', check: (_, text) => expect(text).toContain('one') },
  'endless-stream': { end: 'hangs', check: (answer) => expect(answer.chunks.at(-1)?.length).toBeGreaterThan(16_000) },
  'one-byte-chunks': {
    end: 'whole',
    events: 4,
    check: (answer) => expect(answer.chunks.every((chunk) => chunk.length === 1)).toBe(true),
  },
  'big-event': { end: 'whole', events: 1, check: (answer) => expect(answer.body.length).toBeGreaterThan(20_000_000) },
};

type Form = keyof typeof calls;

/** In how many chunks the whole answer comes: four words or slices, and what closes the form. */
const chunksOf: Readonly<Record<Form, number>> = { sse: 4, array: 5, whole: 4, chatStream: 5, chat: 4 };

/** What must have come before a client that hangs may leave. */
const shown: Partial<Readonly<Record<StepName, (seen: RawAnswer, bytes: number, form: Form) => boolean>>> = {
  'slow-headers': (_, bytes) => bytes > 0,
  'slow-stream': ({ chunks }) => chunks.length === 1,
  'stall-before-first': ({ status }) => status === 200,
  'stall-mid-stream': ({ chunks }) => chunks.length === 2,
  'comments-only': ({ chunks }) => chunks.length === 2,
  'finish-then-hang': ({ chunks }, _, form) => chunks.length === chunksOf[form],
  'endless-stream': ({ chunks }) => chunks.length > 10,
  'endless-error': ({ chunks }) => chunks.length > 10,
  'no-newline': ({ chunks }) => chunks.length > 10,
  'gzip-bomb': ({ chunks }) => chunks.length > 3,
  'unasked-101': ({ status }) => status === 101,
  'ignores-fin': ({ chunks }) => /^(: still thinking| \n)/.test(String(chunks.at(-1))),
};

/** How many requests had come before the one that is looked at. */
let arrived = 0;

interface Observed {
  readonly answer: RawAnswer;
  readonly text: string;
  readonly end: End;
}

async function observe(step: StepName, form: Form): Promise<Observed> {
  const connection = new RawConnection(simulator.url);
  arrived = simulator.journal.requests.length;
  connection.send(planned(calls[form], step));
  if (expectations[step].end === 'hangs') return observeHanging(step, form, connection);
  if (expectations[step].end === 'beyond') return observeBeyond(connection);
  const answer = await connection.answer();
  if (expectations[step].end === 'fin') await connection.until(() => connection.ended !== 'open');
  const { ended } = connection;
  // Large answers are not read again for nothing.
  const text = form === 'sse' ? connection.text : '';
  connection.leave();
  return { answer, text, end: ended === 'open' ? 'whole' : ended };
}

async function observeHanging(step: StepName, form: Form, connection: RawConnection): Promise<Observed> {
  const isShown = shown[step];
  if (isShown === undefined) await expect.poll(() => simulator.journal.running, { interval: 1 }).toBe(1);
  else await connection.until(() => isShown(readAnswer(connection.bytes), connection.bytes.length, form));
  const { text, bytes, ended } = connection;
  connection.leave();
  await expect.poll(() => simulator.journal.running, { interval: 1 }).toBe(0);
  expect(ended).toBe('open');
  expect(simulator.journal.requests.at(-1)?.abandonedAtMs).not.toBeNull();
  return { answer: readAnswer(bytes), text, end: 'hangs' };
}

/** The framing is not to be believed, so the end of our direction asks for theirs, behind all that was sent. */
async function observeBeyond(connection: RawConnection): Promise<Observed> {
  const { requests } = simulator.journal;
  const isFinished = () => requests.length > arrived && requests.at(-1)?.finishedAtMs !== null;
  await expect.poll(isFinished, { interval: 1 }).toBe(true);
  expect(connection.ended).toBe('open');
  connection.socket.end();
  await connection.until(() => connection.ended === 'fin');
  return { answer: readAnswer(connection.bytes), text: connection.text, end: 'beyond' };
}

describe.each(Object.keys(calls) as Form[])('a %s call', (form) => {
  test.each(Object.keys(steps) as StepName[])(
    '%s',
    async (step) => {
      const expected = expectations[step];
      const { answer, text, end } = await observe(step, form);
      expect(end).toBe(expected.end);
      expect(answer.status).toBe(expected.status ?? 200);
      expect(simulator.journal.requests.at(-1)?.step).toBe(step);
      expect(simulator.journal.running).toBe(0);
      if (form !== 'sse') return;
      if (expected.events !== undefined)
        expect(answer.body.toString().match(/^data: /gm) ?? []).toHaveLength(expected.events);
      expected.check?.(answer, text);
    },
    20_000,
  );
});
