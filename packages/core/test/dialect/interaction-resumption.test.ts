/** Which call tells the rest of an interaction's stream. */

import { describe, expect, test } from 'vitest';
import { interactionResumption } from '../../src/dialect/interactions/resumption.ts';
import { geminiSurfaces } from '../../src/surface/gemini.ts';

const { remainder } = interactionResumption;

describe('the rest of an interaction is asked for', () => {
  test.each<[target: string, subject: string | null, place: string | null, expected: string | null]>([
    ['/v1/interactions', 'v1_x', 'e1', '/v1/interactions/v1_x?stream=true&last_event_id=e1'],
    ['/v1beta/interactions?alt=sse', 'v1_x', 'e1', '/v1beta/interactions/v1_x?stream=true&last_event_id=e1&alt=sse'],
    ['/v1/interactions', 'v1_x', 'a/b+c=&é', '/v1/interactions/v1_x?stream=true&last_event_id=a%2Fb%2Bc%3D%26%C3%A9'],
    ['/v1/interactions', 'v1_x', null, '/v1/interactions/v1_x?stream=true'],
    ['/v1/interactions', null, 'e1', null],
    ['/v1/interactions/v1_y?stream=true', null, 'e1', '/v1/interactions/v1_y?stream=true&last_event_id=e1'],
    [
      '/v1/interactions/v1_y?include_input=true&last%5Fevent_id=e0&stream=true&&x',
      'v1_other',
      'e1',
      '/v1/interactions/v1_y?stream=true&last_event_id=e1&include_input=true&x',
    ],
    [
      '/v1/interactions/v1_y?stream=true&last_event_id=e%2F0',
      null,
      null,
      '/v1/interactions/v1_y?stream=true&last_event_id=e%2F0',
    ],
    ['/v1/interactions/v1_y/cancel', 'v1_y', 'e1', null],
    ['/v1/agents', 'v1_x', 'e1', null],
  ])('%s, %s, %s', (target, subject, place, expected) => {
    expect(remainder(target, subject, place)).toBe(expected);
  });

  test.each(['', '../files/x', 'a/b', 'a?b', 'a%2f', 'a b', '.', 'x'.repeat(129)])(
    'never by a name that is none: %j',
    (subject) => {
      expect(remainder('/v1/interactions', subject, 'e1')).toBeNull();
    },
  );
});

describe('a call can be heard on', () => {
  const surfaces = geminiSurfaces(new Map());
  const headers = { 'content-type': 'application/json' };
  test.each<[method: string, target: string, body: object | null, can: boolean]>([
    ['POST', '/v1/interactions', { model: 'm', stream: true }, true],
    ['POST', '/v1/interactions', { model: 'm', stream: true, store: true }, true],
    ['POST', '/v1/interactions', { model: 'm', stream: true, store: false }, false],
    ['GET', '/v1/interactions/v1_x?stream=true', null, true],
    ['DELETE', '/v1/interactions/v1_x', null, false],
    ['POST', '/v1/interactions/v1_x/cancel', null, false],
    ['POST', '/v1/models/m:streamGenerateContent?alt=sse', {}, false],
    ['POST', '/v1/openai/chat/completions', { model: 'm', stream: true }, false],
  ])('%s %s %j: %s', (method, target, body, can) => {
    const matched = surfaces.match({ method, target, headers });
    const call = surfaces.readBody(matched, Buffer.from(body === null ? '' : JSON.stringify(body)));
    expect((call.resumption ?? null) !== null).toBe(can);
  });
});
