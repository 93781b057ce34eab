import { describe, expect, test } from 'vitest';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { interactions } from '../../src/dialect/interactions/dialect.ts';
import { openaiChat } from '../../src/dialect/openai-chat/dialect.ts';
import { geminiSurfaces } from '../../src/surface/gemini.ts';

const surfaces = geminiSurfaces(new Map());
const headers = { 'content-type': 'application/json' };

describe('each call of the Interactions API is known', () => {
  const other = { answer: 'resource', isSticky: true };
  test.each<[method: string, target: string, expected: object]>([
    [
      'POST',
      '/v1/interactions',
      {
        name: 'interactions.create',
        answer: 'generation',
        repeat: 'if-nothing-happened',
        wantsJson: true,
        hasModelInBody: true,
        isSticky: true,
      },
    ],
    ['POST', '/v1beta/interactions?fields=id', { name: 'interactions.create', answer: 'opaque' }],
    ['POST', '/v1beta/%69nteractions', { name: 'interactions.create', answer: 'generation' }],
    ['GET', '/v1/interactions/v1_x', { name: 'interactions.get', answer: 'generation', repeat: 'always' }],
    [
      'GET',
      '/v1/interactions/v1_x?stream=true&last_event_id=e%2F1&key=k',
      { name: 'interactions.get', target: '/v1/interactions/v1_x?stream=true&last_event_id=e%2F1' },
    ],
    ['POST', '/v1/interactions/v1_x/cancel', { name: 'interactions.cancel', answer: 'resource' }],
    ['DELETE', '/v1/interactions/v1_x', { name: 'interactions.delete', answer: 'resource' }],
    ['GET', '/v1/interactions', other],
    ['POST', '/v1/interactions/v1_x/somethingNew', other],
    ['POST', '/v1/interactions:somethingNew', other],
    ['POST', '/v1/agents', other],
    ['GET', '/v1/environments/e/files/a.txt?alt=media', { answer: 'opaque' }],
    ['PUT', '/upload/v1/environments/e/files/a.txt', { name: 'upload', answer: 'receipt', body: 'stream' }],
    ['POST', '/v1/webhooks/w:ping', other],
  ])('%s %s', (method, target, expected) => {
    const call = surfaces.match({ method, target, headers });
    expect(call).toMatchObject({ surface: 'gemini', isArray: false, ...expected });
    expect(call.dialect).toBe(interactions);
  });

  test.each([
    ['/v1/interactions', interactions],
    ['/v1beta/interactions/v1_x?stream=true', interactions],
    ['/upload/v1/environments/e/files/a', interactions],
    ['/v1/voices?page_size=1', interactions],
    ['/v1/webhooks:new', interactions],
    ['/v1/interactionsAndMore', gemini],
    ['/v1/models/interactions', gemini],
    ['/v1beta/openai/interactions', openaiChat],
  ])('%s is refused in its own language', (target, dialect) => {
    expect(surfaces.dialectOf(target)).toBe(dialect);
  });
});

describe('what the body of an interaction says', () => {
  const kept = { isSticky: true, repeat: 'if-nothing-happened' };
  const free = { isSticky: false, repeat: 'unless-it-ran' };
  const long = 'x'.repeat(300_000);
  test.each<[what: string, body: string, expected: object]>([
    ['its model', '{"model":"models/gemini-2.5-flash","input":"hi"}', { ...kept, model: 'gemini-2.5-flash' }],
    ['that it is kept', '{"model":"m","store":true}', { ...kept, model: 'm' }],
    ['that it is not', '{"model":"m","store": false}', { ...free, model: 'm' }],
    ['that it is not, behind much', `{"input":"${long}","model":"m","store":false}`, { ...free, model: 'm' }],
    ['that somewhere deeper nothing is', '{"input":[{"store":false}],"model":"m"}', kept],
    ['both', '{"store":false,"model":"m","store":true}', kept],
    ['no such thing', '{"store":null}', kept],
    ['that an agent is to work', '{"agent":"deep-research","store":false}', { ...kept, model: null }],
    ['that it works in an environment', '{"model":"m","environment":"remote","store":false}', kept],
    ['nothing that can be read', '{"model":"m","store":false', kept],
    ['nothing at all', '', kept],
  ])('%s', (_, body, expected) => {
    const call = surfaces.match({ method: 'POST', target: '/v1/interactions', headers });
    expect(surfaces.readBody(call, Buffer.from(body))).toMatchObject(expected);
  });
});
