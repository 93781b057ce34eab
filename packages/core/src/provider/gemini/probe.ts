/** The smallest calls that tell whether a key is well again. */

import type { ProbeCall } from '../provider.ts';

const encoder = new TextEncoder();
/** The cheapest model that has been there longest; one token of it is what a look at a bill costs. */
const cheapest = 'gemini-2.5-flash-lite';

/** Listing models takes a valid key and nothing else; whether somebody pays shows only when something is to be paid. */
export function probeCall(reason: string): ProbeCall {
  if (reason !== 'project_unpaid' && reason !== 'project_needs_billing')
    return { method: 'GET', target: '/v1beta/models?pageSize=1', body: null };
  const body = { contents: [{ parts: [{ text: 'ok' }] }], generationConfig: { maxOutputTokens: 1 } };
  return {
    method: 'POST',
    target: `/v1beta/models/${cheapest}:generateContent`,
    body: encoder.encode(JSON.stringify(body)),
  };
}
