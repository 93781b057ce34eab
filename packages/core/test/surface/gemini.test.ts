import { describe, expect, test } from 'vitest';
import { isSluiceError, type SluiceError } from '../../src/errors.ts';
import { credentialParameters, geminiSurfaces } from '../../src/surface/gemini.ts';
import type { Call, Knock } from '../../src/surface/surface.ts';

const surfaces = geminiSurfaces(
  new Map([
    ['fast', 'gemini-2.5-flash'],
    ['models', 'gemini-2.5-flash'],
    ['mod', 'gemini-2.5-flash'],
    ['v1', 'gemini-2.5-flash'],
    ['cheap', 'gemini-2.5-$&-flash'],
  ]),
);
const model = '/v1beta/models/gemini-2.5-flash';

describe('each path is its call', () => {
  const generation = { answer: 'generation', repeat: 'unless-it-ran', wantsJson: true, surface: 'gemini' };
  const computation = { answer: 'document', repeat: 'always', wantsJson: true, surface: 'gemini' };
  const listing = { answer: 'document', repeat: 'always', wantsJson: false, surface: 'gemini' };
  const openai = { surface: 'openai', isSticky: false };
  test.each<[method: string, target: string, expected: object]>([
    [
      'POST',
      `${model}:generateContent`,
      { ...generation, name: 'generateContent', model: 'gemini-2.5-flash', isArray: false },
    ],
    [
      'POST',
      `${model}:streamGenerateContent?alt=sse`,
      { ...generation, name: 'streamGenerateContent', isArray: false },
    ],
    ['POST', `${model}:streamGenerateContent`, { ...generation, name: 'streamGenerateContent', isArray: true }],
    ['POST', `${model}:streamGenerateContent?$alt=sse`, { isArray: false }],
    ['POST', `${model}:streamGenerateContent?%24alt=sse`, { isArray: false }],
    ['POST', `${model}:streamGenerateContent?alt=json`, { isArray: true }],
    ['POST', `${model}:countTokens`, { ...computation, name: 'countTokens' }],
    ['POST', `${model}:embedContent`, { ...computation, name: 'embedContent' }],
    ['POST', `${model}:batchEmbedContents`, { ...computation, name: 'batchEmbedContents' }],
    ['POST', '/v1/models/x:generateContent', { ...generation, model: 'x' }],
    ['POST', '/v1alpha/models/x:generateContent', generation],
    ['POST', '/v1main/models/x:generateContent', generation],
    ['GET', '/v1beta/models', { ...listing, answer: 'resource', name: 'models.list', model: null }],
    ['GET', '/v1beta/models?pageSize=5&pageToken=a', { target: '/v1beta/models?pageSize=5&pageToken=a' }],
    ['GET', model, { ...listing, name: 'models.get' }],
    ['HEAD', model, { name: 'models.get' }],
    ['POST', '/v1beta/tunedModels/mine:generateContent', { ...generation, model: 'tunedModels/mine', isSticky: true }],
    [
      'POST',
      '/v1beta/dynamic/mine:streamGenerateContent?alt=sse',
      { ...generation, model: 'dynamic/mine', isSticky: true },
    ],
    [
      'POST',
      '/v1beta/openai/chat/completions',
      { ...openai, name: 'openai.chat', answer: 'generation', repeat: 'unless-it-ran', model: null },
    ],
    ['POST', '/v1beta/openai/embeddings', { ...openai, name: 'openai.embeddings', answer: 'document' }],
    ['GET', '/v1beta/openai/models', { ...openai, name: 'openai.models', answer: 'document' }],
    ['GET', '/v1beta/openai/models/gemini-2.5-flash', { name: 'openai.models', answer: 'document' }],
  ])('%s %s', (method, target, expected) => {
    expect(match(method, target)).toMatchObject(expected);
  });

  test.each<[method: string, target: string, allow: string]>([
    ['GET', `${model}:generateContent`, 'POST'],
    ['PUT', `${model}:streamGenerateContent`, 'POST'],
    ['DELETE', `${model}:countTokens`, 'POST'],
    ['POST', model, 'GET'],
    ['DELETE', model, 'GET'],
    ['POST', '/v1beta/models', 'GET'],
    ['GET', '/v1beta/openai/chat/completions', 'POST'],
    ['POST', '/v1beta/openai/models', 'GET'],
    ['TRACE', '/v1beta/models', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
    ['CONNECT', '169.254.169.254:443', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
    ['OPTIONS', '*', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
    ['FOO', '/v1beta/models', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
  ])('%s %s is not allowed, and what is allowed is said', (method, target, allow) => {
    expect(refusal(method, target)).toMatchObject({ code: 'method_not_allowed', status: 405, allow });
  });
});

describe('what is not known passes, to the project where the caller’s things live', () => {
  test.each([
    ['GET', '/v1beta/files'],
    ['DELETE', '/v1beta/files/abc'],
    ['POST', '/v1beta/cachedContents'],
    ['GET', '/download/v1beta/files/abc:download?alt=media'],
    ['POST', `${model}:batchGenerateContent`],
    ['POST', `${model}:predictLongRunning`],
    ['POST', `${model}:someDayNew`],
    ['GET', '/v1beta/models/x/operations/y'],
    ['GET', '/v1beta/tunedModels/mine'],
    ['POST', '/v1beta/openai/files'],
    ['POST', '/v1beta/openai/images/generations'],
    ['POST', '/v1beta:batch'],
    ['GET', '/v1beta'],
    // Names that every object has are names like any other.
    ['POST', `${model}:constructor`],
    ['POST', `${model}:toString`],
    ['POST', `${model}:hasOwnProperty`],
    ['POST', '/v1beta/tunedModels/mine:valueOf'],
    ['POST', '/v1beta/openai/constructor'],
  ])('%s %s', (method, target) => {
    expect(match(method, target)).toMatchObject({
      answer: target.startsWith('/download/') ? 'opaque' : 'resource',
      isSticky: true,
      wantsJson: false,
      target,
      repeat: method === 'GET' ? 'always' : 'if-nothing-happened',
    });
  });

  test('with its model, where it has one', () => {
    expect(match('POST', `${model}:batchGenerateContent`).model).toBe('gemini-2.5-flash');
    expect(match('POST', '/v1beta/models/fast:predictLongRunning')).toMatchObject({
      model: 'gemini-2.5-flash',
      target: '/v1beta/models/gemini-2.5-flash:predictLongRunning',
    });
  });
});

test.each([
  '/',
  '/models/x:generateContent',
  '/V1/models',
  '/v1BETA/models',
  '/vX/models',
  '/version1/models',
  '/api/v1beta/models',
  '/upload/models',
  '/uploads/v1beta/files',
  '/%76%31/models',
])('%s is no route (B42 and the like)', (target) => {
  expect(refusal('GET', target)).toMatchObject({ code: 'not_found', status: 404 });
});

describe('an alias stands wherever a path names a model', () => {
  test.each([
    [
      'POST',
      '/v1beta/models/fast:generateContent?alt=json',
      '/v1beta/models/gemini-2.5-flash:generateContent?alt=json',
    ],
    ['GET', '/v1beta/models/fast', '/v1beta/models/gemini-2.5-flash'],
    ['POST', '/v1beta/models/models:generateContent', '/v1beta/models/gemini-2.5-flash:generateContent'],
    ['POST', '/v1beta/models/mod:countTokens', '/v1beta/models/gemini-2.5-flash:countTokens'],
    ['POST', '/v1beta/models/v1:generateContent', '/v1beta/models/gemini-2.5-flash:generateContent'],
    ['POST', '/v1beta/models/cheap:generateContent', '/v1beta/models/gemini-2.5-$&-flash:generateContent'],
  ])('%s %s', (method, target, goesUp) => {
    expect(match(method, target).target).toBe(goesUp);
  });

  test.each(['faster', 'constructor'])('and nothing else does: %s', (name) => {
    expect(match('POST', `/v1beta/models/${name}:generateContent`)).toMatchObject({
      model: name,
      target: `/v1beta/models/${name}:generateContent`,
    });
  });
});

describe('/v1/models is asked for by clients of three APIs', () => {
  const bearer = { authorization: 'Bearer k' };
  test.each<[string, Knock['headers'], string, string, string]>([
    ['a bearer token alone: OpenAI', bearer, '/v1/models', 'openai.models', '/v1beta/openai/models'],
    [
      'a bearer token alone, one model',
      bearer,
      '/v1/models/gemini-2.5-flash',
      'openai.models',
      '/v1beta/openai/models/gemini-2.5-flash',
    ],
    ['a key of Gemini', { 'x-goog-api-key': 'k' }, '/v1/models', 'models.list', '/v1/models'],
    ['both', { ...bearer, 'x-goog-api-key': 'k' }, '/v1/models', 'models.list', '/v1/models'],
    ['a bearer token, and a key in the query', bearer, '/v1/models?key=k', 'models.list', '/v1/models'],
    ['nothing', {}, '/v1/models', 'models.list', '/v1/models'],
    ['a bearer token, in another version', bearer, '/v1beta/models', 'models.list', '/v1beta/models'],
  ])('%s', (_, headers, target, name, goesUp) => {
    expect(surfaces.match({ method: 'GET', target, headers })).toMatchObject({ name, target: goesUp });
  });

  test('a header of Anthropic: there is nothing for it here, and the answer says where else', () => {
    const knock = {
      method: 'GET',
      target: '/v1/models',
      headers: { 'anthropic-version': '2023-06-01', 'x-api-key': 'k' },
    };
    expect(refused(knock)).toMatchObject({ code: 'not_found', message: expect.stringContaining('/v1beta/models') });
  });

  test('a call with a verb is never one of them', () => {
    expect(surfaces.match({ method: 'POST', target: '/v1/models/x:generateContent', headers: bearer })).toMatchObject({
      name: 'generateContent',
    });
  });
});

describe('every credential is taken out of the query', () => {
  test.each([
    '?key=canary',
    '?%6bey=canary',
    '?%6B%65%79=canary',
    '?$key=canary',
    '?%24key=canary',
    '?key=canary&key=canary2',
    '?key=canary&%6bey=canary2&$key=canary3',
    '?access_token=canary',
    '?$access_token=canary',
    '?access%5Ftoken=canary',
    '?oauth_token=canary',
    '?bearer_token=canary',
    '?key',
    '?key=',
  ])('%s', (query) => {
    expect(match('GET', `/v1beta/models${query}`).target).toBe('/v1beta/models');
    expect(match('GET', `/v1beta/files${query}&pageSize=2`).target).toBe('/v1beta/files?pageSize=2');
  });

  test('and nothing else: system parameters go up as they came', () => {
    const query = '?alt=sse&$alt=sse&%24alt=sse&prettyPrint=false&$.xgafv=2&quotaUser=a%20b&monkey=1&keys=2&a&b=&=c';
    expect(match('POST', `${model}:streamGenerateContent${query}`).target).toBe(
      `${model}:streamGenerateContent${query}`,
    );
  });

  test('the list of names knows both spellings', () => {
    expect([...credentialParameters].sort()).toEqual(
      ['key', 'access_token', 'oauth_token', 'bearer_token'].flatMap((name) => [name, `$${name}`]).sort(),
    );
  });
});

describe('an answer is judged only where it can be read', () => {
  test.each([
    '?fields=candidates',
    '?$fields=a',
    '?%24fields=a',
    '?alt=proto',
    '?$alt=proto',
    '?alt=media',
    '?callback=f',
    '?$.alt=proto',
  ])('%s cannot', (query) => {
    expect(match('POST', `${model}:generateContent${query}`).answer).toBe('opaque');
  });

  test.each([
    '',
    '?alt=sse',
    '?alt=json',
    '?alt=json;enum-encoding=int',
    '?$alt=json%3Benum-encoding=int',
    '?prettyPrint=true',
  ])('%j can', (query) => {
    expect(match('POST', `${model}:generateContent${query}`).answer).toBe('generation');
  });

  test('what was complete by HTTP alone stays so', () => {
    expect(match('POST', `${model}:countTokens?fields=totalTokens`).answer).toBe('document');
  });
});

describe('a refusal is told in the dialect of the client', () => {
  test.each([
    ['/v1beta/openai/chat/completions', 'openai-chat'],
    ['/v1/openai/models', 'openai-chat'],
    ['/v1beta/models/x:generateContent', 'gemini'],
    ['/v1beta/openai', 'gemini'],
    ['/openai/chat/completions', 'gemini'],
    ['', 'gemini'],
    ['\u0000', 'gemini'],
    ['http://evil/v1beta/openai/x', 'gemini'],
  ])('%j: %s', (target, name) => {
    expect(surfaces.dialectOf(target).name).toBe(name);
  });
});

test.each([
  ['/v1beta/mod%65ls/gemini-2.5-flash:generateContent', 'generateContent'],
  ['/v1beta/models/gemini-2.5-flash:generate%43ontent', 'generateContent'],
  ['/v1beta/models/gemini-2%2E5-flash:streamGenerateContent', 'streamGenerateContent'],
  ['/v1beta/openai/chat/complet%69ons', 'openai.chat'],
])('an escape hides no generation: %s', (target, name) => {
  expect(geminiSurfaces(new Map()).match({ method: 'POST', target, headers: {} })).toMatchObject({
    ...{ name, target, answer: 'generation' },
    model: name.startsWith('openai') ? null : 'gemini-2.5-flash',
  });
});

test('no refusal repeats more of the path than one can read', () => {
  const long = `/nowhere/${'a'.repeat(100)}/${'b'.repeat(100)}/${'c'.repeat(100)}`;
  expect(refusal('GET', long).message.length).toBeLessThan(300);
  expect(refusal('M'.repeat(10_000), '/v1beta/models').message.length).toBeLessThan(300);
});

function match(method: string, target: string): Call {
  return surfaces.match({ method, target, headers: {} });
}

function refusal(method: string, target: string): SluiceError {
  return refused({ method, target, headers: {} });
}

function refused(knock: Knock): SluiceError {
  try {
    surfaces.match(knock);
  } catch (error) {
    if (isSluiceError(error)) return error;
    throw error;
  }
  return expect.unreachable(`${knock.method} ${knock.target} was let pass`);
}
