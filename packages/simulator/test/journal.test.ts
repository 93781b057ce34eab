import { demoKey, type RecordedRequest, startSimulator } from '@sluice/simulator';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { calls, planned } from './calls.ts';
import { RawConnection } from './raw-client.ts';

const simulator = await startSimulator({ answer: () => 'one two three four' });
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const { journal } = simulator;
const soon = { interval: 1, timeout: 1_000 };

function only(): RecordedRequest {
  const [request, ...others] = journal.requests;
  expect(others).toEqual([]);
  if (request === undefined) throw new Error('Nothing was recorded');
  return request;
}

test('a request is written down as it came', async () => {
  const connection = new RawConnection(simulator.url);
  connection.send({ ...calls.whole, headers: { ...calls.whole.headers, 'X-Twice': 'a' } });
  await connection.answer();
  connection.leave();
  const request = only();
  expect(request).toMatchObject({ method: 'POST', target: calls.whole.target, key: demoKey, step: 'ok' });
  expect(request.headers).toMatchObject({ 'x-twice': 'a', host: 'simulator' });
  expect(request.rawHeaders).toContainEqual(['X-Twice', 'a']);
  expect(Buffer.from(request.body).toString()).toBe(calls.whole.body);
  expect(request.finishedAtMs).toBeGreaterThanOrEqual(request.startedAtMs);
  expect(request.abandonedAtMs).toBeNull();
});

test('connections are counted, open and ever', async () => {
  const before = journal.connections;
  const connection = new RawConnection(simulator.url);
  connection.send(calls.whole);
  await connection.answer();
  expect([journal.connections, journal.openConnections]).toEqual([before + 1, 1]);
  expect(only().connection).toBe(before + 1);
  connection.leave();
  await expect.poll(() => journal.openConnections, soon).toBe(0);
});

test.each([
  ['closes', (connection: RawConnection) => connection.socket.destroy()],
  ['resets', (connection: RawConnection) => connection.socket.resetAndDestroy()],
  ['closes its direction only', (connection: RawConnection) => connection.socket.end()],
])('a client that %s in the middle of a stream is noticed at once', async (_, leave) => {
  const connection = new RawConnection(simulator.url);
  connection.send(planned(calls.sse, 'stall-mid-stream'));
  await connection.until(() => connection.text.includes('two'));
  expect(only()).toMatchObject({ abandonedAtMs: null, finishedAtMs: null });
  expect(journal.running).toBe(1);
  const leftAtMs = performance.now();
  leave(connection);
  await expect.poll(() => only().abandonedAtMs, soon).not.toBeNull();
  expect((only().abandonedAtMs ?? Infinity) - leftAtMs).toBeLessThan(100);
  expect(only().finishedAtMs).toBeNull();
  expect(journal.running).toBe(0);
  await expect.poll(() => journal.openConnections, soon).toBe(0);
});

test('an answer that was cut on purpose is neither finished nor abandoned', async () => {
  for (const step of ['rst-mid-stream', 'fin-mid-chunk', 'cut-length'] as const) {
    simulator.reset();
    const connection = new RawConnection(simulator.url);
    connection.send(planned(calls.sse, step));
    await connection.answer();
    connection.leave();
    expect(only()).toMatchObject({ abandonedAtMs: null, finishedAtMs: null, step });
  }
});

test('bytes count when the socket takes them, so a reader that stops stops the count', async () => {
  const connection = new RawConnection(simulator.url);
  connection.send(planned(calls.sse, 'endless-stream'));
  await connection.until(() => connection.bytes.length > 0);
  connection.socket.pause();
  let last = -1;
  await expect
    .poll(
      () => {
        const stands = last === only().bytesSent;
        last = only().bytesSent;
        return stands;
      },
      { interval: 20, timeout: 2_000 },
    )
    .toBe(true);
  const stoppedAt = only().bytesSent;
  connection.socket.resume();
  await expect.poll(() => only().bytesSent, soon).toBeGreaterThan(stoppedAt);
  connection.leave();
  await expect.poll(() => only().abandonedAtMs, soon).not.toBeNull();
});

test('body bytes are counted without framing and head', async () => {
  const connection = new RawConnection(simulator.url);
  connection.send(calls.sse);
  const answer = await connection.answer();
  connection.leave();
  expect(only().bytesSent).toBe(answer.body.length);
});

test('the oldest entries go when there are more than wanted', async () => {
  const small = await startSimulator({ maxJournalEntries: 2 });
  for (const page of ['1', '2', '3']) await (await fetch(`${small.url}/v1/models?key=${demoKey}&p=${page}`)).text();
  expect(small.journal.requests.map(({ target }) => target.at(-1))).toEqual(['2', '3']);
  await small.close();
});

test('closing ends every connection and every silence, and frees the port', async () => {
  const other = await startSimulator();
  const connections = ['no-answer', 'slow-headers', 'stall-mid-stream', 'ok'].map((step) => {
    const connection = new RawConnection(other.url);
    connection.send(planned(calls.sse, step));
    return connection;
  });
  await expect.poll(() => other.journal.requests.length, soon).toBe(4);
  await other.close();
  expect([other.journal.running, other.journal.openConnections]).toEqual([0, 0]);
  await Promise.all(connections.map((connection) => connection.until(() => connection.ended !== 'open')));
  const again = await startSimulator({ port: Number(new URL(other.url).port) });
  expect(again.url).toBe(other.url);
  await again.close();
  await again.close();
});

test('a taken port is refused', async () => {
  await expect(startSimulator({ port: Number(new URL(simulator.url).port) })).rejects.toThrow('EADDRINUSE');
});
