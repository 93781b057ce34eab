/** Header fields go up without credentials and come down without keys: once per request each. */

import { test } from 'vitest';
import { headersDown, headersUp } from '../src/attempt/headers.ts';
import { Scrubber } from '../src/attempt/scrub.ts';

const fromClient = {
  host: 'gateway.test',
  connection: 'keep-alive',
  'content-type': 'application/json',
  'user-agent': 'google-genai-sdk/3.1.0 gl-node/v24',
  'x-goog-api-client': 'google-genai-sdk/3.1.0 gl-node/v24',
  'x-goog-api-key': 'caller-0-0123456789abcdef',
  accept: '*/*',
  'accept-language': '*',
  'sec-fetch-mode': 'cors',
  'accept-encoding': 'gzip, deflate',
  'content-length': '422',
};
const fromProvider = {
  'content-type': 'application/json; charset=UTF-8',
  vary: 'Origin, X-Origin, Referer',
  server: 'scaffolding on HTTPServer2',
  'x-xss-protection': '0',
  'x-frame-options': 'SAMEORIGIN',
  'x-content-type-options': 'nosniff',
  'server-timing': 'gfet4t7; dur=669',
  date: 'Tue, 26 Aug 2025 01:37:29 GMT',
  'content-length': '1001',
};
const used = 'AIzaBenchBenchBenchBenchBenchBenchBenc1';
const keys = Array.from({ length: 10_000 }, (_, at) => `AIzaBenchBenchBenchBenchBenchBench${at + 10_000}`);
const few = new Scrubber([used]);
const many = new Scrubber([used, ...keys]);
const values = Object.values(fromProvider);

test('header fields pass', async ({ bench }) => {
  await bench.compare(
    bench('up', () => {
      headersUp(fromClient);
    }),
    bench('down, scrubbed', () => {
      headersDown(fromProvider, (value) => few.clean(value, used));
    }),
    bench('down, as they are', () => {
      headersDown(fromProvider, (value) => value);
    }),
  );
});

test(`${values.length} values are scrubbed`, async ({ bench }) => {
  await bench.compare(
    bench('1 key', () => {
      for (const value of values) few.clean(value, used);
    }),
    bench('10,001 keys', () => {
      for (const value of values) many.clean(value, used);
    }),
  );
});
