/** What comes back through an app is what comes back without one, byte for byte. */

import type { StepName } from '@sluice/simulator';
import { describe, expect, test } from 'vitest';
import { type Call, type Reply, send } from './call.ts';
import { openStage, type Stage } from './stage.ts';
import type { AdapterSuite } from './suite.ts';

const model = '/v1beta/models/gemini-2.5-flash';
const prompt = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Say something.' }] }] });
const chat = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Say something.' }] };

/** One call of each kind, and a sign that the simulator has answered it. */
export const calls: readonly (readonly [what: string, call: Call, sign: string])[] = [
  ['a whole answer', { target: `${model}:generateContent`, body: prompt }, '"finishReason"'],
  ['a stream of events', { target: `${model}:streamGenerateContent?alt=sse`, body: prompt }, 'data: '],
  ['a stream as one array', { target: `${model}:streamGenerateContent`, body: prompt }, '"finishReason"'],
  ['a call of a function', { target: `${model}:generateContent`, body: withTool() }, '"functionCall"'],
  [
    'a streamed call of a function',
    { target: `${model}:streamGenerateContent?alt=sse`, body: withTool() },
    'functionCall',
  ],
  ['a count of tokens', { target: `${model}:countTokens`, body: prompt }, '"totalTokens"'],
  // All of them: the token of another page is new with each answer.
  ['a list of models', { method: 'GET', target: '/v1beta/models?pageSize=1000' }, '"models/gemini-2.5-flash"'],
  ['an OpenAI chat', { target: '/v1beta/openai/chat/completions', body: JSON.stringify(chat) }, '"choices"'],
];

const mountPaths = ['/', '/gemini', '/gemini/', '/a/b/c', '/a/b/c/'];

/** Faults that end before the client sees anything of an answer. */
const refusals: readonly StepName[] = [
  '400',
  '400-key-invalid',
  '404',
  '429-day',
  '503',
  '502-html',
  'redirect',
  'empty-200',
];
/** Faults in the middle of one. */
const cuts: readonly StepName[] = ['rst-mid-stream', 'fin-mid-chunk', 'cut-length', 'error-mid-stream', 'no-finish'];

export function answersAlike({ subject, takeDown }: AdapterSuite): void {
  describe.each(mountPaths)('mounted at %s, answers are those of node:http', (path) => {
    test.each(calls)('%s', async (_what, call, sign) => {
      const stage = await openStage(subject, { path }, takeDown);
      const { app } = await expectAlike(stage, call, subject.ownHeaders);
      expect(app.status).toBe(200);
      expect(app.body.toString()).toContain(sign);
    });
  });

  test.each(refusals)('an error (%s) is the one of node:http', async (step) => {
    const stage = await openStage(subject, { gateway: { retry: { maxAttempts: 1 } } }, takeDown);
    stage.simulator.plan('*', [step]);
    const { app } = await expectAlike(stage, { target: `${model}:generateContent`, body: prompt }, subject.ownHeaders);
    expect(app.status).toBeGreaterThanOrEqual(400);
  });

  test.each(cuts)('a stream that breaks (%s) never looks like one that has ended', async (step) => {
    const stage = await openStage(subject, { gateway: { retry: { maxAttempts: 1 } } }, takeDown);
    stage.simulator.plan('*', [step]);
    const call = { target: `${model}:streamGenerateContent?alt=sse`, body: prompt };
    const { app } = await expectAlike(stage, call, subject.ownHeaders);
    expect({ status: app.status, isComplete: app.isComplete }).toEqual({ status: 200, isComplete: false });
    expect(JSON.parse(app.pieces.at(-1)?.toString() ?? '')).toHaveProperty('error.code');
  });
}

/** Sends the same call both ways and compares everything that a client can see. */
export async function expectAlike(
  { app, bare }: Stage,
  call: Call,
  ownHeaders: readonly string[] = [],
): Promise<{ app: Reply; bare: Reply }> {
  // Under a mount path a target may be empty, or begin with its query; at the root no request line can say so.
  const direct = await send(bare, { ...call, target: call.target.startsWith('/') ? call.target : `/${call.target}` });
  const through = await send(app, { ...call, target: new URL(app).pathname.replace(/\/$/, '') + call.target });
  expect(visible(through, ownHeaders)).toEqual(visible(direct, ownHeaders));
  return { app: through, bare: direct };
}

/** Without what differs between any two calls, and what a framework says of itself. */
function visible({ status, headers, body, isComplete }: Reply, ownHeaders: readonly string[]): object {
  const apart = new Set(['date', 'x-sluice-request-id', ...ownHeaders]);
  const kept = Object.entries(headers).filter(([name]) => !apart.has(name));
  // Between the two calls a second may have passed.
  if (headers['retry-after'] !== undefined) kept.push(['retry-after', 'seconds']);
  return { status, headers: Object.fromEntries(kept), text: withoutIds(body), isComplete };
}

/** Every byte of an answer but those that name this one answer. */
export function withoutIds(body: Buffer): string {
  return body.toString('latin1').replace(/"(responseId|id|created)": ?("[^"]*"|\d+)/g, '"$1":"…"');
}

function withTool(): string {
  const parameters = { type: 'OBJECT', properties: { place: { type: 'STRING' } }, required: ['place'] };
  return JSON.stringify({
    contents: [{ role: 'user', parts: [{ text: 'Ask weather about Lisbon.' }] }],
    tools: [{ functionDeclarations: [{ name: 'weather', description: 'Tells the weather.', parameters }] }],
  });
}
