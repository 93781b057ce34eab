import { describe, expect, test } from 'vitest';
import { holdInnerError } from '../../src/attempt/held-answer.ts';
import { Scrubber } from '../../src/attempt/scrub.ts';
import { credentialsOf } from '../../src/auth/credential.ts';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { openaiChat } from '../../src/dialect/openai-chat/dialect.ts';
import { askedDelayMs } from '../../src/provider/gemini/asked-delay.ts';
import { unfielded } from '../../src/stream/unfielded.ts';
import { modelInBody } from '../../src/surface/model-in-body.ts';
import { everyByte, scanned, watched } from './watching.ts';

const stop = '{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}';
const chat = '{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}';
const error = '{"error":{"code":503,"message":"busy"}}';

describe('lines of an event stream', () => {
  test.each([
    [
      'a comment between the lines of an event',
      'data: {"candidates":[{\n: ping {"\ndata: "finishReason":"STOP"}]}\n\n',
    ],
    ['another field there', 'data: {"candidates":[{\r\nevent: {"x\r\ndata: "finishReason":"STOP"}]}\r\n\r\n'],
    ['a tab before the value', `data:\t${stop}\n\n`],
    ['an empty line of data before the value', `data\ndata: ${stop}\n\n`],
  ])('do not hide a finish reason: %s', (_, text) => {
    for (const chunks of [[Buffer.from(text)], everyByte(Buffer.from(text))]) {
      expect(scanned(gemini.grammar, chunks)).toMatchObject({ isFinished: true, documents: 1, hasLooseEnd: false });
    }
  });

  test.each([
    ['a field of another name', ` data: ${error}\n\ndata: ${stop}\n\n`],
    ['a field whose name only begins so', `database: ${error}\n\ndata: ${stop}\n\n`],
    ['a bracket in a line of its own', `]\n\ndata: ${stop}\n\n`],
  ])('are not taken for data: %s', (_, text) => {
    expect(watched(gemini.grammar, [Buffer.from(text)]).endings).toEqual([{ is: 'complete', uncleanly: null }]);
  });

  test('an event that ends before its JSON does is never whole, whatever follows', () => {
    const text = 'data: {"candidates":[{"content":{"parts":[{}]}\n\ndata: ,"finishReason":"STOP"}]}\n\n';
    expect(watched(gemini.grammar, [Buffer.from(text)]).endings).toMatchObject([{ is: 'truncated' }]);
  });

  test('usage and errors on several lines come without the names of fields', () => {
    const usage = scanned(gemini.grammar, [Buffer.from('data: {"usageMetadata":{\r: x\rdata: "a":1\rdata: }}\r\r')]);
    expect(JSON.parse(usage.usageText())).toEqual({ a: 1 });
    expect(JSON.parse(unfielded('{"error":\r\nid: 7\r\ndata:{}}'))).toEqual({ error: {} });
    expect(unfielded('{\n  "a": "\u2028data: x"\n}')).toBe('{\n  "a": "\u2028data: x"\n}');
  });
});

describe('a body that ends in good order is not complete', () => {
  test.each([
    ['at the name of a field', `data: ${stop}\n\ndat`],
    ['before the value of a field', `data: ${stop}\n\ndata: `],
    ['with its array still open', `[${stop}\n`],
    ['behind the comma of an array', `[${stop}\n,\r\n`],
  ])('%s', (_, text) => {
    expect(watched(gemini.grammar, [Buffer.from(text)]).endings).toMatchObject([{ is: 'truncated' }]);
  });

  test('in the middle of its end mark', () => {
    const { endings, bytes } = watched(openaiChat.grammar, [Buffer.from(`data: ${chat}\n\ndata: [DON`)]);
    expect(endings).toMatchObject([{ is: 'truncated' }]);
    expect(bytes.toString()).toBe(`data: ${chat}\n\n`);
  });
});

test('a model with a long name is read to its end', () => {
  const model = 'models/gemini-2.5-flash-native-audio-preview-12-2025';
  expect(modelInBody(Buffer.from(JSON.stringify({ model })))).toBe(model);
});

test('objects with a `valueOf` of their own are no numbers, and nothing throws', () => {
  const trap = { toString: 1, valueOf: 1 };
  const said = { details: [{ retryDelay: { seconds: trap } }], message: '', header: null, nowMs: 0 };
  expect(askedDelayMs(said)).toBeNull();
  expect(holdInnerError(JSON.stringify({ error: { code: trap } }))).toBeNull();
  expect(holdInnerError('{"error":{"code":503.5}}')).toBeNull();
  expect(holdInnerError('{"error":{"code":"503"}}')?.status).toBe(503);
});

test('a key in the query is found however its name is written', () => {
  expect(credentialsOf('/v1beta/models?k%65y=caller-key', {})).toEqual(['caller-key']);
});

test('a key is taken out of a longer word, and out of URLs and JSON where it has signs in it', () => {
  const scrubber = new Scrubber(['plain-canary-0001', 'odd/canary=0002']);
  const text = 'consumer_plain-canary-0001_x ?key=odd%2Fcanary%3D0002 "odd/canary\\u003d0002" odd\\/canary=0002';
  expect(scrubber.clean(text, 'used-key')).toBe('consumer_[key]_x ?key=[key] "[key]" [key]');
});
