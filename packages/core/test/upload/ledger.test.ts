/** What is remembered of an upload: by which store, for how long, and for whom. */

import { read } from '@sluice/testkit';
import { expect, test } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';
import { aBench, codeOf, sharedStore } from '../gateway/a-gateway.ts';

const callers = ['alice', 'bob'].map((id) => ({ id, key: `${id}-canary-key-00001` }));
const alice = { 'x-goog-api-key': 'alice-canary-key-00001' };
const begin = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' };
const end = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };

async function started(gateway: Gateway, headers: Record<string, string> = alice): Promise<string> {
  const init = { method: 'POST', headers: { ...begin, ...headers }, body: '{}' };
  const answer = await read(await gateway.fetch('/upload/v1beta/files', init));
  expect(answer.status, answer.text).toBe(200);
  return answer.headers.get('x-goog-upload-url') as string;
}

const finished = async (gateway: Gateway, url: string, headers: Record<string, string> = {}) =>
  read(await gateway.fetch(url, { method: 'POST', headers: { ...end, ...headers }, body: 'some text' }));

test('while it cannot be told whose an upload is, nobody is told that it is not theirs', async () => {
  const { another, clock } = await aBench({ options: { callers } });
  const store = sharedStore(clock);
  let isLate = false;
  const late = new Proxy(store, {
    get: (target, name) => (name === 'find' && isLate ? () => new Promise(() => {}) : Reflect.get(target, name)),
  });
  const [one, two] = [another({ store }), another({ store: late })];
  const url = await started(one);
  isLate = true;
  const asked = [finished(two, url, alice), finished(two, url)];
  await clock.advance(5_000);
  for (const answer of await Promise.all(asked)) expect(codeOf(answer)).toBe('storage_unavailable');
  isLate = false;
  await clock.advance(5_000);
  expect((await finished(two, url)).status).toBe(200);
});

test('an upload is remembered for seven days', async () => {
  const { another, clock } = await aBench({ options: { callers } });
  const gateway = another({ store: sharedStore(clock) });
  const [early, late] = [await started(gateway), await started(gateway)];
  await clock.advance(6.9 * 86_400_000);
  expect((await finished(gateway, early, alice)).status).toBe(200);
  await clock.advance(0.2 * 86_400_000);
  expect(codeOf(await finished(gateway, late, alice))).toBe('not_found');
});

test('it goes on with another key of the project when the one that opened it is out of use, and waits for one', async () => {
  const { gateway, simulator, control } = await aBench({ projects: [{ id: 'main', keys: ['canary-1', 'canary-2'] }] });
  const url = await started(gateway);
  const opener = simulator.journal.requests.at(-1)?.key === 'canary-1' ? 1 : 2;
  await control.disable(`main#${opener}`, 'a test');
  const half = { ...end, 'x-goog-upload-command': 'query' };
  expect((await read(await gateway.fetch(url, { method: 'POST', headers: half }))).status).toBe(200);
  expect(simulator.journal.requests.at(-1)?.key).toBe(`canary-${3 - opener}`);
  await control.disable(`main#${3 - opener}`, 'a test');
  expect(codeOf(await finished(gateway, url))).toBe('resource_key_unavailable');
  await control.enable(`main#${opener}`);
  expect((await finished(gateway, url)).status).toBe(200);
});

test('callers that the host knows by other means open uploads, too, and their addresses are enough', async () => {
  const { gateway } = await aBench({
    options: { callers: ({ headers }) => (headers.cookie === 'session=alice' ? { id: 'alice' } : null) },
  });
  const url = await started(gateway, { cookie: 'session=alice' });
  expect((await finished(gateway, url)).status).toBe(200);
  expect((await finished(gateway, url.replace('upload_id=', 'upload_id=x'))).status).toBe(401);
});

test('who may not call any more cannot go on with an address either', async () => {
  const { gateway, options } = await aBench({ options: { callers } });
  const url = await started(gateway);
  await gateway.reload({ ...options, callers: [{ id: 'bob', key: 'bob-canary-key-00001' }] });
  expect((await finished(gateway, url)).status).toBe(401);
});

test('whose key was replaced goes on by the address, and not by the old key', async () => {
  const { gateway, options } = await aBench({ options: { callers } });
  const url = await started(gateway);
  await gateway.reload({ ...options, callers: [{ id: 'alice', key: 'alice-other-canary-key' }] });
  expect(codeOf(await finished(gateway, url, alice))).toBe('unauthorized');
  expect((await finished(gateway, url)).status).toBe(200);
});
