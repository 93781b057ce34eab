import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, goldenDir } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { aStage, type Heard, setup } from './a-talk.ts';

/** One frame of a recording, and who said it. */
interface Said {
  readonly by: 'client' | 'provider';
  readonly text: string;
}

/** `>59 {"setup":…}`: an arrow, the number of bytes, and the frame itself; a line end closes it. */
function readRecording(file: string): Said[] {
  const bytes = readFileSync(file);
  const said: Said[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === 0x0a) {
      at++;
      continue;
    }
    const space = bytes.indexOf(0x20, at);
    const [, arrow, length] = /^([<>])(\d+)$/.exec(bytes.toString('latin1', at, space)) ?? [];
    if (length === undefined) throw new Error(`${file} has no frame at byte ${at}`);
    at = space + 1 + Number(length);
    said.push({ by: arrow === '>' ? 'client' : 'provider', text: bytes.toString('utf8', space + 1, at) });
  }
  return said;
}

/** A frame of the provider's in each line. What the client had said was not recorded, so any setup will do. */
function readChunks(file: string): Said[] {
  const frames = readFileSync(file, 'utf8').split('\n');
  const heard = frames.filter((text) => text !== '').map((text) => ({ by: 'provider' as const, text }));
  return [{ by: 'client', text: setup }, ...heard];
}

const recordings: readonly (readonly [string, (file: string) => Said[]])[] =
  goldenDir === null
    ? []
    : [
        ...readdirSync(join(goldenDir, 'js-genai'))
          .filter((file) => file.endsWith('.websocket.log'))
          .map((file) => [`js-genai/${file}`, readRecording] as const),
        ['ai-google/speech-translation--google-live-speech-translation.chunks.txt', readChunks],
      ];

test.runIf(goldenDir === null)('skipped: no golden data', () => {
  expect(goldenDir).toBeNull();
});

describe.skipIf(goldenDir === null)('recorded sessions', () => {
  test('there are as many as there should be', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(11);
  });

  test.each(recordings)('%s passes frame for frame', async (file, readSaid) => {
    const said = readSaid(join(goldenDir as string, file));
    const stage = await aStage({ script: { hears: () => {} } });
    const client = await stage.connect();
    let fromClient = 0;
    let fromProvider = 0;
    for (const { by, text } of said) {
      // The provider speaks in bytes, the SDK in text.
      if (by === 'client') {
        client.ws.send(text);
        fromClient++;
        await eventually('the provider did not hear it', () => stage.talks[0]?.heard.length === fromClient);
      } else {
        stage.talks[0]?.ws.send(Buffer.from(text));
        fromProvider++;
        await eventually('the client did not hear it', () => client.heard.length === fromProvider);
      }
    }
    const of = (side: Said['by'], isText: boolean): Heard[] =>
      said.filter(({ by }) => by === side).map(({ text }) => ({ text, isText }));
    expect(client.heard).toEqual(of('provider', false));
    expect(stage.talks[0]?.heard).toEqual(of('client', true));
    client.ws.close();
    await eventually('it is not over', () => stage.ends.length === 1);
    expect(stage.ends).toMatchObject([{ outcome: 'complete', usage: usageIn(said) }]);
  });
});

function usageIn(said: readonly Said[]): unknown {
  const counts = said.filter(({ by, text }) => by === 'provider' && text.includes('"usageMetadata"'));
  if (counts.length === 0) return null;
  const sum = (name: string): number =>
    counts.reduce((total, { text }) => total + (JSON.parse(text).usageMetadata[name] ?? 0), 0);
  return { prompt: sum('promptTokenCount'), candidates: sum('responseTokenCount') };
}
