/** Heartbeats on the wire: real clients see nothing of them, Gemini's streams get none, and no silence lasts longer for them. */

import { describeDrivers, type Mounted, type MountOptions, read } from '@sluice/testkit';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { clientOf } from './two-callers.ts';

const callerKey = 'caller-5f0c2a9be17d';
const words = 'once upon a time';
const model = 'gemini-2.5-flash';
const callers = [{ id: 'sdk', key: callerKey }];
const stream = { model, input: 'Hello', stream: true } as const;
/** Between two events there is time for a few. */
const slow: MountOptions = {
  simulator: { answer: () => words, chunkMs: 15 },
  gateway: { callers, timeouts: { heartbeatMs: 3 } },
};
const ping = ': ping\n\n';

describeDrivers('heartbeats', (_driver, mount) => {
  test('are nothing to Google’s SDK, and stand in its stream', async () => {
    const mounted = await mount(slow);
    const raw = await ask(mounted, '/v1beta/interactions', stream);
    expect(raw.brokenBy).toBeNull();
    expect(raw.text).toContain(ping);
    const again = await ask(mounted, '/v1beta/interactions', { ...stream, store: false });
    expect(again.text).toContain(ping);
    let said = '';
    for await (const event of await clientOf(mounted, callerKey).interactions.create(stream)) {
      const { delta } = event as { delta?: { text?: string } };
      said += delta?.text ?? '';
    }
    expect(said).toBe(words);
  });

  test('are nothing to OpenAI’s SDK, and stand in its stream', async () => {
    const mounted = await mount(slow);
    const messages = [{ role: 'user' as const, content: 'Hello' }];
    const raw = await ask(mounted, '/v1beta/openai/chat/completions', { model, messages, stream: true });
    expect(raw.brokenBy).toBeNull();
    expect(raw.text).toContain(ping);
    const { origin, gateway } = mounted;
    const way = origin === null ? { fetch: gateway.fetch } : {};
    const client = new OpenAI({
      apiKey: callerKey,
      baseURL: `${origin ?? 'http://gateway.test'}/v1beta/openai/`,
      maxRetries: 0,
      ...way,
    });
    let said = '';
    for await (const { choices } of await client.chat.completions.create({ model, messages, stream: true }))
      said += choices[0]?.delta.content ?? '';
    expect(said).toBe(words);
  });

  test('never stand in a stream of Gemini’s', async () => {
    const mounted = await mount(slow);
    const contents = [{ role: 'user', parts: [{ text: 'Hello' }] }];
    for (const verb of ['streamGenerateContent?alt=sse', 'streamGenerateContent']) {
      const { text, brokenBy } = await ask(mounted, `/v1beta/models/${model}:${verb}`, { contents });
      expect(brokenBy).toBeNull();
      expect(text).not.toContain('ping');
    }
  });

  test('put off no end: a provider that is silent for too long is given up, although its client reads on', async () => {
    const timeouts = { heartbeatMs: 3, idleMs: 60 };
    const mounted = await mount({ ...slow, gateway: { callers, timeouts } });
    mounted.simulator.plan('*', ['stall-mid-stream']);
    for (const [path, body] of [
      ['/v1beta/interactions', { ...stream, store: false }],
      ['/v1beta/openai/chat/completions', { model, messages: [{ role: 'user', content: 'Hello' }], stream: true }],
    ] as const) {
      const { text, brokenBy } = await ask(mounted, path, body);
      expect(brokenBy).not.toBeNull();
      expect(text).toContain(ping);
      expect(text).toMatch(/upstream_timeout/i);
    }
  });
});

async function ask({ fetch }: Mounted, target: string, body: object): ReturnType<typeof read> {
  const headers = { 'x-goog-api-key': callerKey, 'content-type': 'application/json' };
  return read(await fetch(target, { method: 'POST', headers, body: JSON.stringify(body) }));
}
