import { describe, expect, test } from 'vitest';
import { geminiSurfaces } from '../../src/surface/gemini.ts';

const routes = new Map([
  ['fast', 'gemini-3.8-live'],
  ['a.longer_alias-than-most', 'm'],
  ['5', 'm'],
  ['a'.repeat(160), 'm'],
]);

function bodyUp(text: string, target = '/v1alpha/auth_tokens', method = 'POST', known = routes): string {
  const surfaces = geminiSurfaces(known);
  const call = surfaces.match({ method, target, headers: { 'content-type': 'application/json' } });
  return Buffer.from(surfaces.bodyUp(call, Buffer.from(text))).toString();
}

describe('a token is minted for the model that an alias stands for, and nothing else of it changes', () => {
  test.each([
    [
      '{"uses":1,"bidiGenerateContentSetup":{"model":"models/fast"}}',
      '{"uses":1,"bidiGenerateContentSetup":{"model":"models/gemini-3.8-live"}}',
    ],
    ['{"bidi_generate_content_setup":{"model":"fast"}}', '{"bidi_generate_content_setup":{"model":"gemini-3.8-live"}}'],
    [
      ' {\n"ü":"\\"model\\"",\t"bidiGenerateContentSetup" : {"tools":[{"model":"fast"}],"model" : "models/a.longer_alias-than-most" },"uses":1 }\n',
      ' {\n"ü":"\\"model\\"",\t"bidiGenerateContentSetup" : {"tools":[{"model":"fast"}],"model" : "models/m" },"uses":1 }\n',
    ],
  ])('%j', (text, expected) => {
    expect(bodyUp(text)).toBe(expected);
    expect(bodyUp(text, '/v1beta/auth_tokens?alt=json')).toBe(expected);
  });

  test.each([
    ['that is unknown', '{"bidiGenerateContentSetup":{"model":"models/slow"}}'],
    ['of another collection', '{"bidiGenerateContentSetup":{"model":"tunedModels/fast"}}'],
    ['elsewhere', '{"model":"fast","setup":{"model":"fast"},"bidiGenerateContentSetup":{"x":{"model":"fast"}}}'],
    ['that somebody has hidden', '{"bidiGenerateContentSetup":{"model":"f\\u0061st"}}'],
    ['that a later one takes back', '{"bidiGenerateContentSetup":{"model":"fast"},"bidiGenerateContentSetup":{}}'],
    ['that is a number', '{"bidiGenerateContentSetup":{"model":5}}'],
    ['that begins a longer name', `{"bidiGenerateContentSetup":{"model":"${'a'.repeat(161)}"}}`],
    ['in what is no JSON', '{"bidiGenerateContentSetup":{"model":"fast'],
    ['in nothing', ''],
  ])('one %s is left as it is', (_which, text) => {
    expect(bodyUp(text)).toBe(text);
  });

  test('bodies of other calls are left alone, whatever they hold, and all of them where there is no alias', () => {
    const text = '{"bidiGenerateContentSetup":{"model":"fast"},"setup":{"model":"fast"}}';
    expect(bodyUp(text, '/v1beta/models/m:generateContent')).toBe(text);
    expect(bodyUp(text, '/v1beta/cachedContents')).toBe(text);
    expect(bodyUp(text, undefined, undefined, new Map())).toBe(text);
    const body = Buffer.from(text);
    const surfaces = geminiSurfaces(routes);
    const call = surfaces.match({ method: 'POST', target: '/v1beta/models/m:generateContent', headers: {} });
    expect(surfaces.bodyUp(call, body)).toBe(body);
  });
});
