/** Long decode over three projects: whoever goes on from a token goes on where it was given, and its bytes are nobody's to change. */

import type { Answer, RecordedRequest } from '@sluice/simulator';
import { describeDrivers } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, call, clientOf, threeProjects } from './two-callers.ts';

const model = 'gemini-4-argon';
const words = Array.from({ length: 24 }, (_, at) => `w${at}`).join(' ');
const stage = { ...threeProjects, simulator: { ...threeProjects.simulator, answer: () => words, hopTokens: 40 } };
const path = `/v1beta/models/${model}`;
const contents = [{ role: 'user', parts: [{ text: 'Tell me.' }] }];

describeDrivers('a stream that its provider drops behind a checkpoint', (_driver, mount) => {
  test('is ended, so that the SDK goes on from there: two calls to one project of three, no word lost or twice', async () => {
    const mounted = await mount(stage);
    for (let time = 0; time < 6; time++) {
      mounted.simulator.plan('*', ['drop-after-checkpoint', 'ok']);
      const before = mounted.simulator.journal.requests.length;
      const ai = clientOf(mounted, alice);
      let said = '';
      for await (const { text } of await ai.models.generateContentStream({ model, contents: 'Tell me.' }))
        said += text ?? '';
      expect(said).toBe(words);
      const requests = mounted.simulator.journal.requests.slice(before);
      expect(requests.map(tokenOf)).toEqual([undefined, expect.any(String)]);
      expect(new Set(requests.map(keyIn)).size).toBe(1);
    }
  });
});

describeDrivers('a hop', (_driver, mount) => {
  /** As it stands in JSON, escaped as nobody has to. */
  const tokenOfTime = (time: number): string => `CiQ+/ä\\u00e9\\/${time}==`;
  /** As nobody would write it: other spaces, fields that nobody knows, a number that no double holds. */
  const strange = (time: number, isStream: boolean): Buffer => {
    const json =
      '{"candidates" : [{"content":{"parts":[{"text":"a\\u00e9"}],"role":"model"}, "finishReason":"CONTINUATION",' +
      `"continuationToken" : "${tokenOfTime(time)}" ,"index":0}],"turnToken":"x","big":12345678901234567890}`;
    return Buffer.from(isStream ? `data:  ${json}\r\n\r\n` : `${json}\n`);
  };
  const answer = (time: number, isStream: boolean): Answer => ({
    status: 200,
    headers: [['Content-Type', isStream ? 'text/event-stream' : 'application/json']],
    chunks: [strange(time, isStream)],
    streamed: isStream,
  });

  test.each([
    ['generateContent', false],
    ['streamGenerateContent?alt=sse', true],
  ] as const)('%s passes byte for byte, and the next goes to the project of its token', async (verb, isStream) => {
    const mounted = await mount(stage);
    const givers: (string | undefined)[] = [];
    for (let time = 0; time < 4; time++) {
      mounted.simulator.plan('*', [answer(time, isStream)]);
      const first = await call(mounted, alice, `${path}:${verb}`, { contents });
      expect(first, first.text).toMatchObject({ status: 200, brokenBy: null });
      expect(Buffer.compare(first.body, strange(time, isStream))).toBe(0);
      givers.push(keyIn(mounted.simulator.journal.requests.at(-1)));
    }
    expect(new Set(givers).size).toBeGreaterThan(1);
    mounted.simulator.plan('*', [answer(99, isStream)]);
    for (const [time, giver] of givers.entries()) {
      const continuationToken = JSON.parse(`"${tokenOfTime(time)}"`) as string;
      const asked = { contents, continuationToken };
      expect((await call(mounted, alice, `${path}:${verb}`, asked)).status).toBe(200);
      const last = mounted.simulator.journal.requests.at(-1);
      expect(keyIn(last)).toBe(giver);
      expect(Buffer.from(last?.body ?? '').toString()).toBe(JSON.stringify(asked));
    }
  });
});

function tokenOf({ body }: RecordedRequest): string | undefined {
  return (JSON.parse(Buffer.from(body).toString()) as { continuationToken?: string }).continuationToken;
}

function keyIn(request: RecordedRequest | undefined): string | undefined {
  return request?.headers['x-goog-api-key'];
}
