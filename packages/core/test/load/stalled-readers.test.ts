/** Clients that ask for a stream and read nothing of it, and a process that is too busy: with a real one. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { GatewayOptions } from '@sluice/core';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Told } from './gateway-process.ts';

const prompt = JSON.stringify({ contents: [{ parts: [{ text: 'Say something.' }] }] });
const readers = 200;
/** A busy machine that runs tests would refuse at random. */
const off = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };

let simulator: Simulator;
let child: ChildProcess;
const sockets: Socket[] = [];

beforeEach(async () => {
  simulator = await startSimulator();
  child = fork(join(import.meta.dirname, 'gateway-process.ts'), [], { execArgv: ['--conditions=@sluice/source'] });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  child.disconnect();
  await once(child, 'exit');
  await simulator.close();
});

test(`${readers} of them cost at most a mebibyte each, and hold the provider`, { timeout: 60_000 }, async () => {
  const { port } = await started({ overload: off });
  for (let time = 0; time < 200; time++) await served(port);
  simulator.plan('*', ['endless-stream']);
  // What the heap takes once there is a flood at all is not theirs: those that come after it are counted.
  const before = await stalledAt(port, 50);
  const after = await stalledAt(port, readers + 50);
  expect((after.rssBytes - before.rssBytes) / readers).toBeLessThan(1_048_576);
  expect(after.bufferedBytes).toBeGreaterThan(0);
  expect(after.bufferedBytes / after.open).toBeLessThan(262_144);
  simulator.plan('*', ['ok']);
  expect(await served(port)).toBe(200);
});

test('they are dropped in time, and the provider with them', { timeout: 60_000 }, async () => {
  const { port } = await started({ overload: off, timeouts: { slowReaderMs: 300 } });
  simulator.plan('*', ['endless-stream']);
  for (let count = 0; count < 5; count++) stalledReader(port);
  await expect.poll(() => simulator.journal.requests.length, { timeout: 10_000 }).toBe(5);
  await until(({ open, bufferedBytes }) => open === 0 && bufferedBytes === 0);
  await expect.poll(() => simulator.journal.running, { timeout: 5_000 }).toBe(0);
});

test('a process that is late at every turn refuses some, and all are served again when it is not', {
  timeout: 60_000,
}, async () => {
  const { port } = await started({});
  expect(await served(port)).toBe(200);
  const blocked = once(child, 'message');
  child.send({ blockMs: 3_000 });
  const statuses: number[] = [];
  const untilMs = performance.now() + 3_000;
  const six = (): Promise<number[]> => Promise.all(Array.from({ length: 6 }, () => served(port)));
  while (performance.now() < untilMs) statuses.push(...(await six()));
  await blocked;
  expect(statuses).toContain(503);
  expect(statuses).toContain(200);
  await until(({ overload }) => overload === 'none');
  expect(await served(port)).toBe(200);
});

async function started(more: GatewayOptions): Promise<Told> {
  const projects = [{ id: 'demo', keys: [demoKey] }];
  const options: GatewayOptions = {
    pools: { gemini: { baseUrl: simulator.url, projects } },
    callers: 'anyone',
    ...more,
  };
  const told = once(child, 'message');
  child.send({ options });
  const [first] = await told;
  return first as Told;
}

async function look(): Promise<Told> {
  const told = once(child, 'message');
  child.send('look');
  const [now] = await told;
  return now as Told;
}

async function until(isSo: (told: Told) => boolean): Promise<void> {
  await expect.poll(async () => isSo(await look()), { timeout: 30_000 }).toBe(true);
}

async function served(port: number): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const target = `http://127.0.0.1:${port}/v1beta/models/gemini-2.5-flash:generateContent`;
  const answer = await fetch(target, { method: 'POST', headers, body: prompt });
  await answer.text();
  return answer.status;
}

function stalledReader(port: number): void {
  const socket = connect(port, '127.0.0.1').pause();
  sockets.push(socket);
  socket.on('error', () => {});
  const target = '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';
  const head = [`POST ${target} HTTP/1.1`, 'host: a', 'content-type: application/json'];
  socket.write([...head, `content-length: ${prompt.length}`, '', prompt].join('\r\n'));
}

/** So many stalled readers in all, once everybody holds. */
async function stalledAt(port: number, count: number): Promise<Told> {
  while (sockets.length < count) stalledReader(port);
  await until(({ open }) => open === count);
  await stillness();
  return look();
}

/** Resolves once the provider gets rid of nothing any more: everybody holds. */
async function stillness(): Promise<void> {
  let last = -1;
  await expect
    .poll(
      () => {
        const sent = simulator.journal.requests.reduce((bytes, { bytesSent }) => bytes + bytesSent, 0);
        const isStill = sent === last;
        last = sent;
        return isStill;
      },
      { timeout: 30_000, interval: 100 },
    )
    .toBe(true);
}
