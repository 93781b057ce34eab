/** Files that a model leaves behind: named in the middle of an answer, and the caller's from then on. */

import type { Answer, RecordedRequest, Simulator, Step } from '@sluice/simulator';
import { describeDrivers, type Mounted } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, bob, call, filesIn, homeOf, keyOf, projects, threeProjects } from '../journey/two-callers.ts';

const host = 'https://generativelanguage.googleapis.com/v1beta/';
const model = '/v1beta/models/gemini-2.5-flash';
const sse = 'text/event-stream';

/** What the provider says to leave a file: as it is named, and the type of the answer. */
interface Leaving {
  readonly target: string;
  readonly body: object;
  answer(name: string): { readonly type: string; readonly pieces: readonly unknown[] };
}

const prompt = filesIn('Draw a sluice.', []);
const interaction = { model: 'gemini-2.5-flash', input: 'Draw a sluice.' };

function generation(part: object, finishReason?: string): object {
  return { candidates: [{ content: { role: 'model', parts: [part] }, finishReason, index: 0 }] };
}

function fileData(fileUri: string): object {
  return { fileData: { mimeType: 'image/png', fileUri } };
}

const ways: Readonly<Record<string, Leaving>> = {
  'a whole generation': {
    target: `${model}:generateContent`,
    body: prompt,
    answer: (name) => ({ type: 'application/json', pieces: [generation(fileData(host + name), 'STOP')] }),
  },
  'a whole generation with a bare name': {
    target: `${model}:generateContent`,
    body: prompt,
    answer: (name) => ({ type: 'application/json', pieces: [generation(fileData(name), 'STOP')] }),
  },
  'the middle of a stream': {
    target: `${model}:streamGenerateContent?alt=sse`,
    body: prompt,
    answer: (name) => ({
      type: sse,
      pieces: [
        generation({ text: 'Here it ' }),
        generation(fileData(host + name)),
        generation({ text: 'is.' }, 'STOP'),
      ],
    }),
  },
  'the last event of a stream': {
    target: `${model}:streamGenerateContent?alt=sse`,
    body: prompt,
    answer: (name) => ({
      type: sse,
      pieces: [generation({ text: 'Here: ' }), generation(fileData(host + name), 'STOP')],
    }),
  },
  'a whole interaction': {
    target: '/v1beta/interactions',
    body: interaction,
    answer: (name) => ({
      type: 'application/json',
      pieces: [
        {
          id: 'v1_drawn',
          status: 'completed',
          steps: [{ type: 'model_output', content: [{ type: 'image', uri: host + name }] }],
        },
      ],
    }),
  },
  'a step of a streamed interaction': {
    target: '/v1beta/interactions',
    body: { ...interaction, stream: true },
    answer: (name) => ({
      type: sse,
      pieces: [
        { event_type: 'interaction.created', interaction: { id: 'v1_drawn', status: 'in_progress' } },
        { event_type: 'step.start', index: 0, step: { type: 'model_output' } },
        { event_type: 'step.delta', index: 0, delta: { type: 'image', uri: host + name } },
        { event_type: 'interaction.completed', interaction: { id: 'v1_drawn', status: 'completed' } },
      ],
    }),
  },
  'a video that is there at once': {
    target: '/v1beta/models/veo-3.1-generate-preview:predictLongRunning',
    body: { instances: [{ prompt: 'A sluice.' }] },
    answer: (name) => {
      const video = { uri: `${host}${name}:download?alt=media` };
      const response = { generateVideoResponse: { generatedSamples: [{ video }] }, generatedVideos: [{ video }] };
      return {
        type: 'application/json',
        pieces: [{ name: 'models/veo-3.1-generate-preview/operations/o1', done: true, response }],
      };
    },
  },
  'a batch that is done at once': {
    target: `${model}:batchGenerateContent`,
    body: { batch: { inputConfig: { requests: { requests: [{ request: prompt }] } } } },
    answer: (name) => ({
      type: 'application/json',
      pieces: [{ name: 'batches/b1', metadata: { state: 'BATCH_STATE_SUCCEEDED' }, dest: { fileName: name } }],
    }),
  },
  'an answer in a batch': {
    target: `${model}:batchGenerateContent`,
    body: { batch: { inputConfig: { requests: { requests: [{ request: prompt }] } } } },
    answer: (name) => {
      const inlinedResponses = [{ response: generation(fileData(host + name), 'STOP') }];
      return {
        type: 'application/json',
        pieces: [{ name: 'batches/b1', response: { inlinedResponses: { inlinedResponses } } }],
      };
    },
  },
};

describeDrivers('a file that an answer leaves behind', (_driver, mount) => {
  test.each(Object.keys(ways))('in %s is its caller’s, and nobody else’s', async (what) => {
    const mounted = await mount(threeProjects);
    const { target, body, answer } = ways[what] as Leaving;
    const names = leaveFiles(mounted.simulator, target, answer);
    const answered = await call(mounted, alice, target, body);
    expect([answered.status, answered.brokenBy], answered.text).toEqual([200, null]);
    const [name] = names as [string];
    expect(answered.text).toContain(name);
    const before = mounted.simulator.journal.requests.length;
    expect((await call(mounted, alice, `/v1beta/${name}`)).status).toBe(200);
    // It is known where it lies: nobody has searched for it.
    expect(mounted.simulator.journal.requests.length - before).toBe(1);
    await isUnknownTo(mounted, bob, name);
    expect((await call(mounted, alice, '/v1beta/files?pageSize=100')).text).toContain(name);
  });

  test('is also learnt out of a streamed array', async () => {
    const mounted = await mount(threeProjects);
    const target = `${model}:streamGenerateContent`;
    const names = leaveFiles(mounted.simulator, target, (name) => ({
      type: 'application/json',
      pieces: [[generation({ text: 'Here: ' }), generation(fileData(host + name), 'STOP')]],
    }));
    const answered = await call(mounted, alice, target, prompt);
    expect([answered.status, answered.brokenBy], answered.text).toEqual([200, null]);
    await isUnknownTo(mounted, bob, names[0] as string);
  });

  test('pins what comes next to the project where it lies', async () => {
    const mounted = await mount(threeProjects);
    const { target, body, answer } = ways['the middle of a stream'] as Leaving;
    const names = leaveFiles(mounted.simulator, target, answer);
    for (let time = 0; time < 3; time++) await call(mounted, alice, target, body);
    for (const name of names) {
      const next = await call(mounted, alice, `${model}:generateContent`, filesIn('And now?', [host + name]));
      expect(next.status, next.text).toBe(200);
      expect(keyOf[homeOf(mounted, name) as string]).toBe(mounted.simulator.journal.requests.at(-1)?.key);
      expect((await call(mounted, bob, `${model}:generateContent`, filesIn('And now?', [host + name]))).status).toBe(
        404,
      );
    }
    expect(new Set(names.map((name) => homeOf(mounted, name))).size).toBeGreaterThan(1);
  });

  test('what a model only talks about, or gives to a tool, makes nothing anybody’s', async () => {
    const mounted = await mount(threeProjects);
    const target = `${model}:generateContent`;
    const args = { fileData: { fileUri: 'x' }, parts: [{ fileData: { fileUri: 'x' } }], content: { uri: 'x' } };
    const names = leaveFiles(mounted.simulator, target, (name) => {
      const told = JSON.parse(JSON.stringify(args).replaceAll('"x"', JSON.stringify(host + name))) as object;
      const parts = [
        { text: JSON.stringify(fileData(host + name)) },
        { functionCall: { name: 'see', args: told } },
        { functionResponse: { name: 'see', response: told } },
      ];
      const groundingMetadata = { groundingChunks: [{ web: { uri: host + name } }] };
      const content = { role: 'model', parts };
      return {
        type: 'application/json',
        pieces: [{ candidates: [{ content, groundingMetadata, finishReason: 'STOP' }] }],
      };
    });
    expect((await call(mounted, alice, target, prompt)).status).toBe(200);
    // It was left by nobody that anybody knows of: whoever asks finds it.
    expect((await call(mounted, bob, `/v1beta/${names[0]}`)).status).toBe(200);
  });

  test('and one that is somebody’s stays theirs, whoever’s answer names it', async () => {
    const mounted = await mount(threeProjects);
    const { target, body, answer } = ways['a whole generation'] as Leaving;
    const names = leaveFiles(mounted.simulator, target, answer);
    await call(mounted, alice, target, body);
    const [name] = names as [string];
    playTo(mounted.simulator, target, () => jsonAnswer(answer(name).type, answer(name).pieces));
    expect((await call(mounted, bob, target, body)).status).toBe(200);
    await isUnknownTo(mounted, bob, name);
    expect((await call(mounted, alice, `/v1beta/${name}`)).status).toBe(200);
  });
});

/** To whoever asks for it, it is what never was, byte for byte. */
async function isUnknownTo(mounted: Mounted, key: string, name: string): Promise<void> {
  const foreign = await call(mounted, key, `/v1beta/${name}`);
  const never = await call(mounted, key, '/v1beta/files/never-made');
  expect([foreign.status, foreign.text.replaceAll(name, 'files/never-made')]).toEqual([404, never.text]);
}

/** The provider keeps a file for each answer to `target`. @returns their names, as they come to be */
function leaveFiles(simulator: Simulator, target: string, answer: Leaving['answer']): string[] {
  const names: string[] = [];
  playTo(simulator, target, ({ key }) => {
    const project = projects.find((id) => keyOf[id] === key) as string;
    const name = simulator.project(project).addGeneratedFile(new Uint8Array(3), 'image/png');
    names.push(name);
    const { type, pieces } = answer(name);
    return jsonAnswer(type, pieces);
  });
  return names;
}

function playTo(simulator: Simulator, target: string, answer: (request: RecordedRequest) => Answer): void {
  const step: Step = (request) => (request.target === target && request.method === 'POST' ? answer(request) : 'ok');
  for (const id of projects) simulator.plan(keyOf[id] as string, [step]);
}

function jsonAnswer(type: string, pieces: readonly unknown[]): Answer {
  const texts = pieces.map((piece) => JSON.stringify(piece));
  const chunks = texts.map((text) => Buffer.from(type === sse ? `data: ${text}\r\n\r\n` : text));
  return { status: 200, headers: [['content-type', type]], chunks, streamed: true };
}
