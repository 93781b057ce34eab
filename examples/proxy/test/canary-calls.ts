/** Secrets of every kind, a configuration that holds them, and requests that carry them. */

import { isDeepStrictEqual } from 'node:util';
import type { SimulatedProject } from '@sluice/simulator';
import { leakHeader, leakNames } from './canary-leaks.ts';
import { handshake, livePath, setup, textFrame, turnOf } from './live-client.ts';

/** What all secrets of a kind have in common, and nothing else has. */
export const stems = {
  googleKey: 'Zq7CanaryGoogleKey',
  plainKey: 'Vw3CanaryPlainKey',
  callerKey: 'Kc5CanaryCallerKey',
  wrongKey: 'Hn8CanaryWrongKey',
  faultyKey: 'Fq6CanaryFaultyKey',
  prompt: 'Tp2CanaryOfThePrompt',
  answer: 'Bm4CanaryOfTheAnswer',
  token: 'Dx9CanaryLiveToken',
  handle: 'Gj1CanaryLiveHandle',
} as const;

/** Those that no client may see, its own and that of others. */
export const keyStems = {
  googleKey: stems.googleKey,
  plainKey: stems.plainKey,
  callerKey: stems.callerKey,
  wrongKey: stems.wrongKey,
  faultyKey: stems.faultyKey,
} as const;

export const wrongKey = `${stems.wrongKey}-0123456789`;
export const callers = ['alice', 'bob', 'carol'].map((id) => ({
  id,
  key: `${stems.callerKey}-of-${id}-${'9'.repeat(9)}`,
}));

/** Steps put keys out of use, so there are more than all of them together can use up. */
export const projects: readonly (SimulatedProject & { readonly keys: string[] })[] = Array.from(
  { length: 400 },
  (_, at) => {
    const number = String(at).padStart(4, '0');
    const google = `AIzaSy${stems.googleKey}-${number}_${'x'.repeat(9)}`;
    return { id: `project-${number}`, keys: at % 2 === 0 ? [google] : [`${stems.plainKey}-${number}`] };
  },
);

/** Nothing waits for long, nothing is given up for long, and what never ends is cut. */
export function configuration(baseUrl: string): Record<string, unknown> {
  return {
    log: { level: 'trace', requests: 'all' },
    server: { drainMs: 500, headersInMs: 2_000, bodyInMs: 2_000 },
    pools: { gemini: { baseUrl, strategy: 'round-robin', projects } },
    callers,
    retry: {
      maxAttempts: 2,
      maxKeyFailovers: 2,
      maxUpstreamCalls: 3,
      baseDelayMs: 1,
      throttleDelayMs: 1,
      maxDelayMs: 10,
    },
    breaker: { consecutiveFailures: 100_000, windowOutcomes: 100_000, windowFailures: 100_000 },
    timeouts: { headersMs: 1_500, firstEventMs: 1_500, idleMs: 1_500, totalMs: 6_000, afterTerminalMs: 200 },
    queue: { maxEntries: 1_000, maxWaitMs: 100 },
    // However busy the machine is, every step is to be played.
    overload: { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 },
    limits: { maxEventBytes: 1_000_000, maxAnswerBytes: 2_000_000 },
  };
}

/** A request as it goes over the wire, a byte a character. */
export interface SentRequest {
  readonly name: string;
  readonly text: string;
}

type Shown = 'header' | 'bearer' | 'query' | 'all';

/** Bodies of a generation, in each language. */
const geminiBody = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: stems.prompt }] }] });
const streamed = { model: 'gemini-2.5-flash', stream: true };
const chatBody = JSON.stringify({ ...streamed, messages: [{ role: 'user', content: stems.prompt }] });
const interactionBody = JSON.stringify({ ...streamed, input: stems.prompt });

const paths = {
  stream: '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
  array: '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
  unary: '/v1beta/models/gemini-2.5-flash:generateContent',
  chat: '/v1beta/openai/chat/completions',
  count: '/v1beta/models/gemini-2.5-flash:countTokens',
  interaction: '/v1beta/interactions',
} as const;

function bodyOf(to: keyof typeof paths): string {
  return to === 'chat' ? chatBody : to === 'interaction' ? interactionBody : geminiBody;
}

/** How calls are made; a step is played with the first of these and the others in turn. */
const ways: readonly (readonly [keyof typeof paths, Shown])[] = [
  ['stream', 'header'],
  ['unary', 'query'],
  ['chat', 'bearer'],
  ['array', 'all'],
  ['count', 'header'],
  ['interaction', 'header'],
];

/** A step as a stream, as a unary call and in one more way; what belongs to another kind of call, as that too. */
export function requestsOf(step: string, number: number): SentRequest[] {
  const more = /interaction|checkpoint/.test(step) ? 5 : 2 + (number % (ways.length - 2));
  const plan = (name: string): string[] => [`x-simulator-plan: ${step}`, `x-simulator-run: ${step}-${name}-${number}`];
  const requests = [0, 1, more].map((at) => {
    const [path, shown] = ways[at] as (typeof ways)[number];
    const caller = callers[(number + at) % callers.length] as (typeof callers)[number];
    return call(`${step} ${path}`, path, { key: caller.key, shown, more: plan(path) });
  });
  return step.startsWith('live') ? [...requests, session(`${step} session`, plan('session'))] : requests;
}

/** A Live session and what is said in it, without waiting for an answer. */
function session(name: string, more: readonly string[]): SentRequest {
  const [{ key }] = callers as [(typeof callers)[number]];
  const lines = handshake(`${livePath}?key=${key}`, more);
  return { name, text: `${lines.join('\r\n')}\r\n\r\n${textFrame(setup)}${textFrame(turnOf(stems.prompt))}` };
}

/** Calls to a provider that repeats the key; the keys of the pool take turns, so that those of each shape go up. */
export function leakyRequests(): SentRequest[] {
  const { key } = callers[1] as (typeof callers)[number];
  return leakNames.flatMap((leak) =>
    (['stream', 'unary', 'chat'] as const).flatMap((path) =>
      [1, 2].map((turn) => call(`a key ${leak}, by ${path} ${turn}`, path, { key, more: [`${leakHeader}: ${leak}`] })),
    ),
  );
}

/** Keys that are wrong, missing or two at once. */
export function refusedRequests(): SentRequest[] {
  const shown: readonly Shown[] = ['header', 'bearer', 'query', 'all'];
  const right = (callers[0] as (typeof callers)[number]).key;
  return [
    ...shown.map((how) => call(`wrong key by ${how}`, 'stream', { key: wrongKey, shown: how })),
    ...shown.map((how) => call(`wrong key for a list by ${how}`, 'chat', { key: wrongKey, shown: how })),
    call('two keys', 'unary', { key: right, shown: 'header', more: [`authorization: Bearer ${wrongKey}`] }),
    call('a key in another scheme', 'unary', { key: '', shown: 'header', more: [`authorization: Basic ${wrongKey}`] }),
    call('a key in a cookie', 'unary', { key: right, shown: 'header', more: [`cookie: key=${wrongKey}`] }),
  ];
}

/** What is no proper request, with secrets in the place where it goes wrong. */
export function malformedRequests(): SentRequest[] {
  const { key } = callers[0] as (typeof callers)[number];
  const secret = `x-goog-api-key: ${key}`;
  const text: readonly (readonly [string, string])[] = [
    ['no HTTP at all', `${key}\r\n\r\n`],
    ['a broken header', `GET /v1beta/models?key=${key} HTTP/1.1\r\n${key}\r\n\r\n`],
    ['a version that nobody knows', `GET /v1beta/models?key=${key} HTTP/7.3\r\n\r\n`],
    ['a method that nobody knows', `${key} /v1beta/models HTTP/1.1\r\nhost: a\r\n\r\n`],
    ['headers too large', `GET / HTTP/1.1\r\nhost: a\r\n${secret}\r\nx: ${wrongKey.repeat(1_500)}\r\n\r\n`],
    ['a target with a host', `GET http://a/v1beta/models?key=${key} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`],
    [
      'a path that is none',
      `GET /nothing/here?key=${key} HTTP/1.1\r\nhost: a\r\n${secret}\r\nconnection: close\r\n\r\n`,
    ],
    ['an escaped key', `GET /v1beta/models?k%65y=${key} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`],
    ['a broken escape', `GET /v1beta/%zz?key=${key} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`],
    ['a wrong length', `POST /v1beta/models HTTP/1.1\r\nhost: a\r\n${secret}\r\ncontent-length: ${key}\r\n\r\n`],
    [
      'a wrong chunk',
      `POST ${paths.unary} HTTP/1.1\r\nhost: a\r\n${secret}\r\ntransfer-encoding: chunked\r\n\r\n${key}\r\n`,
    ],
    ...['/', '/metrics', '/healthz', '/readyz'].map(
      (path) =>
        [
          `a key at ${path}`,
          `GET ${path}?key=${key} HTTP/1.1\r\nhost: a\r\n${secret}\r\nconnection: close\r\n\r\n`,
        ] as const,
    ),
  ];
  return [
    ...text.map(([name, one]) => ({ name, text: one })),
    call('a body that is no JSON', 'unary', { key, body: `{"contents": ${stems.prompt}` }),
    call('a body of another type', 'unary', { key, type: 'text/plain' }),
    call('a model that is not there', 'unary', { key, path: '/v1beta/models/not-there:generateContent' }),
    call('a method that is not for it', 'unary', { key, method: 'DELETE' }),
    call('a preflight', 'unary', { key, method: 'OPTIONS' }),
    call('a file of nobody', 'unary', {
      key,
      body: geminiBody.replace('"text"', '"fileData":{"fileUri":"files/none"},"text"'),
    }),
    call('a step that is not there', 'unary', { key, more: [`x-simulator-plan: none-${stems.prompt}`] }),
  ];
}

/** Configurations with a secret where the fault is. */
export function faultyConfigurations(baseUrl: string): (object | string)[] {
  const good = configuration(baseUrl);
  const secret = `AIzaSy${stems.faultyKey}-0123456789abcdef`;
  const faulty = [
    `{ "keys": "${secret}" "${secret}": ${secret}`,
    { ...good, keys: { [secret]: secret } },
    { ...good, [secret]: 1 },
    { ...good, callers: [{ id: secret, key: stems.faultyKey.slice(0, 12) }] },
    { ...good, callers: [{ id: 'a', key: `${stems.faultyKey} with blanks` }] },
    { ...good, callers: [...callers, { id: 'dave', key: callers[0]?.key }] },
    { ...good, pools: { gemini: { baseUrl, projects: [{ id: secret, keys: [secret, `${secret} x`] }] } } },
    {
      ...good,
      pools: { gemini: { baseUrl: `ftp://user:${secret}@a/?key=${secret}`, projects: [{ id: 'a', keys: secret }] } },
    },
  ];
  return faulty.filter((one) => !isDeepStrictEqual(one, good));
}

interface CallOptions {
  readonly key: string;
  readonly shown?: Shown;
  readonly more?: readonly string[];
  readonly body?: string;
  readonly type?: string;
  readonly path?: string;
  readonly method?: string;
}

function call(name: string, to: keyof typeof paths, options: CallOptions): SentRequest {
  const { key, shown = 'header', more = [], type = 'application/json', method = 'POST' } = options;
  const { path = paths[to], body = bodyOf(to) } = options;
  const has = (how: Shown): boolean => key !== '' && (shown === how || shown === 'all');
  const target = has('query') ? `${path}${path.includes('?') ? '&' : '?'}key=${key}` : path;
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...(has('header') ? [`x-goog-api-key: ${key}`] : []),
    ...(has('bearer') ? [`authorization: Bearer ${key}`] : []),
    ...more,
  ];
  return { name, text: `${lines.join('\r\n')}\r\n\r\n${body}` };
}
