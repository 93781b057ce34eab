import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { withoutAlias } from '../../src/live/alias.ts';
import { readSetup } from '../../src/live/setup.ts';
import { aStage, lastEnd } from './a-talk.ts';

const routes = new Map([
  ['fast', 'gemini-3.8-live'],
  ['a.longer_alias-than-most', 'm'],
]);

function changed(text: string): { text: string; model: string | null } {
  const { frame, model } = withoutAlias(readSetup({ data: Buffer.from(text), isText: true }), routes);
  return { text: Buffer.from(frame.data).toString(), model };
}

describe('an alias in a setup becomes the model that it stands for, and nothing else changes', () => {
  test.each([
    ['{"setup":{"model":"models/fast"}}', '{"setup":{"model":"models/gemini-3.8-live"}}'],
    ['{"setup":{"model":"fast"}}', '{"setup":{"model":"gemini-3.8-live"}}'],
    ['{"setup":{"model":"models/a.longer_alias-than-most","x":1}}', '{"setup":{"model":"models/m","x":1}}'],
    [
      ' {\n "other": {"model": "fast"},\t"setup" : { "nested":{"model":"fast", "deep":[{"model":"fast"}]},\r\n"model" : "fast" , "ü":"\\"model\\":\\"fast\\"" } }\n',
      ' {\n "other": {"model": "fast"},\t"setup" : { "nested":{"model":"fast", "deep":[{"model":"fast"}]},\r\n"model" : "gemini-3.8-live" , "ü":"\\"model\\":\\"fast\\"" } }\n',
    ],
    [
      '{"setup":{"model":"fast"},"setup":{"model":"x","model":"fast"}}',
      '{"setup":{"model":"fast"},"setup":{"model":"x","model":"gemini-3.8-live"}}',
    ],
  ])('%j', (text, expected) => {
    expect(changed(text).text).toBe(expected);
    expect(['gemini-3.8-live', 'm']).toContain(changed(text).model);
  });

  test.each([
    ['that is unknown', '{"setup":{"model":"models/slow"}}'],
    ['that is a part of a name', '{"setup":{"model":"models/fast-1"}}'],
    ['of another collection', '{"setup":{"model":"tunedModels/fast"}}'],
    ['where there is none', '{"setup":{},"model":"fast"}'],
    ['that somebody has hidden', '{"setup":{"model":"f\\u0061st"}}'],
    ['under a key that somebody has hidden', '{"setup":{"mod\\u0065l":"fast"}}'],
    ['that a later one takes back', '{"setup":{"model":"fast","model":"x"}}'],
    ['in a setup that a later one takes back', '{"setup":{"model":"fast"},"setup":{}}'],
  ])('one %s is left as it is', (_which, text) => {
    expect(changed(text).text).toBe(text);
  });

  test('on its way to the provider, with the opcode that it came with, and in what is told of the session', async () => {
    const stage = await aStage({ options: { routes: { fast: { model: 'models/gemini-3.8-live' } } } });
    for (const isText of [true, false]) {
      const client = await stage.connect();
      client.ws.send(Buffer.from('{ "setup": { "model": "models/fast", "tools": [] } }'), { binary: !isText });
      await eventually('no answer', () => client.heard.length === 1);
      const text = '{ "setup": { "model": "models/gemini-3.8-live", "tools": [] } }';
      expect(stage.talks.at(-1)?.heard).toEqual([{ text, isText }]);
      client.ws.close();
    }
    expect(await lastEnd(stage)).toMatchObject({ model: 'gemini-3.8-live' });
  });
});
