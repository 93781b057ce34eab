/** Steps that are about more than one answer: what was before on the connection, what comes behind, who has left. */

import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, expect, test } from 'vitest';
import { calls, planned } from './calls.ts';
import { RawConnection, readAnswer } from './raw-client.ts';

const simulator = await startSimulator({ answer: () => 'one two three four' });
afterEach(() => simulator.reset());
afterAll(() => simulator.close());

const settled = () => expect.poll(() => simulator.journal.openConnections, { interval: 1 }).toBe(0);

test('rst-when-reused lets the first answer through, and resets the second on the same connection only', async () => {
  simulator.plan(demoKey, ['rst-when-reused']);
  const connection = new RawConnection(simulator.url);
  connection.send(calls.whole);
  expect(await connection.answer()).toMatchObject({ status: 200, isWhole: true });
  connection.reads.length = 0;
  connection.send(calls.whole);
  await connection.until(() => connection.ended !== 'open');
  expect([connection.ended, connection.text]).toEqual(['rst', '']);
  const fresh = new RawConnection(simulator.url);
  fresh.send(calls.whole);
  expect(await fresh.answer()).toMatchObject({ status: 200, isWhole: true });
  fresh.leave();
  connection.leave();
  await settled();
});

/** More than the buffers of a connection hold, and soon read by who reads. */
const largeBytes = 24 * 1_048_576;

test('early-413 answers while the body is still being written, reads none of it, and is gone', async () => {
  simulator.plan(demoKey, ['early-413', 'ok']);
  const connection = new RawConnection(simulator.url);
  connection.socket.on('error', () => {});
  const head = `POST ${calls.whole.target} HTTP/1.1\r\nHost: x\r\nx-goog-api-key: ${demoKey}\r\n`;
  connection.send(`${head}Content-Length: ${largeBytes}\r\n\r\n`);
  let isWritten = false;
  connection.socket.write(Buffer.alloc(largeBytes), (error) => {
    isWritten = error === null || error === undefined;
  });
  const answer = await connection.answer();
  expect([answer.status, answer.isWhole]).toEqual([413, true]);
  await settled();
  expect(isWritten).toBe(false);
  const [request, ...others] = simulator.journal.requests;
  expect(others).toEqual([]);
  expect(request).toMatchObject({ step: 'early-413', abandonedAtMs: null });
  expect(request?.body.length).toBe(0);
  connection.leave();
});

test('early-413 does not ask for the body that it will not read', async () => {
  simulator.plan(demoKey, ['early-413']);
  const connection = new RawConnection(simulator.url);
  const head = `POST ${calls.whole.target} HTTP/1.1\r\nHost: x\r\nx-goog-api-key: ${demoKey}\r\n`;
  connection.send(`${head}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n`);
  await connection.until(() => connection.ended !== 'open');
  expect(connection.text).toMatch(/^HTTP\/1\.1 413 Request Entity Too Large\r\n/);
  connection.leave();
  await settled();
});

test('ignores-fin goes on behind our end, and stops with the connection', async () => {
  const connection = new RawConnection(simulator.url);
  connection.send(planned(calls.sse, 'ignores-fin'));
  await connection.until(() => readAnswer(connection.bytes).chunks.length > 2);
  connection.socket.end();
  const before = readAnswer(connection.bytes).chunks.length;
  await connection.until(() => readAnswer(connection.bytes).chunks.length > before + 2);
  expect([connection.ended, simulator.journal.running]).toEqual(['open', 1]);
  connection.leave();
  await settled();
  expect(simulator.journal.requests[0]?.abandonedAtMs).not.toBeNull();
});

test('stall-mid-stream, beside it, stops at our end', async () => {
  const connection = new RawConnection(simulator.url);
  connection.send(planned(calls.sse, 'stall-mid-stream'));
  await connection.until(() => readAnswer(connection.bytes).chunks.length === 2);
  connection.socket.end();
  await settled();
  expect(simulator.journal.requests[0]?.abandonedAtMs).not.toBeNull();
  connection.leave();
});

test('extra-bytes leaves a connection that still answers', async () => {
  simulator.plan(demoKey, ['extra-bytes', 'ok']);
  const connection = new RawConnection(simulator.url);
  connection.send(calls.sse);
  await connection.until(() => connection.text.endsWith('{"unasked": true}'));
  connection.reads.length = 0;
  connection.send(calls.whole);
  expect(await connection.answer()).toMatchObject({ status: 200, isWhole: true });
  expect(simulator.journal.connections).toBeGreaterThan(0);
  expect(simulator.journal.requests.map(({ connection: number }) => number)).toEqual(
    Array(2).fill(simulator.journal.connections),
  );
  connection.leave();
});
