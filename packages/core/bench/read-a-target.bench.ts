/** The target of a request is taken apart and matched with a call: once per request. */

import { test } from 'vitest';
import { geminiSurfaces } from '../src/surface/gemini.ts';
import { parseTarget } from '../src/surface/target.ts';

const plain = '/v1beta/models/gemini-2.5-flash:generateContent';
const signed = '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=caller-0-0123456789abcdef';
const surfaces = geminiSurfaces(new Map([['fast', 'gemini-2.5-flash']]));
const headers = {};

test('a target is read', async ({ bench }) => {
  await bench.compare(
    bench('parsed', () => {
      parseTarget(plain);
    }),
    bench('parsed, with a query', () => {
      parseTarget(signed);
    }),
    bench('matched with its call', () => {
      surfaces.match({ method: 'POST', target: plain, headers });
    }),
    bench('matched, with a query', () => {
      surfaces.match({ method: 'POST', target: signed, headers });
    }),
  );
});
