import { describe, expect, test } from 'vitest';
import { holdAnswer, holdInnerError, type ReadAnswer, showAnswer } from '../../src/attempt/held-answer.ts';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { interactions } from '../../src/dialect/interactions/dialect.ts';
import { failure } from '../../src/failure.ts';
import { geminiProvider } from '../../src/provider/gemini/provider.ts';
import { recordingSink } from '../recording-sink.ts';

const failed = failure('overloaded', 'upstream_protocol', 'The provider answered 503 (overloaded).');
const apiCall = { dialect: gemini, answer: 'document' } as const;
const download = { dialect: gemini, answer: 'opaque' } as const;
const text = '{ "error": {"code": 503, "message": "key canary is busy"} }';

describe('an error answer that may be shown', () => {
  test('is shown byte for byte where nothing had to be taken out', () => {
    const answer = read({
      headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' },
      raw: Buffer.from('zip'),
    });
    expect(holdAnswer(answer, failed, apiCall)).toEqual({
      status: 503,
      headers: { 'content-type': 'text/event-stream', 'content-encoding': 'gzip', 'content-length': '3' },
      body: answer.raw,
    });
  });

  test('is shown without its keys otherwise, plain and with its new length', () => {
    const clean = text.replace('canary', '[key]');
    const held = holdAnswer(
      read({ clean, headers: { 'content-encoding': 'gzip', 'content-length': '9' } }),
      failed,
      apiCall,
    );
    expect(Buffer.from(held.body).toString()).toBe(clean);
    expect(held.headers).toEqual({ 'content-length': String(Buffer.byteLength(clean)) });
  });

  test.each([
    ['a page', '<html>Sorry</html>'],
    ['half of a JSON', '{"error":'],
    ['nothing', ''],
    ['a JSON that is no object', '"Sorry"'],
  ])('is replaced by one that can be read when it is %s', (_, body) => {
    const held = holdAnswer(
      read({ text: body, clean: body, headers: { 'content-type': 'text/html', server: 'x' } }),
      failed,
      apiCall,
    );
    expect(held.status).toBe(503);
    expect(held.headers).toMatchObject({ 'content-type': 'application/json; charset=UTF-8', server: 'x' });
    expect(held.headers['content-length']).toBe(String(held.body.length));
    expect(JSON.parse(Buffer.from(held.body).toString())).toEqual({
      error: { code: 503, message: failed.message, status: 'UNAVAILABLE' },
    });
  });

  test.each([
    [404, 'NOT_FOUND'],
    [403, 'PERMISSION_DENIED'],
    [418, 'UNAVAILABLE'],
  ])('is replaced by one that names its status: %d', (status, name) => {
    const refused = failure('refused', 'upstream_protocol', `The provider answered ${status} (refused).`);
    const page = '<html>Sorry</html>';
    const held = holdAnswer({ ...read({ text: page, clean: page }), status }, refused, apiCall);
    expect(JSON.parse(Buffer.from(held.body).toString()).error).toMatchObject({ code: status, status: name });
  });

  test('that is a page about a path which nobody knows says what paths look like', () => {
    const page = '<html>Sorry</html>';
    const refused = failure('refused', 'upstream_protocol', 'The provider answered 404 (refused).');
    const answer = {
      ...read({ text: page, clean: page, headers: { 'content-type': 'text/html; charset=UTF-8' } }),
      status: 404,
    };
    const { error } = JSON.parse(Buffer.from(holdAnswer(answer, refused, apiCall).body).toString());
    expect(error).toMatchObject({
      code: 404,
      status: 'NOT_FOUND',
      message: expect.stringContaining('has no such path'),
    });
  });

  test('is replaced in the words of its own language', () => {
    const held = holdAnswer(read({ isWhole: false }), failed, { ...apiCall, dialect: interactions });
    expect(held.status).toBe(503);
    expect(JSON.parse(Buffer.from(held.body).toString())).toMatchObject({
      error: { code: 'service_unavailable', message: failed.message },
    });
  });

  test('stays a page where it answers no call of the API', () => {
    const page = '<html>Sorry</html>';
    const held = holdAnswer(read({ text: page, clean: page, raw: Buffer.from(page) }), failed, download);
    expect(Buffer.from(held.body).toString()).toBe(page);
  });
});

describe('an error object with status 200', () => {
  test.each([
    ['plain', '{"error":{"code":503,"message":"a"}}', 503],
    ['in a list', '[{"error":{"code":400,"message":"a"}}]', 400],
    ['with its code as text', '{"error":{"code":"429"}}', 429],
  ])('gets the status of its code: %s', (_, json, status) => {
    const held = holdInnerError(json);
    expect(held?.status).toBe(status);
    expect(Buffer.from(held?.body ?? '').toString()).toBe(json);
    expect(held?.headers).toMatchObject({ 'content-length': String(json.length) });
  });

  test.each([
    ['service_unavailable', 503],
    ['quota_exceeded', 429],
    ['out_of_range', 416],
  ])('gets the status that its word stands for: %s', (word, status) => {
    const json = JSON.stringify({ event_type: 'error', error: { code: word, message: 'a' } });
    const held = holdInnerError(json, geminiProvider.statusOf);
    expect([held?.status, Buffer.from(held?.body ?? '').toString()]).toEqual([status, json]);
    expect(holdInnerError(JSON.stringify({ error: { code: 'no_such_word' } }), geminiProvider.statusOf)).toBeNull();
  });

  test.each([
    '{"error":{"code":200}}',
    '{"error":{"code":"not_found"}}',
    '{"error":{}}',
    '{"error":{"co',
    '',
    '[]',
    'null',
    '3',
  ])('is none that can be shown: %s', (json) => {
    expect(holdInnerError(json)).toBeNull();
  });
});

test('showing is a whole answer', () => {
  const client = recordingSink();
  showAnswer(client, { status: 404, headers: { a: '1' }, body: Buffer.from('{}') }, { b: '2' });
  expect(client.told).toEqual(['open', 'head 404', '{}', 'end']);
  expect(client.headers).toEqual({ a: '1', b: '2' });
});

test.each([true, false])(
  'half an error answer is replaced, for it would look whole (a known call: %s)',
  (isApiCall) => {
    const held = holdAnswer(
      read({ isWhole: false }),
      failure('overloaded', 'overloaded', 'Half.'),
      isApiCall ? apiCall : download,
    );
    expect(held.status).toBe(503);
    expect(JSON.parse(Buffer.from(held.body).toString())).toMatchObject({ error: { code: 503, message: 'Half.' } });
  },
);

test('showing an answer without a body writes nothing', () => {
  const client = recordingSink();
  showAnswer(client, { status: 404, headers: {}, body: new Uint8Array() }, {});
  expect(client.told).toEqual(['open', 'head 404', 'end']);
});

function read(more: Partial<ReadAnswer>): ReadAnswer {
  return { status: 503, headers: {}, raw: Buffer.from(text), text, clean: text, isWhole: true, ...more };
}
