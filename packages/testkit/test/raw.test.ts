/** Who judges raw inputs: what it lets pass, and what it does not. */

import { expect, test } from 'vitest';
import { readBytes } from '../src/raw/answers.ts';
import { canary, type RawCase } from '../src/raw/input.ts';
import { rawInputs } from '../src/raw/inputs.ts';
import { judge, type Seen } from '../src/raw/judge.ts';
import { refused, request, wished } from '../src/raw/request.ts';

const one: RawCase = wished({ ...refused(400, 'INVALID_REQUEST'), closes: true }, {});

function error(reason: string, message = 'No.'): string {
  return JSON.stringify({ error: { code: 400, message, details: [{ reason, domain: 'sluice' }] } });
}

function seen(body: string, { status = 400, calls = 0, connection = 'close', interim = '' } = {}): Seen {
  const head = `HTTP/1.1 ${status} X\r\nconnection: ${connection}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const read = readBytes(Buffer.from(interim + head + body), false);
  return { heard: { ...read, isClosed: false, text: '', tookMs: 1 }, calls, isBodyAsSent: true };
}

test('an answer that is as it has to be has nothing wrong with it', () => {
  expect(judge(one, seen(error('INVALID_REQUEST')))).toEqual([]);
});

test.each([
  ['another status', seen(error('INVALID_REQUEST'), { status: 404 }), '404 instead of 400'],
  ['another reason', seen(error('NOT_FOUND')), 'NOT_FOUND instead of INVALID_REQUEST'],
  ['an empty page', seen(''), 'in other words: ""'],
  ['a call to the provider', seen(error('INVALID_REQUEST'), { calls: 1 }), '1 calls to the provider instead of 0'],
  ['a connection that stays open', seen(error('INVALID_REQUEST'), { connection: 'keep-alive' }), 'it stays open'],
  [
    'a word before the answer',
    seen(error('INVALID_REQUEST'), { interim: 'HTTP/1.1 100 Continue\r\n\r\n' }),
    '100 before the answer',
  ],
  ['the prompt', seen(error('INVALID_REQUEST', canary)), 'it repeats the prompt or the key'],
  ['what was sent, at length', seen(error('INVALID_REQUEST', 'x'.repeat(200))), 'it repeats what it was sent'],
])('%s is wrong', (_what, answer, wrong) => {
  expect(judge(one, answer)).toEqual([wrong]);
});

test('a stack is wrong in anybody’s words', () => {
  const stack = 'Error: no\n    at parse (/srv/app/node_modules/parser/index.js:1:2)';
  for (const body of [stack, error('INVALID_REQUEST', stack)])
    expect(judge(one, seen(body)).some((wrong) => wrong.startsWith('it shows what is inside'))).toBe(true);
});

test('other bytes than those that were sent are wrong, and so is no answer', () => {
  expect(judge(one, { ...seen(error('INVALID_REQUEST')), isBodyAsSent: false })).toEqual([
    'the provider got other bytes',
  ]);
  const nothing: Seen['heard'] = { ...readBytes(Buffer.of(), true), isClosed: true, text: '', tookMs: 1 };
  expect(judge(one, { heard: nothing, calls: 0, isBodyAsSent: true })).toEqual(['0 answers instead of 1']);
});

test('answers are read one behind another, however they are framed', () => {
  const text =
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n' +
    'HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\nno';
  const { interim, replies } = readBytes(Buffer.from(text), false);
  expect(interim).toEqual([100]);
  expect(replies.map(({ status, body }) => [status, body])).toEqual([
    [200, 'abcde'],
    [401, 'no'],
  ]);
  expect(readBytes(Buffer.from(text.slice(0, -1)), false).replies).toHaveLength(1);
});

test('how a WebSocket was closed is read behind other frames', () => {
  const frames = Buffer.from([0x81, 2, 0x7b, 0x7d, 0x88, 2, 0x03, 0xea]);
  const head = Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  expect(readBytes(Buffer.concat([head, frames]), false).closeCode).toBe(1002);
  expect(readBytes(head, false).closeCode).toBeNull();
});

test('a request is written as it is wished, and nothing is added', () => {
  const { pieces, body } = request(
    { prefix: '/gemini', key: 'k' },
    { target: '/v1', host: null, type: null, body: 'x' },
  );
  expect(pieces[0]).toBe('POST /gemini/v1 HTTP/1.1\r\nx-goog-api-key: k\r\ncontent-length: 1\r\n\r\n');
  expect(Buffer.from(body ?? []).toString()).toBe('x');
});

test('every row has cases, or says why it has none; names of cases are their own', () => {
  for (const { id, cases, notHere } of rawInputs) {
    expect(cases.length > 0, id).toBe(notHere === undefined);
    expect(new Set(cases.map(({ name }) => name)).size, id).toBe(cases.length);
  }
});
