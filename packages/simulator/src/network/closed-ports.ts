import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { urlOf } from './listening.ts';
import type { NetworkFault, Start } from './network-fault.ts';

/**
 * The port is the near end of a connection that stands: nobody listens on it, and as long as it stands nobody else can.
 * The system keeps only a port that it has chosen itself; a port that was asked for could be listened on by others.
 */
export const refused: Start = async (host, port) => {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const wanted = port === 0 ? {} : { localAddress: host, localPort: port };
  const near = connect({ host, port: (server.address() as AddressInfo).port, ...wanted });
  try {
    await once(near, 'connect');
  } catch (error) {
    server.close();
    throw error;
  }
  const [far] = await accepted;
  server.close();
  near.unref();
  far.unref();
  near.on('error', () => {});
  near.resume();
  far.on('error', () => {});
  return closedPort(urlOf('http', host, near.localPort ?? 0), async () => {
    if (near.destroyed) return;
    const closed = new Promise((resolve) => near.once('close', resolve));
    near.ref();
    // Who is reset waits for nothing: no TIME_WAIT is left behind on the port.
    far.resetAndDestroy();
    await closed;
  });
};

/** More than a backlog of 1 holds; Linux holds two. */
const fillers = 4;

/**
 * A thread that listens, fills its own backlog, and then waits for ever: it accepts nothing. All of that happens before
 * its event loop has turned once. The connections are made here, because one under way keeps its thread alive.
 */
const deafListener = `
  const { connect, createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer();
  server.on('error', (error) => parentPort.postMessage({ error }));
  server.listen({ ...workerData, backlog: 1 }, () => {
    const { port } = server.address();
    for (let count = 0; count < ${fillers}; count++) connect({ host: workerData.host, port }).on('error', () => {});
    process.nextTick(() => {
      parentPort.postMessage({ port });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });
  });
`;

/** On the loopback interface a handshake that may finish has done so long before. */
const settledMs = 100;

/** A listener whose backlog is full: Linux drops the first packet of every further handshake. */
export const blackHole: Start = async (host, port) => {
  const worker = new Worker(deafListener, { eval: true, execArgv: [], workerData: { host, port } });
  worker.unref();
  const [told] = (await once(worker, 'message')) as [{ readonly port: number } | { readonly error: Error }];
  const close = async () => {
    await worker.terminate();
  };
  if ('error' in told) {
    await close();
    throw told.error;
  }
  if (!(await isBlack(host, told.port))) {
    await close();
    throw new Error('This system lets handshakes finish although nobody accepts: a black hole needs Linux');
  }
  return closedPort(urlOf('http', host, told.port), close);
};

async function isBlack(host: string, port: number): Promise<boolean> {
  const probe = connect({ host, port });
  probe.on('error', () => {});
  await new Promise((resolve) => setTimeout(resolve, settledMs));
  const isPending = probe.connecting;
  probe.destroy();
  return isPending;
}

function closedPort(url: string, close: () => Promise<void>): NetworkFault {
  return { url, connections: 0, openConnections: 0, requests: 0, close };
}
