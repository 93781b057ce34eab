/** A fake Gemini for the tests of a file, and the variables that point a proxy at it. */

import { type Answer, type Simulator, startSimulator } from '@sluice/simulator';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { callerKey } from './running-proxy.ts';

/** The one key that the fake Gemini knows; a canary, as every secret here. */
export const geminiKey = 'AIzaCanaryOfTheProxyTests00000000000000';

export interface Upstream {
  /** There while the tests run. */
  simulator: Simulator;
  /** `GEMINI_API_KEYS`, `GEMINI_BASE_URL` and `SLUICE_API_KEYS`. */
  env: Record<string, string>;
}

/** Starts one before the tests of the file, forgets its plans before each, and closes it after them. */
export function upstream(options: { chunkMs?: number } = {}): Upstream {
  const held: Partial<Upstream> = {};
  beforeAll(async () => {
    held.simulator = await startSimulator({ ...options, projects: [{ id: 'main', keys: [geminiKey] }] });
    held.env = {
      GEMINI_API_KEYS: `main=${geminiKey}`,
      GEMINI_BASE_URL: held.simulator.url,
      SLUICE_API_KEYS: callerKey,
    };
  });
  beforeEach(() => held.simulator?.reset());
  afterAll(() => held.simulator?.close());
  return held as Upstream;
}

/** A stream of ten words that takes `ms` in all, and ends well. */
export function streamOf(ms: number): Answer {
  const event = (word: number): string => {
    const candidate = { content: { role: 'model', parts: [{ text: `word-${word} ` }] }, index: 0 };
    return JSON.stringify({ candidates: [word < 10 ? candidate : { ...candidate, finishReason: 'STOP' }] });
  };
  return {
    status: 200,
    headers: [['content-type', 'text/event-stream']],
    chunks: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((word) => Buffer.from(`data: ${event(word)}\r\n\r\n`)),
    streamed: true,
    chunkMs: ms / 10,
  };
}

/** A generation, written by hand. */
export const prompt = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'canary-of-the-prompt' }] }] });
export const unaryPath = '/v1beta/models/gemini-2.5-flash:generateContent';
export const streamPath = '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';

/** The lines of a POST with a body of `length` bytes, after which the connection is to be closed. */
export function post(path: string, { key = callerKey, length = prompt.length, more = [] as string[] } = {}): string[] {
  return [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    'content-type: application/json',
    ...(key === '' ? [] : [`x-goog-api-key: ${key}`]),
    ...(more.some((line) => line.startsWith('transfer-encoding')) ? [] : [`content-length: ${length}`]),
    ...more,
  ];
}
