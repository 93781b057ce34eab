/** Going down, as design §5 has it: signals, draining, exit codes. */

import type { Step } from '@sluice/simulator';
import { afterEach, expect, test } from 'vitest';
import { answerIn, googleError, RawConnection, raw } from './raw-http.ts';
import { type ProxyOptions, type ProxyProcess, startProxy } from './running-proxy.ts';
import { post, prompt, streamOf, streamPath, unaryPath, upstream } from './upstream.ts';

const up = upstream();
let proxy: ProxyProcess | undefined;
const connections = new Set<RawConnection>();

afterEach(async () => {
  for (const connection of connections) connection.close();
  connections.clear();
  await proxy?.stop();
});

async function started(server: object = {}, more: ProxyOptions = {}): Promise<ProxyProcess> {
  proxy = await startProxy({ ...more, env: { ...up.env, ...more.env }, config: { server } });
  return proxy;
}

function connected({ port }: ProxyProcess): RawConnection {
  const connection = new RawConnection(port);
  connections.add(connection);
  return connection;
}

/** A stream that has begun, on a connection that would be kept; it takes a moment, or for ever. */
async function runningStream(on: ProxyProcess, step: Step = streamOf(500)): Promise<RawConnection> {
  up.simulator.plan('*', [step]);
  const lines = post(streamPath).filter((line) => line !== 'connection: close');
  const connection = connected(on).send(`${lines.join('\r\n')}\r\n\r\n${prompt}`);
  await connection.until((text) => text.includes('data: '));
  up.simulator.plan('*', ['ok']);
  return connection;
}

const statusOf = async (url: string): Promise<{ status: number; body: string; connection: string | null }> => {
  const answer = await fetch(url);
  return { status: answer.status, body: await answer.text(), connection: answer.headers.get('connection') };
};

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: the running stream finishes, new requests are turned away, and it leaves with 0`, async () => {
    const down = await started();
    const stream = await runningStream(down);
    down.signal(signal);
    await down.line(({ msg }) => msg === 'draining');
    expect(await statusOf(`${down.url}/readyz`)).toEqual({
      status: 503,
      body: '{"status":"unavailable","reason":"draining"}',
      connection: 'close',
    });
    expect((await statusOf(`${down.url}/healthz`)).status).toBe(200);
    const refused = await raw(
      down.port,
      post(unaryPath).filter((line) => line !== 'connection: close'),
      prompt,
    );
    expect(refused.status).toBe(503);
    expect(refused.headers.connection).toBe('close');
    expect(googleError(refused.body)).toMatchObject({ code: 503, status: 'UNAVAILABLE', reason: 'DRAINING' });
    await stream.closed;
    expect(stream.text).toContain('"STOP"');
    expect(stream.text.endsWith('0\r\n\r\n')).toBe(true);
    expect(await down.exit).toBe(0);
    expect(down.log.at(-1)).toMatchObject({ msg: 'stopped', code: 0 });
  });
}

test('what still runs after drainMs ends with an error, not as if it were whole, and it leaves with 0', async () => {
  const down = await started({ drainMs: 300 });
  const stream = await runningStream(down, 'stall-mid-stream');
  const atMs = performance.now();
  down.signal('SIGTERM');
  await stream.closed;
  expect(performance.now() - atMs).toBeGreaterThan(250);
  expect(stream.text).not.toContain('"STOP"');
  expect(stream.text).toMatch(/"code": ?503/);
  expect(stream.text.endsWith('0\r\n\r\n')).toBe(false);
  expect(await down.exit).toBe(0);
});

test('during the grace new requests are served, while /readyz already says no', async () => {
  const down = await started({ drainGraceMs: 400 });
  down.signal('SIGTERM');
  await down.line(({ msg }) => msg === 'draining');
  expect((await statusOf(`${down.url}/readyz`)).status).toBe(503);
  const served = await raw(
    down.port,
    post(unaryPath).filter((line) => line !== 'connection: close'),
    prompt,
  );
  expect(served.status).toBe(200);
  expect(served.headers.connection).toBe('close');
  expect(await down.exit).toBe(0);
});

test('idle connections do not hold it up', async () => {
  const down = await started();
  const idle = connected(down).send('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n');
  await idle.until((text) => text.includes('"ok"'));
  const silent = connected(down);
  await new Promise((resolve) => silent.socket.once('connect', resolve));
  const atMs = performance.now();
  down.signal('SIGTERM');
  expect(await down.exit).toBe(0);
  expect(performance.now() - atMs).toBeLessThan(800);
});

test('an idle connection is closed at once, although an answer still runs on another', async () => {
  const down = await started();
  const idle = connected(down).send('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n');
  await idle.until((text) => text.includes('"ok"'));
  const stream = await runningStream(down, 'stall-mid-stream');
  down.signal('SIGTERM');
  await idle.closed;
  expect(down.child.exitCode).toBeNull();
  stream.close();
  expect(await down.exit).toBe(0);
});

test('an answer that has not begun when the signal comes says that it is the last of its connection', async () => {
  const down = await started();
  const answer = streamOf(0);
  up.simulator.plan('*', [{ ...answer, chunks: [Buffer.concat(answer.chunks)], chunkMs: 500 }]);
  const lines = post(streamPath).filter((line) => line !== 'connection: close');
  const waiting = connected(down).send(`${lines.join('\r\n')}\r\n\r\n${prompt}`);
  await expect.poll(() => up.simulator.journal.running).toBe(1);
  down.signal('SIGTERM');
  await down.line(({ msg }) => msg === 'draining');
  expect(waiting.text).toBe('');
  await waiting.closed;
  expect(answerIn(waiting.text).headers.connection).toBe('close');
  expect(waiting.text).toContain('"STOP"');
  expect(await down.exit).toBe(0);
});

test('a connection whose answer had promised to keep it is closed after that answer', async () => {
  const down = await started();
  const stream = await runningStream(down);
  expect(answerIn(stream.text).headers.connection).not.toBe('close');
  const other = await runningStream(down, 'stall-mid-stream');
  down.signal('SIGTERM');
  await stream.closed; // long before drainMs, although another answer still runs
  expect(stream.text.endsWith('0\r\n\r\n')).toBe(true);
  other.close();
  expect(await down.exit).toBe(0);
});

test('a second signal within 200 ms is the first one again; a later one ends it at once with 1', async () => {
  const down = await started();
  const stream = await runningStream(down, 'stall-mid-stream');
  down.signal('SIGTERM');
  down.signal('SIGINT');
  await down.line(({ msg }) => msg === 'draining');
  await new Promise((resolve) => setTimeout(resolve, 250)); // measures the 200 ms
  expect(down.child.exitCode).toBeNull();
  const atMs = performance.now();
  down.signal('SIGINT');
  expect(await down.exit).toBe(1);
  expect(performance.now() - atMs).toBeLessThan(1000);
  await stream.closed;
  expect(stream.text.endsWith('0\r\n\r\n')).toBe(false);
});

test('a signal to the whole process group counts once', async () => {
  const down = await started({}, { detached: true });
  const stream = await runningStream(down);
  const { pid } = down.child;
  if (pid === undefined) throw new Error('no pid');
  process.kill(-pid, 'SIGINT'); // as a terminal sends it …
  process.kill(pid, 'SIGINT'); // … and as a parent in the group passes it on
  await stream.closed;
  expect(stream.text).toContain('"STOP"');
  expect(await down.exit).toBe(0);
});

test('after kill -9 it is ready again within 2 s', async () => {
  const first = await started();
  const { folder, port } = first;
  await runningStream(first);
  await first.stop();
  const atMs = performance.now();
  await started({}, { folder, env: { PORT: String(port) } });
  const { status } = await statusOf(`http://127.0.0.1:${port}/readyz`);
  expect(status).toBe(200);
  expect(performance.now() - atMs).toBeLessThan(2000);
});
