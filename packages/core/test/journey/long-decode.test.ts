/** Long decode: hops and checkpoints pass untouched, each token goes back where it came from, and the SDK goes on by itself. */

import type { GoogleGenAI } from '@google/genai';
import type { RecordedRequest, StepName } from '@sluice/simulator';
import { describeDrivers } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, bob, call, clientOf, projects, threeProjects } from './two-callers.ts';

const model = 'gemini-4-argon';
const words = Array.from({ length: 60 }, (_, at) => `w${at}`).join(' ');
const stage = { ...threeProjects, simulator: { ...threeProjects.simulator, answer: () => words, hopTokens: 12 } };
const path = `/v1beta/models/${model}`;
const contents = [{ role: 'user', parts: [{ text: 'Tell me.' }] }];
const quick = { callers: stage.gateway?.callers ?? [], retry: { baseDelayMs: 1, throttleDelayMs: 1 } };

describeDrivers('an answer in hops', (_driver, mount) => {
  test('is put together by the SDK, whole and streamed, each in one project', async () => {
    for (const ask of [whole, streamed]) {
      const mounted = await mount(stage);
      for (let time = 0; time < 4; time++) {
        const before = mounted.simulator.journal.requests.length;
        expect(await ask(clientOf(mounted, alice))).toBe(words);
        const requests = mounted.simulator.journal.requests.slice(before);
        expect(requests.length).toBeGreaterThan(4);
        expect(new Set(requests.map(keyIn)).size).toBe(1);
      }
      // And without a token any project would have done.
      expect(new Set(mounted.simulator.journal.requests.map(keyIn)).size).toBe(projects.length);
    }
  });

  test.each(['generateContent', 'streamGenerateContent', 'streamGenerateContent?alt=sse'])(
    '%s: the token passes as it is, and is written down before the answer ends',
    async (verb) => {
      const mounted = await mount(stage);
      for (let time = 0; time < 6; time++) {
        const first = await call(mounted, alice, `${path}:${verb}`, { contents });
        expect(first).toMatchObject({ status: 200, brokenBy: null });
        expect(first.text).toContain('CONTINUATION');
        const continuationToken = tokensIn(first.text).at(-1);
        const before = mounted.simulator.journal.requests.length;
        const next = await call(mounted, alice, `${path}:${verb}`, { contents, continuationToken });
        expect(next.status, next.text).toBe(200);
        const [made, continued] = mounted.simulator.journal.requests.slice(before - 1);
        expect(keyIn(continued)).toBe(keyIn(made));
        expect(JSON.parse(Buffer.from(continued?.body ?? '').toString())).toEqual({ contents, continuationToken });
      }
    },
  );

  test('in snake_case and of another caller: the token is an answer’s of its own', async () => {
    const mounted = await mount(stage);
    const first = await call(mounted, alice, `${path}:generateContent`, { contents });
    const continuation_token = tokensIn(first.text).at(-1);
    expect((await call(mounted, alice, `${path}:generateContent`, { contents, continuation_token })).status).toBe(200);
    const before = mounted.simulator.journal.requests.length;
    const foreign = await call(mounted, bob, `${path}:generateContent`, { contents, continuation_token });
    expect(foreign.status).toBe(404);
    expect(foreign.text).toContain('continuation token');
    expect(foreign.text).not.toContain(continuation_token);
    expect(mounted.simulator.journal.requests.length).toBe(before);
  });
});

describeDrivers('a stream that drops behind a checkpoint', (_driver, mount) => {
  test('goes on from there in the SDK: no word is lost, and none comes twice', async () => {
    const mounted = await mount(stage);
    for (let time = 0; time < 3; time++) {
      mounted.simulator.plan('*', ['drop-after-checkpoint', 'ok', 'drop-after-checkpoint', 'ok']);
      const before = mounted.simulator.journal.requests.length;
      expect(await streamed(clientOf(mounted, alice))).toBe(words);
      const requests = mounted.simulator.journal.requests.slice(before);
      expect(new Set(requests.map(keyIn)).size).toBe(1);
      // Each request is one of the client's: the gateway asks for nothing again by itself.
      expect(requests.map(tokenOf).filter((token) => token === undefined)).toHaveLength(1);
      expect(new Set(requests.map(tokenOf)).size).toBe(requests.length);
    }
  });

  test('is given up by the SDK when it cannot go on, and never taken for whole', async () => {
    const mounted = await mount({ ...stage, gateway: quick });
    const drops: StepName[] = Array.from({ length: 12 }, () => 'rst-mid-stream');
    mounted.simulator.plan('*', ['drop-after-checkpoint', ...drops]);
    await expect(streamed(clientOf(mounted, alice))).rejects.toThrow();
  });

  test('ends with its last words behind all that came, and abortively', async () => {
    const mounted = await mount(stage);
    mounted.simulator.plan('*', ['drop-after-checkpoint']);
    const answer = await call(mounted, alice, `${path}:streamGenerateContent?alt=sse`, { contents });
    expect(answer.brokenBy).not.toBeNull();
    const lastWords = answer.text.slice(answer.text.lastIndexOf('\r\n\r\n') + 4);
    expect(JSON.parse(lastWords)).toMatchObject({ error: { code: 502, status: 'UNAVAILABLE' } });
    expect(tokensIn(answer.text)).toHaveLength(1);
    expect(mounted.simulator.journal.requests).toHaveLength(1);
    // And its checkpoint is good.
    const body = { contents, continuationToken: tokensIn(answer.text)[0] };
    expect((await call(mounted, alice, `${path}:generateContent`, body)).status).toBe(200);
  });
});

async function whole(ai: GoogleGenAI): Promise<string> {
  return (await ai.models.generateContent({ model, contents: 'Tell me.' })).text ?? '';
}

async function streamed(ai: GoogleGenAI): Promise<string> {
  let said = '';
  for await (const { text } of await ai.models.generateContentStream({ model, contents: 'Tell me.' }))
    said += text ?? '';
  return said;
}

function tokensIn(text: string): string[] {
  return [...text.matchAll(/"continuationToken":\s*("[^"]+")/g)].map(([, json = '']) => JSON.parse(json) as string);
}

function tokenOf({ body }: RecordedRequest): string | undefined {
  return (JSON.parse(Buffer.from(body).toString()) as { continuationToken?: string }).continuationToken;
}

function keyIn(request: RecordedRequest | undefined): string | undefined {
  return request?.headers['x-goog-api-key'];
}
