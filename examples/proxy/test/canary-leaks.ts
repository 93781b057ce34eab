/** A provider that repeats the key in whatever it says: errors, headers, addresses. */

import { gzipSync } from 'node:zlib';
import type { Answer, RecordedRequest, StepName } from '@sluice/simulator';

type Header = readonly [name: string, value: string];

const json: Header = ['content-type', 'application/json; charset=UTF-8'];
const sse: Header = ['content-type', 'text/event-stream'];
const part = { content: { role: 'model', parts: [{ text: 'a' }] }, index: 0 };
const event = `data: ${JSON.stringify({ candidates: [part] })}\r\n\r\n`;
const whole = JSON.stringify({ candidates: [{ ...part, finishReason: 'STOP' }] });

/** By name: what is answered to a call with that key. */
const leaks: Readonly<Record<string, (key: string) => Answer>> = {
  'in the message of a 400': (key) => answer(400, [json], error(400, 'INVALID_ARGUMENT', `No: ${key}.`)),
  'glued to other words': (key) => answer(400, [json], error(400, 'INVALID_ARGUMENT', `consumer_${key}_is-unknown`)),
  'in the details of a 404': (key) =>
    answer(404, [json], error(404, 'NOT_FOUND', 'No.', [{ detail: `api_key:${key}` }])),
  'in a 503': (key) => answer(503, [json], error(503, 'UNAVAILABLE', `https://a/?key=${key}&alt=sse`)),
  'in a 400 that is compressed': (key) => {
    const body = gzipSync(error(400, 'INVALID_ARGUMENT', `'${key}'`));
    return answer(400, [json, ['content-encoding', 'gzip']], body);
  },
  'in a page': (key) => answer(400, [['content-type', 'text/html']], `<html><body>${key}</body></html>`),
  'in half an error': (key) => answer(400, [json], error(400, 'INVALID_ARGUMENT', `${key} `.repeat(3)).slice(0, -30)),
  'in headers of an answer': (key) => answer(200, [json, ...headers(key)], whole),
  'in headers of an error': (key) => answer(400, [json, ...headers(key)], error(400, 'INVALID_ARGUMENT', 'No.')),
  'in a redirect': (key) => answer(302, [['location', `https://a/?key=${key}`]], ''),
  'in an error of status 200': (key) => answer(200, [json], error(400, 'INVALID_ARGUMENT', key)),
  'in an error as the first event': (key) => answer(200, [sse], error(400, 'INVALID_ARGUMENT', key)),
  'in an error in the middle': (key) => answer(200, [sse], event, error(400, 'INVALID_ARGUMENT', key)),
  'in an event that is an error': (key) => {
    const value: unknown = JSON.parse(error(400, 'INVALID_ARGUMENT', key));
    return answer(200, [sse], event, `data: ${JSON.stringify(value)}\r\n\r\n`);
  },
};

export const leakNames: readonly string[] = Object.keys(leaks);

/** The header by which a request asks for one of them. */
export const leakHeader = 'x-canary-leak';

/** A step for the plan of every key. */
export function leakyStep(request: RecordedRequest): Answer | StepName {
  const leak = leaks[request.headers[leakHeader] ?? ''];
  return leak === undefined || request.key === null ? 'ok' : leak(request.key);
}

function headers(key: string): Header[] {
  return [
    ['x-debug', `key=${key}`],
    ['x-goog-upload-url', `https://a/upload/v1beta/files?upload_id=1&key=${key}`],
    ['server-timing', `k;desc="${key}"`],
    ['www-authenticate', `Bearer realm="https://a/", key=${key}`],
  ];
}

function answer(status: number, fields: readonly Header[], ...bodies: readonly (string | Buffer)[]): Answer {
  return { status, headers: fields, chunks: bodies.map((body) => Buffer.from(body)), streamed: bodies.length > 1 };
}

function error(code: number, status: string, message: string, details: readonly object[] = []): string {
  return JSON.stringify({ error: { code, message, status, details } }, null, 2);
}
