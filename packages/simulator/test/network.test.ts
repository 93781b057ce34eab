import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { demoKey } from '@sluice/simulator';
import { type NetworkFaultKind, networkFaults, startNetworkFault, testAuthority } from '@sluice/simulator/network';
import { expect, onTestFinished, test } from 'vitest';

const kinds = Object.keys(networkFaults) as NetworkFaultKind[];

async function started(kind: NetworkFaultKind) {
  const fault = await startNetworkFault(kind);
  onTestFinished(() => fault.close());
  return { fault, port: Number(new URL(fault.url).port) };
}

/** The code with which a connection fails; empty when it stands. */
function refusalOf(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => socket.destroy());
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.on('close', () => resolve(''));
  });
}

/** The code with which a handshake fails, or what the first line of an answer says. */
function handshake(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({ host: '127.0.0.1', port, ...options });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('secureConnect', () =>
      socket.write(`GET /v1/models HTTP/1.1\r\nHost: x\r\nx-goog-api-key: ${demoKey}\r\n\r\n`),
    );
    socket.on('data', (bytes: Buffer) => {
      resolve(bytes.toString().split('\r\n')[0] ?? '');
      socket.destroy();
    });
  });
}

/** The code with which listening on a port fails; empty when it works. */
function listenOn(port: number): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve('')));
  });
}

test('refused: nobody listens, and nobody can', async () => {
  const { port } = await started('refused');
  expect(await refusalOf(port)).toBe('ECONNREFUSED');
  expect(await listenOn(port)).toBe('EADDRINUSE');
});

/** A port can lie in the TIME_WAIT of somebody else's connections, which is none of the fault's; not so many in a row. */
const ports = 12;

test('refused: the port is free once it is closed', async () => {
  const seen: string[] = [];
  for (let count = 0; count < ports && !seen.includes(''); count += 1) {
    const { fault, port } = await started('refused');
    await fault.close();
    seen.push(await listenOn(port));
  }
  expect(seen).toContain('');
});

test.runIf(process.platform === 'linux')('black-hole: a handshake does not finish as long as it stands', async () => {
  const { fault, port } = await started('black-hole');
  const socket = connect({ host: '127.0.0.1', port });
  const ended = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(socket.connecting).toBe(true);
  socket.destroy();
  await ended;
  await fault.close();
  expect(await refusalOf(port)).toBe('ECONNREFUSED');
});

test('tls-silent: reads the greeting, says nothing, and lets go of who leaves', async () => {
  const { fault, port } = await started('tls-silent');
  const socket = connectTls({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await expect.poll(() => fault.openConnections, { interval: 1 }).toBe(1);
  expect([socket.bytesRead, socket.authorized]).toEqual([0, false]);
  socket.destroy();
  await expect.poll(() => fault.openConnections, { interval: 1 }).toBe(0);
  expect(fault.connections).toBe(1);
});

test('tls-alert: a fatal alert in the handshake', async () => {
  const { port } = await started('tls-alert');
  expect(await handshake(port, {})).toBe('ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE');
});

test.each([
  ['tls-private-ca', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'HTTP/1.1 200 OK'],
  ['tls-self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['tls-expired', 'CERT_HAS_EXPIRED', 'CERT_HAS_EXPIRED'],
  ['tls-wrong-host', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID'],
] as const)('%s: %s, and %s for those who trust the authority', async (kind, stranger, trusting) => {
  const { fault, port } = await started(kind);
  expect(await handshake(port, {})).toBe(stranger);
  expect(await handshake(port, { ca: testAuthority })).toBe(trusting);
  const answered = trusting.startsWith('HTTP') ? 1 : 0;
  expect([fault.connections, fault.requests]).toEqual([2, answered]);
  // The fake Gemini is there, so that a client that checks nothing is found out.
  expect(await handshake(port, { rejectUnauthorized: false })).toBe('HTTP/1.1 200 OK');
  expect(fault.requests).toBe(answered + 1);
  await expect.poll(() => fault.openConnections, { interval: 1 }).toBe(0);
});

test.each(kinds)('%s is gone once it is closed, connections and all', async (kind) => {
  if (kind === 'black-hole' && process.platform !== 'linux') return;
  const { fault, port } = await started(kind);
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  if (!['refused', 'black-hole'].includes(kind)) {
    await expect.poll(() => fault.openConnections, { interval: 1 }).toBe(1);
    const closed = once(socket, 'close');
    await fault.close();
    await closed;
    expect(fault.openConnections).toBe(0);
  }
  socket.destroy();
  await fault.close();
  expect(await refusalOf(port)).toBe('ECONNREFUSED');
});

test('a port that is taken is said to be', async () => {
  const { port } = await started('tls-silent');
  for (const kind of kinds) await expect(startNetworkFault(kind, { port })).rejects.toThrow('EADDRINUSE');
});

test('faults that nobody closes do not keep a process alive', async () => {
  const program = fileURLToPath(new URL('forgets.ts', import.meta.url));
  const child = fork(program, { execArgv: ['--conditions=@sluice/source'] });
  onTestFinished(() => void child.kill());
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
}, 20_000);
