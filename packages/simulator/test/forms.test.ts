import { demoKey, type StepName, startSimulator } from '@sluice/simulator';
import { afterAll, expect, test } from 'vitest';
import { calls, planned } from './calls.ts';
import { type RawAnswer, RawConnection, type RawRequest } from './raw-client.ts';

const simulator = await startSimulator({ answer: () => 'one two three four' });
afterAll(() => simulator.close());

async function played(step: StepName, call: RawRequest): Promise<RawAnswer> {
  const connection = new RawConnection(simulator.url);
  connection.send(planned(call, step));
  const answer = await connection.answer();
  connection.leave();
  return answer;
}

const textOf = async (step: StepName, call: RawRequest) => (await played(step, call)).body.toString();

test('a streamed array stays an array when it ends cleanly, whatever is wrong in it', async () => {
  expect(await textOf('empty-stream', calls.array)).toBe('[]');
  expect(JSON.parse(await textOf('usage-only-stream', calls.array))).toEqual([
    expect.objectContaining({ usageMetadata: expect.objectContaining({ promptTokenCount: 6 }) }),
  ]);
  const failed = JSON.parse(await textOf('error-mid-stream', calls.array));
  expect(failed).toHaveLength(3);
  expect(failed[2].error).toMatchObject({ code: 503, status: 'UNAVAILABLE' });
  expect(JSON.parse(await textOf('error-first-event', calls.array))).toHaveLength(1);
});

test.each(['cut-length', 'rst-mid-stream', 'fin-mid-chunk', 'close-delimited-rst'] as const)(
  'a whole answer under %s is a JSON text that breaks off',
  async (step) => {
    const broken = await textOf(step, calls.whole);
    expect(broken).toMatch(/^\{\n {2}"candidates"/);
    expect(() => JSON.parse(broken)).toThrow();
  },
);

test('a whole answer can lack its finish reason, its candidates, or everything', async () => {
  const noFinish = JSON.parse(await textOf('no-finish', calls.whole));
  expect(noFinish.candidates[0].content.parts[0].text).toBe('one two three four');
  expect(noFinish.candidates[0].finishReason).toBeUndefined();
  expect(JSON.parse(await textOf('usage-only-stream', calls.whole)).candidates).toBeUndefined();
  expect(await textOf('empty-stream', calls.whole)).toBe('');
  const stopFirst = JSON.parse(await textOf('stop-first', calls.whole));
  expect(stopFirst.candidates[0].content.parts).toEqual([{ text: 'First things come last.' }]);
});

test('a chat stream that never finishes has no [DONE] either', async () => {
  for (const step of ['no-finish', 'usage-only-stream', 'error-mid-stream'] as const) {
    const text = await textOf(step, calls.chatStream);
    expect(text).not.toContain('[DONE]');
    expect(text).not.toContain('finish_reason');
  }
  expect((await textOf('stop-first', calls.chatStream)).match(/"finish_reason":"stop"/g)).toHaveLength(2);
  expect(JSON.parse(await textOf('error-first-event', calls.chatStream))[0].error.code).toBe(503);
});

test('a function call in a single event is never whole when the stream is cut', async () => {
  const tools = [{ functionDeclarations: [{ name: 'look' }] }];
  const body = JSON.stringify({ contents: [{ parts: [{ text: 'Call look.' }] }], tools });
  const call = { ...calls.sse, body };
  expect(await textOf('ok', call)).toContain('"functionCall": {"name": "look","args": {}}');
  for (const step of ['rst-mid-stream', 'fin-mid-chunk', 'close-delimited-rst'] as const) {
    const text = await textOf(step, call);
    expect(text).toMatch(/^data: \{"cand/);
    expect(text).not.toContain('STOP');
  }
});

test.each(['usage-only-stream', 'stop-first', 'big-event', 'endless-stream'] as const)(
  'a call that generates nothing is answered as usual under %s',
  async (step) => {
    const list = { target: '/v1beta/models', headers: { 'x-goog-api-key': demoKey } };
    expect(JSON.parse(await textOf(step, list)).models.length).toBeGreaterThan(5);
  },
);

test('a refusal of the fake Gemini is cut like any other answer', async () => {
  const stranger = { ...calls.sse, headers: { ...calls.sse.headers, 'x-goog-api-key': 'stranger' } };
  const answer = await played('rst-mid-stream', stranger);
  expect([answer.status, answer.isWhole]).toEqual([400, false]);
});

test('an answer function that throws is shown to the client', async () => {
  const broken = await startSimulator({
    answer: () => {
      throw new Error('no words');
    },
  });
  const connection = new RawConnection(broken.url);
  connection.send(planned(calls.sse, 'rst-mid-stream'));
  const answer = await connection.answer();
  expect([answer.status, answer.body.toString()]).toEqual([500, expect.stringContaining('Error: n')]);
  connection.leave();
  await broken.close();
});
