import { startSimulator } from '@sluice/simulator';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { calls, planned } from './calls.ts';
import { RawConnection, readAnswer } from './raw-client.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const soon = { interval: 1, timeout: 1_000 };

test.each([
  ['the option chunkMs', 700, 'ok', 700],
  ['slow-stream', 0, 'slow-stream', 50],
])('events keep the distance of %s', async (_, chunkMs, step, distanceMs) => {
  const simulator = await startSimulator({ chunkMs, answer: () => 'one two three' });
  const connection = new RawConnection(simulator.url);
  connection.send(planned(calls.sse, step));
  const events = () => readAnswer(connection.bytes).chunks.length;
  await connection.until(() => events() === 1);
  for (const seen of [2, 3]) {
    await expect.poll(() => vi.getTimerCount(), soon).toBe(1);
    vi.advanceTimersByTime(distanceMs - 1);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    await connection.until(() => events() === seen);
  }
  expect((await connection.answer()).isWhole).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  connection.leave();
  await simulator.close();
});

test('slow-headers sends a byte every 50 ms and then the body', async () => {
  const simulator = await startSimulator({ answer: () => 'one' });
  const connection = new RawConnection(simulator.url);
  connection.send(planned(calls.whole, 'slow-headers'));
  for (let bytes = 1; !connection.text.includes('\r\n\r\n'); bytes += 1) {
    await connection.until(() => connection.bytes.length === bytes);
    await expect.poll(() => vi.getTimerCount(), soon).toBe(1);
    vi.advanceTimersByTime(50);
  }
  expect((await connection.answer()).isWhole).toBe(true);
  connection.leave();
  await simulator.close();
});

test.each(['the client leaves', 'the simulator closes'])('no timer is left when %s', async (how) => {
  const simulator = await startSimulator({ chunkMs: 1_000 });
  const connections = ['ok', 'slow-headers', 'slow-stream', 'comments-only'].map((step) => {
    const connection = new RawConnection(simulator.url);
    connection.send(planned(calls.sse, step));
    return connection;
  });
  await expect.poll(() => vi.getTimerCount(), soon).toBe(4);
  if (how === 'the client leaves') for (const connection of connections) connection.leave();
  else await simulator.close();
  await expect.poll(() => vi.getTimerCount(), soon).toBe(0);
  expect(simulator.journal.running).toBe(0);
  await simulator.close();
});
