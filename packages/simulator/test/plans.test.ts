import { demoKey, type Step, startSimulator } from '@sluice/simulator';
import { afterAll, beforeEach, expect, test } from 'vitest';

const simulator = await startSimulator({
  projects: [{ id: 'main', keys: ['a', 'b'] }],
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

async function statusFor(key: string | null, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const credential: Record<string, string> = key === null ? {} : { 'x-goog-api-key': key };
  const answer = await fetch(`${simulator.url}/v1beta/models`, { headers: { ...credential, ...headers } });
  await answer.arrayBuffer();
  return answer.status;
}

test('a plan is read attempt by attempt, and its last step stays', async () => {
  simulator.plan('a', ['503', '429', 'ok']);
  const statuses = [await statusFor('a'), await statusFor('a'), await statusFor('a'), await statusFor('a')];
  expect(statuses).toEqual([503, 429, 200, 200]);
  expect(await statusFor('b')).toBe(200);
});

test("'*' is for all keys without a plan of their own, and for none at all", async () => {
  simulator.plan('*', ['500', '503']);
  simulator.plan('a', ['ok']);
  expect([await statusFor('b'), await statusFor(null), await statusFor('a')]).toEqual([500, 503, 200]);
});

test('a new plan starts at its first step', async () => {
  simulator.plan('a', ['500', '503']);
  await statusFor('a');
  simulator.plan('a', ['504', '503']);
  expect(await statusFor('a')).toBe(504);
});

test('a request may bring its plan; attempts are counted per run', async () => {
  simulator.plan('a', ['500']);
  const plan = { 'x-simulator-plan': '503, ok' };
  const one = { ...plan, 'x-simulator-run': 'one' };
  const two = { ...plan, 'x-simulator-run': 'two' };
  expect([await statusFor('a', one), await statusFor('a', two), await statusFor('b', one)]).toEqual([503, 503, 200]);
  expect([await statusFor('a', plan), await statusFor('a', plan), await statusFor('a')]).toEqual([503, 200, 500]);
});

test('an answer of the test is sent as it is', async () => {
  const answer: Step = { status: 418, headers: [['X-Pot', 'tea']], chunks: [Buffer.from('sh'), Buffer.from('ort')] };
  simulator.plan('a', [answer, { ...answer, streamed: true, chunkMs: 1 }]);
  for (const coding of [null, 'chunked']) {
    const got = await fetch(`${simulator.url}/anything`, { headers: { 'x-goog-api-key': 'a' } });
    expect([got.status, got.headers.get('x-pot'), await got.text()]).toEqual([418, 'tea', 'short']);
    expect(got.headers.get('transfer-encoding')).toBe(coding);
  }
  expect(simulator.journal.requests.map(({ step }) => step)).toEqual(['answer', 'answer']);
});

test('a function sees the request and chooses', async () => {
  simulator.plan('a', [({ headers }) => (headers['x-kind'] === 'odd' ? '404' : 'ok')]);
  expect([await statusFor('a', { 'x-kind': 'odd' }), await statusFor('a')]).toEqual([404, 200]);
  expect(simulator.journal.requests.map(({ step }) => step)).toEqual(['404', 'ok']);
});

test('a plan that cannot be followed says so', async () => {
  expect(() => simulator.plan('a', [])).toThrow('at least one step');
  expect(() => simulator.plan('a', ['sing' as 'ok'])).toThrow('There is no step "sing". The steps are: ');
  expect(await statusFor('a', { 'x-simulator-plan': 'ok, sing' })).toBe(400);
  simulator.plan('a', [
    () => {
      throw new Error('thrown by the test');
    },
  ]);
  const answer = await fetch(simulator.url, { headers: { 'x-goog-api-key': 'a' } });
  expect([answer.status, await answer.text()]).toEqual([500, 'Error: thrown by the test\n']);
});

test('the demo key belongs to the project that exists when none is named', async () => {
  const demo = await startSimulator();
  const answer = await fetch(`${demo.url}/v1/models?key=${demoKey}`);
  await demo.close();
  expect(answer.status).toBe(200);
});
