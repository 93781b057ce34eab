import { demoKey } from '@sluice/simulator';
import type { RawRequest } from './raw-client.ts';

const prompt = { contents: [{ role: 'user', parts: [{ text: 'why is the sky blue?' }] }] };
const json = { 'Content-Type': 'application/json' };

/** The same question in each form that an answer can take. */
export const calls = {
  sse: geminiCall('streamGenerateContent?alt=sse'),
  array: geminiCall('streamGenerateContent'),
  whole: geminiCall('generateContent'),
  chatStream: chatCall(true),
  chat: chatCall(false),
} as const satisfies Readonly<Record<string, RawRequest>>;

function geminiCall(verb: string): RawRequest {
  return {
    target: `/v1beta/models/gemini-2.5-flash:${verb}`,
    headers: { ...json, 'x-goog-api-key': demoKey },
    body: JSON.stringify(prompt),
  };
}

function chatCall(stream: boolean): RawRequest {
  const messages = [{ role: 'user', content: 'why is the sky blue?' }];
  return {
    target: '/v1beta/openai/chat/completions',
    headers: { ...json, Authorization: `Bearer ${demoKey}` },
    body: JSON.stringify({ model: 'gemini-2.5-flash', messages, stream }),
  };
}

/** A call that brings its own plan. */
export function planned(call: RawRequest, steps: string, run = ''): RawRequest {
  return { ...call, headers: { ...call.headers, 'x-simulator-plan': steps, 'x-simulator-run': run } };
}
