/** What goes wrong with Live sessions. */

import { demoKey, type StepName, startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { LiveClient } from './live-client.ts';

const simulator = await startSimulator();
const clients: LiveClient[] = [];
afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.terminate();
  simulator.reset();
});
afterAll(() => simulator.close());

function connect(step: StepName): LiveClient {
  const client = new LiveClient(simulator.url, { query: `?key=${demoKey}`, headers: { 'x-simulator-plan': step } });
  clients.push(client);
  return client;
}

test.each([
  ['live-refuse-429', 429],
  ['503', 503],
  ['html-200', 200],
  ['early-413', 413],
] as const)('%s meets the handshake', async (step, status) => {
  const client = connect(step);
  await client.until(() => client.refused !== null);
  expect(client.refused).toBe(status);
  expect(simulator.journal.conversations).toEqual([]);
});

test('a connection that breaks in the handshake opens no session', async () => {
  expect((await connect('rst-before-headers').end())?.code).toBe(1006);
});

test('live-close-1011-mid: the first turn begins, and does not end', async () => {
  const client = await connect('live-close-1011-mid').begin();
  client.say('hello');
  expect(await client.end()).toEqual({ code: 1011, reason: 'Internal error encountered.' });
  expect(client.said.slice(1)).toEqual([{ serverContent: { modelTurn: { parts: [{ text: 'hello' }] } } }]);
  await vi.waitFor(() => expect(simulator.journal.conversations[0]?.close?.by).toBe('simulator'));
});

test('live-go-away: it is said after the first turn, and done when the time is over', async () => {
  const client = await connect('live-go-away').begin();
  client.say('hello');
  await client.until(() => client.messages.some(({ text }) => text.includes('goAway')));
  expect(client.said.at(-1)).toEqual({ goAway: { timeLeft: '0.1s' } });
  client.say('still here');
  await client.turns(2);
  expect(await client.end()).toEqual({ code: 1001, reason: '' });
  expect(client.messages.filter(({ text }) => text.includes('goAway'))).toHaveLength(1);
});

test('live-slow: no message comes at once', async () => {
  const client = await connect('live-slow').open();
  const openMs = performance.now();
  await client.begin();
  client.say('hello');
  await client.turns();
  // Four messages; a timer may be early by a millisecond.
  expect(performance.now() - openMs).toBeGreaterThan(4 * 49);
});

test('live-flood: messages without an end, no faster than they are read', async () => {
  const client = await connect('live-flood').begin();
  client.say('hello');
  await client.until(() => client.messages.length > 100);
  client.socket.pause();
  const [conversation] = simulator.journal.conversations;
  let before = -1;
  // It stands still when the buffers between the two are full.
  while (conversation !== undefined && conversation.bytesSent !== before) {
    before = conversation.bytesSent;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(conversation?.frames.length).toBeLessThanOrEqual(1_000);
  client.socket.resume();
  await client.until(() => conversation?.bytesSent !== before);
  client.socket.terminate();
  await client.end();
});

test('a simulator that closes takes its sessions with it, whatever they wait for', async () => {
  const brief = await startSimulator();
  const client = new LiveClient(brief.url, { query: `?key=${demoKey}` });
  clients.push(client);
  await client.begin();
  brief.project('demo').goAway(600_000);
  await client.until(() => client.messages.length > 1);
  await brief.close();
  expect((await client.end())?.code).toBe(1006);
  const [conversation] = brief.journal.conversations;
  expect([conversation?.close?.code, brief.project('demo').sessions, brief.journal.openConnections]).toEqual([
    1006,
    [],
    0,
  ]);
});
