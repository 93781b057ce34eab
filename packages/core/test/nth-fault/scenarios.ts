/** Thirteen whole scenarios: what is asked, in which order, and what the provider would answer if nothing failed. */

import type { CallerOptions } from '../../src/auth/auth.ts';
import { isSluiceError } from '../../src/errors.ts';
import type { GatewayOptions, ProjectOptions } from '../../src/options.ts';
import type { UpstreamRequest } from '../../src/wire.ts';
import * as answers from './answers.ts';
import type { Asked } from './client.ts';
import type { Reply } from './scripted-upstream.ts';
import { keyOf, type Stage } from './stage.ts';

export interface Scenario {
  readonly name: string;
  readonly projects?: readonly (Partial<ProjectOptions> & { readonly id: string })[];
  readonly options?: Partial<GatewayOptions>;
  readonly caller?: Partial<CallerOptions>;
  /** A store that several processes share stands behind it. */
  readonly isShared?: boolean;
  /** Reasons for which a key or a project may rest here. */
  readonly rests?: readonly string[];
  /** Streams come compressed. */
  readonly isCompressed?: boolean;
  /** The gateway serves nobody afterwards. */
  readonly isClosed?: boolean;
  /** Answers for one run. */
  script(): (request: UpstreamRequest) => Reply;
  run(stage: Stage): Promise<unknown>;
}

const model = '/v1beta/models/gemini-2.5-flash';
const prompt = { contents: [{ role: 'user', parts: [{ text: 'Count to three.' }] }] };
export const unary: Asked = { target: `${model}:generateContent`, body: prompt };
const sse: Asked = { target: `${model}:streamGenerateContent?alt=sse`, body: prompt };
const array: Asked = { target: `${model}:streamGenerateContent`, body: prompt };
const openai: Asked = {
  target: '/v1beta/openai/chat/completions',
  body: { model: 'gemini-2.5-flash', stream: true, messages: [{ role: 'user', content: 'Count to three.' }] },
};

/** A plain prompt is always answered: it is asked when all is over. */
const always = (reply: Reply) => () => (request: UpstreamRequest) =>
  request.target === unary.target ? answers.unaryAnswer() : reply;
const first = (reply: Reply) => () => {
  let calls = 0;
  return (): Reply => (calls++ === 0 ? reply : answers.unaryAnswer());
};

const quotaRefusal = answers.errorAnswer(429, 'RESOURCE_EXHAUSTED', [
  { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '30s' },
]);

const file = {
  name: 'files/abc123',
  uri: 'https://provider.test/v1beta/files/abc123',
  mimeType: 'text/plain',
  state: 'ACTIVE',
};
const cached = { name: 'cachedContents/xyz789', model: 'models/gemini-2.5-flash' };
const withFile = {
  contents: [{ role: 'user', parts: [{ fileData: { fileUri: file.uri } }, { text: 'What is it?' }] }],
};

/** The file lives in one of two projects, and nobody has said in which. */
function resources(): (request: UpstreamRequest) => Reply {
  return ({ method, target, headers }) => {
    if (target.endsWith(':generateContent')) return answers.unaryAnswer();
    if (method === 'DELETE') return answers.resourceAnswer({});
    if (method === 'POST') return answers.resourceAnswer(cached);
    const isThere = headers.includes(keyOf('two'));
    return isThere ? answers.resourceAnswer(file) : answers.errorAnswer(403, 'PERMISSION_DENIED');
  };
}

export const scenarios: readonly Scenario[] = [
  { name: 'unary', script: always(answers.unaryAnswer()), run: (stage) => stage.ask(unary) },
  { name: 'SSE stream', script: always(answers.sseAnswer()), run: (stage) => stage.ask(sse) },
  { name: 'array stream', script: always(answers.arrayAnswer()), run: (stage) => stage.ask(array) },
  { name: 'OpenAI stream', script: always(answers.openaiAnswer()), run: (stage) => stage.ask(openai) },
  {
    name: 'compressed answers',
    isCompressed: true,
    script: () => (request) => {
      if (request.target === unary.target) return answers.unaryAnswer();
      return answers.compressed(request.target === sse.target ? answers.sseAnswer() : answers.unaryAnswer());
    },
    async run(stage) {
      await stage.ask(sse);
      await stage.ask({ ...unary, target: `${model}-lite:generateContent` });
    },
  },
  {
    name: 'a retry',
    script: first(answers.errorAnswer(503, 'UNAVAILABLE')),
    run: (stage) => stage.ask(unary),
  },
  {
    name: 'failover to another project',
    projects: [{ id: 'one' }, { id: 'two' }],
    rests: ['quota_minute', 'quota_unexplained'],
    script: first(quotaRefusal),
    run: (stage) => stage.ask(unary),
  },
  {
    name: 'a reader that pauses',
    script: always(answers.sseAnswer(answers.manyWords)),
    run: (stage) => stage.ask({ ...sse, pauseMs: 200 }),
  },
  {
    name: 'a client that hangs up',
    script: always(answers.sseAnswer(answers.manyWords, 20)),
    run: (stage) => stage.ask({ ...sse, leavesAt: 3 }),
  },
  {
    name: 'a wait for room',
    projects: [{ id: 'main', limits: { maxInFlight: 1 } }],
    isShared: true,
    script: always(answers.sseAnswer(answers.words, 100)),
    run: (stage) => Promise.all([stage.ask(sse), stage.ask(sse), stage.ask(unary)]),
  },
  {
    name: 'things that live in a project',
    projects: [{ id: 'one' }, { id: 'two' }],
    isShared: true,
    script: resources,
    async run(stage) {
      await stage.ask({ method: 'GET', target: '/v1beta/files/abc123' });
      await stage.ask({ ...unary, body: withFile });
      await stage.ask({ target: '/v1beta/cachedContents', body: { model: cached.model, ...prompt } });
      await stage.ask({ ...unary, body: { ...prompt, cachedContent: cached.name } });
      await stage.ask({ method: 'DELETE', target: `/v1beta/${cached.name}` });
    },
  },
  {
    name: 'limits, and an operator',
    projects: [
      { id: 'one', limits: { requestsPerMinute: 50, tokensPerMinute: 100_000, maxInFlight: 4 } },
      { id: 'two', limits: { requestsPerDay: 50 } },
    ],
    caller: { limits: { requestsPerMinute: 100, tokensPerMinute: 1_000_000 } },
    isShared: true,
    rests: ['operator'],
    script: always(answers.sseAnswer()),
    async run(stage) {
      const { gemini } = stage.gateway.pools;
      await Promise.all([stage.ask(sse), stage.ask(unary)]);
      await decided(stage, gemini?.disable('one#1'), 1);
      await stage.ask(sse);
      await decided(stage, gemini?.enable('one#1'), 0);
      await stage.ask(unary);
    },
  },
  {
    name: 'drained in the middle of a stream',
    isShared: true,
    isClosed: true,
    script: always(answers.sseAnswer(answers.manyWords, 200)),
    async run(stage) {
      const first = stage.ask(sse);
      await stage.pause(300);
      const drained = stage.gateway.drain({ withinMs: 400 });
      await stage.ask(unary);
      await Promise.all([first, drained]);
    },
  },
];

/** What is decided is kept before anybody is told so; where the store is out of reach it is refused, and says so. */
async function decided(stage: Stage, decision: Promise<unknown> | undefined, rests: number): Promise<void> {
  try {
    await decision;
    const kept = await stage.keptRests();
    if (kept !== rests) stage.broken.push(`decided, and the store keeps ${kept} rests, not ${rests}`);
  } catch (error) {
    if (!isSluiceError(error, 'storage_unavailable')) throw error;
  }
}
