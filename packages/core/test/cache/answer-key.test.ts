import { describe, expect, test } from 'vitest';
import { answerKey, isRepeatable, type KeyParts } from '../../src/cache/answer-key.ts';
import { geminiSurfaces } from '../../src/surface/gemini.ts';
import type { Call } from '../../src/surface/surface.ts';

const surfaces = geminiSurfaces(new Map([['fast', 'gemini-2.5-flash']]));
const encoder = new TextEncoder();
const path = '/v1beta/models/gemini-2.5-flash:generateContent';

function callTo(target: string, method = 'POST'): Call {
  return surfaces.match({ method, target, headers: { 'content-type': 'application/json' } });
}

function parts(more: Partial<KeyParts> = {}, body = '{"contents":[]}'): KeyParts {
  return {
    callerId: 'alice',
    origin: 'https://provider.test',
    method: 'POST',
    call: callTo(path),
    headers: ['content-type', 'application/json'],
    body: encoder.encode(body),
    ...more,
  };
}

describe('requests are identical', () => {
  test.each<[string, KeyParts]>([
    ['whatever the white space', parts({}, ' { "contents" : [ ] }')],
    ['whoever the client says that it is', parts({ headers: ['user-agent', 'x', 'content-type', 'application/json'] })],
    ['whatever it counts', parts({ headers: ['content-type', 'application/json', 'x-stainless-retry-count', '1'] })],
    ['however long it waits', parts({ headers: ['x-server-timeout', '7', 'content-type', 'application/json'] })],
    ['however it is traced', parts({ headers: ['traceparent', '00-1-2-01', 'content-type', 'application/json'] })],
    ['by whatever name the model goes', parts({ call: callTo(path.replace('gemini-2.5-flash', 'fast')) })],
    ['with whatever key in the query', parts({ call: callTo(`${path}?key=canary`) })],
  ])('%s', (_, other) => {
    expect(answerKey(other)).toBe(answerKey(parts()));
  });

  test('whatever the order of the fields', () => {
    const [one, other] = ['accept', 'content-type'].map((name) => [name, 'application/json']);
    const key = answerKey(parts({ headers: [...(one as string[]), ...(other as string[])] }));
    expect(answerKey(parts({ headers: [...(other as string[]), ...(one as string[])] }))).toBe(key);
  });
});

describe('requests differ', () => {
  test.each<[string, KeyParts]>([
    ['by who asks', parts({ callerId: 'bob' })],
    ['by the provider', parts({ origin: 'https://other.test' })],
    ['by the body', parts({}, '{"contents":[1]}')],
    ['by the model', parts({ call: callTo(path.replace('flash', 'pro')) })],
    ['by the call', parts({ call: callTo(path.replace('generateContent', 'countTokens')) })],
    ['by the query', parts({ call: callTo(`${path}?alt=json`) })],
    ['by what is accepted', parts({ headers: ['content-type', 'application/json', 'accept-encoding', 'gzip'] })],
    ['by a field that nobody knows', parts({ headers: ['content-type', 'application/json', 'x-new', '1'] })],
    ['by bytes that are no JSON', parts({}, '{"contents":[],}')],
  ])('%s', (_, other) => {
    expect(answerKey(other)).not.toBe(answerKey(parts()));
  });

  test('bytes that are no JSON by any byte', () => {
    expect(answerKey(parts({}, '{"a":1,}'))).not.toBe(answerKey(parts({}, '{"a":1, }')));
  });

  test('fields that a client has written into one another', () => {
    const one = answerKey(parts({ headers: ['x-a', '1', 'x-b', '2'] }));
    expect(answerKey(parts({ headers: ['x-a', '1","x-b: 2'] }))).not.toBe(one);
  });
});

test('a key tells nothing of the prompt, the caller or its credential', () => {
  const key = answerKey(parts({ callerId: 'canary-caller' }, '{"contents":"canary"}'));
  expect(key).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ['/v1beta/openai/chat/completions', '{"store":true}'],
  ['/v1beta/openai/chat/completions', '{"store":1}'],
  ['/v1beta/openai/chat/completions', '{"store":false,"store":true}'],
  ['/v1beta/openai/chat/completions', 'no JSON'],
  [path, '{"store":true}'],
])('%s with %s leaves something behind, and is no such request', (target, body) => {
  expect(answerKey(parts({ call: callTo(target) }, body))).toBeNull();
});

test.each(['{"store":false}', '{"store":null}', '{}'])('a chat with %s is one', (body) => {
  expect(answerKey(parts({ call: callTo('/v1beta/openai/chat/completions') }, body))).not.toBeNull();
});

test.each([
  ['POST', path, true],
  ['POST', '/v1beta/models/m:streamGenerateContent?alt=sse', true],
  ['POST', '/v1beta/models/m:countTokens', true],
  ['POST', '/v1beta/models/m:embedContent', true],
  ['POST', '/v1beta/models/m:batchEmbedContents', true],
  ['POST', '/v1beta/openai/chat/completions', true],
  ['POST', '/v1beta/openai/embeddings', true],
  ['POST', '/v1beta/tunedModels/m:generateContent', false],
  ['POST', `${path}?fields=candidates`, false],
  ['POST', '/v1beta/models/m:batchGenerateContent', false],
  ['POST', '/v1beta/models/m:predictLongRunning', false],
  ['POST', '/v1beta/cachedContents', false],
  ['POST', '/v1beta/interactions', false],
  ['POST', '/upload/v1beta/files', false],
  ['GET', '/v1beta/models', false],
  ['GET', '/v1beta/files', false],
  ['GET', '/v1beta/openai/models', false],
])('%s %s may be answered by what is known: %s', (method, target, isOne) => {
  expect(isRepeatable(callTo(target, method))).toBe(isOne);
});
