/** Two callers who ask the same, and what both are told. */

import type { RequestEndEvent } from '@sluice/core';
import { type Mounted, type MountOptions, type ReadAnswer, read } from '@sluice/testkit';
import { expect } from 'vitest';

export const alice = 'alice-canary-key-0001';
export const bob = 'bob-canary-key-000002';
export const callers = [
  { id: 'alice', key: alice },
  { id: 'bob', key: bob },
];
/** Stands in every prompt, and nowhere else. */
export const secret = 'canary-of-a-prompt';

const hour = 3_600_000;
export const keeping: MountOptions = { gateway: { callers, cache: { ttlMs: hour } } };
export const sharing: MountOptions = { gateway: { callers, cache: { singleFlight: true } } };
export const both: MountOptions = { gateway: { callers, cache: { ttlMs: hour, singleFlight: true } } };

const contents = [{ role: 'user', parts: [{ text: secret }] }];
const model = 'gemini-2.5-flash';
export const sse = `/v1beta/models/${model}:streamGenerateContent?alt=sse`;
export const unary = `/v1beta/models/${model}:generateContent`;
export const chat = '/v1beta/openai/chat/completions';
const messages = [{ role: 'user', content: secret }];

/** Every call that may be answered by what is known, with a body for it. */
export const calls: readonly (readonly [name: string, target: string, body: object])[] = [
  ['a unary generation', unary, { contents }],
  ['a stream', sse, { contents }],
  ['a streamed array', `/v1beta/models/${model}:streamGenerateContent`, { contents }],
  ['a token count', `/v1beta/models/${model}:countTokens`, { contents }],
  ['an embedding', '/v1beta/models/gemini-embedding-001:embedContent', { content: contents[0] }],
  ['a chat completion', chat, { model, messages }],
  ['a streamed chat completion', chat, { model, messages, stream: true }],
  ['an OpenAI embedding', '/v1beta/openai/embeddings', { model: 'gemini-embedding-001', input: secret }],
];

/** What is asked unless somebody says otherwise. */
export const plain: object = { contents };

/** What may differ from one asking to the next. */
export interface Asking {
  readonly key?: string;
  readonly body?: object | string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export function post(
  { fetch }: Mounted,
  target: string,
  { key = alice, body = plain, headers = {}, signal }: Asking = {},
): Promise<Response> {
  return fetch(target, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'x-goog-api-key': key, ...headers },
    ...(signal === undefined ? {} : { signal }),
  });
}

export async function ask(mounted: Mounted, target: string, asking: Asking = {}): Promise<ReadAnswer> {
  return read(await post(mounted, target, asking));
}

/** How an answer came about, as its client is told. */
export function how({ headers, status }: { readonly headers: Headers; readonly status: number }): string {
  return `${status} ${headers.get('x-sluice-cache')} ${headers.get('x-sluice-attempts')}`;
}

/** Everything that the gateway tells its host, and a search through it for what nobody may be told. */
export function listenTo({ gateway }: Mounted): { readonly ended: RequestEndEvent[]; readonly told: unknown[] } {
  const told: unknown[] = [];
  const ended: RequestEndEvent[] = [];
  for (const name of ['attempt', 'retry', 'request', 'key', 'breaker', 'project', 'store', 'overload'] as const)
    gateway.on(name, (event) => void told.push(event));
  gateway.on('request', (event) => void ended.push(event));
  return { ended, told };
}

export function expectNothingTold(told: readonly unknown[], mounted: Mounted): void {
  const all = JSON.stringify([told, mounted.gateway.snapshot()]);
  for (const canary of [alice, bob, secret]) expect(all).not.toContain(canary);
}
