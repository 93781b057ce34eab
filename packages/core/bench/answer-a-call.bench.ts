/** A unary call through the whole gateway, without sockets: answered by the provider, by what is kept, and refused at the door. */

import { test } from 'vitest';
import { Cancellation } from '../src/cancellation.ts';
import { createGateway, type Gateway } from '../src/gateway.ts';
import type { CacheOptions } from '../src/options.ts';
import type { Exchange, Sink, Upstream } from '../src/wire.ts';
import { stillFlow } from '../src/wire.ts';

const encoder = new TextEncoder();
const target = '/v1beta/models/gemini-2.5-flash:generateContent';
const headers = {
  'content-type': 'application/json',
  accept: '*/*',
  'accept-encoding': 'gzip, deflate',
  'user-agent': 'google-genai-sdk/1.30.0 gl-node/v24.0.0',
  'x-goog-api-client': 'google-genai-sdk/1.30.0 gl-node/v24.0.0',
};
const answer = encoder.encode(
  JSON.stringify({ candidates: [{ content: { parts: [{ text: 'word '.repeat(200) }] }, finishReason: 'STOP' }] }),
);

/** Answers at once, always the same. */
const upstream: Upstream = {
  send(_request, sink) {
    sink.open(stillFlow);
    sink.head(200, { 'content-type': 'application/json', 'content-length': String(answer.length) });
    sink.write(answer);
    sink.end();
  },
  async close() {},
};

function bodyOf(letters: number): Uint8Array {
  const text = 'A question that is asked again. '.repeat(letters / 32);
  const contents = [{ role: 'user', parts: [{ text }] }];
  return encoder.encode(JSON.stringify({ contents, generationConfig: { temperature: 0, maxOutputTokens: 64 } }));
}

function gatewayWith(cache: CacheOptions): Gateway {
  return createGateway({ keys: 'bench-key-1,bench-key-2', callers: 'anyone', upstream, cache });
}

const client: Sink = { open() {}, head() {}, write: () => true, end() {}, fail() {} };

function asking(gateway: Gateway, body: Uint8Array, path = target): () => Promise<void> {
  return () => {
    const exchange: Exchange = {
      id: 'bench',
      method: 'POST',
      target: path,
      headers,
      remote: null,
      client,
      cancellation: new Cancellation(),
      readBody: async () => body,
      openBody: () => null,
      publicBase: () => '',
    };
    return gateway.handle(exchange);
  };
}

test('a call is answered', async ({ bench }) => {
  const [small, large] = [bodyOf(1_024), bodyOf(32_768)];
  const kept = gatewayWith({ ttlMs: 3_600_000 });
  for (const body of [small, large]) await asking(kept, body)();
  await bench.compare(
    bench('refused at the door', asking(gatewayWith({}), small, '/nowhere')),
    bench('by the provider', asking(gatewayWith({}), small)),
    bench('by the provider, in a flight of its own', asking(gatewayWith({ singleFlight: true }), small)),
    bench('by what is kept', asking(kept, small)),
    bench('by the provider, 32 KiB', asking(gatewayWith({}), large)),
    bench('by what is kept, 32 KiB', asking(kept, large)),
  );
});
