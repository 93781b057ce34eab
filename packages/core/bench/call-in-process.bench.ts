/** A call in process: what `gateway.fetch` costs on top of the provider's own answer, which is there at once here. */

import { test } from 'vitest';
import { createGateway } from '../src/gateway.ts';
import { fetchHandler } from '../src/web.ts';
import type { Upstream } from '../src/wire.ts';

const url = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent';
const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Why is the sky blue?' }] }] });
const fields = { 'content-type': 'application/json', 'x-goog-api-key': 'unused', 'user-agent': 'google-genai-sdk/3' };
const answer = Buffer.from(
  JSON.stringify({
    candidates: [{ content: { parts: [{ text: 'Air scatters short waves.' }], role: 'model' }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 6, candidatesTokenCount: 5, totalTokenCount: 11 },
  }),
);
const head = {
  'content-type': 'application/json; charset=UTF-8',
  vary: 'Origin',
  server: 'x',
  'content-length': String(answer.length),
};

test('a call in process', async ({ bench }) => {
  const gateway = createGateway({ keys: 'k', callers: 'anyone', upstream: instantly });
  const handler = fetchHandler(gateway);
  await bench.compare(
    bench('fetch with a record of headers, as most SDKs', () =>
      taken(gateway.fetch(url, { method: 'POST', headers: fields, body })),
    ),
    bench('fetch with Headers and a signal, as @google/genai', () => {
      const { signal } = new AbortController();
      return taken(gateway.fetch(url, { method: 'POST', headers: new Headers(fields), body, signal }));
    }),
    bench('a handler of web standards, Request included', () =>
      taken(handler(new Request(url, { method: 'POST', headers: fields, body }))),
    ),
  );
});

async function taken(response: Promise<Response>): Promise<void> {
  await (await response).text();
}

const instantly: Upstream = {
  send(_request, sink) {
    sink.open({ pause() {}, resume() {}, abort() {} });
    queueMicrotask(() => {
      sink.head(200, { ...head });
      sink.write(Buffer.from(answer));
      sink.end();
    });
  },
  close: async () => {},
};
