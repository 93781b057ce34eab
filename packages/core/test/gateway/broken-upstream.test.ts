import { eventually, read } from '@sluice/testkit';
import { expect, test } from 'vitest';
import type { RequestEndEvent } from '../../src/events.ts';
import type { Sink, Upstream } from '../../src/wire.ts';
import { aBench, ask, codeOf, project } from './a-gateway.ts';

const encoder = new TextEncoder();
const event = (text: string): Uint8Array =>
  encoder.encode(`data: {"candidates":[{"content":{"parts":[{"text":"${text}"}]}}]}\r\n\r\n`);
const flow = { pause() {}, resume() {}, abort() {} };

/** An upstream that does what no upstream may: it throws. */
function throwing(before: (sink: Sink) => void): Upstream {
  return {
    send(_request, sink) {
      before(sink);
      throw new Error('canary of a bug');
    },
    async close() {},
  };
}

test('when the upstream driver throws in the middle of an answer, the client sees a break and nothing is left behind', async () => {
  const bench = await aBench();
  const gateway = bench.another({
    upstream: throwing((sink) => {
      sink.open(flow);
      sink.head(200, { 'content-type': 'text/event-stream' });
      sink.write(event('half an'));
    }),
  });
  const ended: RequestEndEvent[] = [];
  gateway.on('request', (told) => ended.push(told));
  const response = await gateway.fetch('/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"contents":[]}',
  });
  const answer = await read(response);
  expect(answer.status).toBe(200);
  expect(answer.brokenBy).toBeInstanceOf(Error);
  expect(answer.text).not.toContain('canary');
  // In its own dialect, behind what it has seen.
  const [seen, lastWords = ''] = answer.text.split('\r\n\r\n');
  expect(seen).toContain('half an');
  expect(JSON.parse(lastWords)).toMatchObject({ error: { code: 502, details: [{ reason: 'UPSTREAM_PROTOCOL' }] } });
  await eventually('it is told', () => ended.length === 1);
  expect(ended[0]).toMatchObject({ outcome: 'failed', status: 200 });
  expect(project(gateway)).toMatchObject({ inFlight: 0, state: 'ready', keys: [{ state: 'ready' }], cooling: [] });
  expect(gateway.snapshot()).toMatchObject({ open: 0, streams: 0, bufferedBytes: 0, breakers: [] });
  expect(bench.clock.pending).toBe(0);
});

test('when it throws before anything was shown, the client is told so', async () => {
  const bench = await aBench();
  const gateway = bench.another({ upstream: throwing(() => {}), retry: { maxAttempts: 1 } });
  const answer = await ask(gateway);
  expect([answer.status, codeOf(answer)]).toEqual([502, 'upstream_protocol']);
  expect(answer.text).not.toContain('canary');
  expect(project(gateway)).toMatchObject({ inFlight: 0, state: 'ready' });
  expect(bench.clock.pending).toBe(0);
});

test('what was counted for it is settled, so that it blocks nobody', async () => {
  const limits = { maxInFlight: 1 };
  const bench = await aBench({ projects: [{ id: 'main', limits }] });
  const gateway = bench.another({ upstream: throwing(() => {}), retry: { maxAttempts: 1 } });
  for (let call = 0; call < 3; call++) expect(codeOf(await ask(gateway))).toBe('upstream_protocol');
});
