import { describe, expect, test } from 'vitest';
import { receive } from '../../src/attempt/reception.ts';
import type { AnswerKind } from '../../src/surface/surface.ts';
import type { HeaderBag } from '../../src/wire.ts';

const sse: HeaderBag = { 'content-type': 'text/event-stream' };
const json: HeaderBag = { 'content-type': 'application/json; charset=UTF-8' };

describe('a generation', () => {
  test.each([
    ['is a stream where the provider says so', 200, sse, false, { as: 'stream', encoding: null }],
    [
      'is a stream with parameters',
      200,
      { 'content-type': 'text/event-stream; charset=utf-8' },
      false,
      { as: 'stream', encoding: null },
    ],
    ['is a stream where the client asked for an array', 200, json, true, { as: 'stream', encoding: null }],
    ['is held whole and judged otherwise', 200, json, false, { as: 'whole', encoding: null, isJudged: true }],
    ['is held whole without a content type', 200, {}, false, { as: 'whole', encoding: null, isJudged: true }],
    ['has nothing in it', 204, {}, false, { as: 'empty' }],
    ['has nothing in it, again', 205, {}, false, { as: 'empty' }],
    ['is not the one of last time', 304, {}, false, { as: 'empty' }],
    [
      'may be compressed',
      200,
      { ...json, 'content-encoding': 'gzip' },
      false,
      { as: 'whole', encoding: 'gzip', isJudged: true },
    ],
    [
      'may be compressed under an old name',
      200,
      { ...sse, 'content-encoding': 'X-GZIP' },
      false,
      { as: 'stream', encoding: 'gzip' },
    ],
    [
      'may say that it is not compressed',
      200,
      { ...sse, 'content-encoding': 'identity' },
      false,
      { as: 'stream', encoding: null },
    ],
    [
      'may be compressed and say nothing',
      200,
      { ...sse, 'content-encoding': '' },
      false,
      { as: 'stream', encoding: null },
    ],
  ] as const)('%s', (_, status, headers, isArray, expected) => {
    expect(receive(status, headers as HeaderBag, 'generation', isArray)).toEqual(expected);
  });
});

test('a document is complete when HTTP says so', () => {
  expect(receive(200, json, 'document', false)).toEqual({ as: 'whole', encoding: null, isJudged: false });
  expect(receive(204, {}, 'document', false)).toEqual({ as: 'whole', encoding: null, isJudged: false });
});

test('what is not known passes as it comes, with up to two encodings', () => {
  expect(receive(200, sse, 'opaque', false)).toEqual({ as: 'opaque' });
  expect(receive(200, { 'content-encoding': 'br, gzip' }, 'opaque', false)).toEqual({ as: 'opaque' });
});

const kinds: AnswerKind[] = ['generation', 'document', 'opaque'];
describe.each(kinds)('for a call of the kind %s', (kind) => {
  test.each([400, 401, 404, 429, 499, 500, 503, 599])('%i is an error', (status) => {
    expect(receive(status, sse, kind, false)).toEqual({ as: 'error', encoding: null });
    expect(receive(status, { 'content-encoding': 'gzip' }, kind, true)).toEqual({ as: 'error', encoding: 'gzip' });
  });

  test.each([0, 100, 101, 103, 199, 600, 999])('%i is nonsense', (status) => {
    expect(receive(status, {}, kind, false)).toEqual({ as: 'nonsense', why: `the status ${status}` });
  });

  test.each([300, 301, 302, 303, 305, 307])('%i is a redirect, and not followed', (status) => {
    expect(receive(status, { location: 'http://169.254.169.254/' }, kind, false)).toEqual({ as: 'redirect' });
  });

  test.each([[{ 'content-encoding': 'gzip, gzip, gzip' }], [{ 'content-encoding': ['br', 'gzip', 'deflate'] }]])(
    'three encodings are nonsense: %j',
    (headers) => {
      expect(receive(200, headers, kind, false)).toEqual({ as: 'nonsense', why: '3 content encodings' });
    },
  );
});

test.each([304, 308])('%i sends nobody anywhere, where it belongs to what passes', (status) => {
  expect(receive(status, {}, 'opaque', false)).toEqual({ as: 'opaque' });
});

test('308 is a redirect for a generation', () => {
  expect(receive(308, {}, 'generation', false)).toEqual({ as: 'redirect' });
});
