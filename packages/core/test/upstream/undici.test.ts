import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { demoKey, startSimulator } from '@sluice/simulator';
import { lookups, startNetworkFault, testAuthority } from '@sluice/simulator/network';
import { expect, onTestFinished, test } from 'vitest';
import { type UndiciOptions, undiciUpstream } from '../../src/upstream/undici.ts';
import type { BodyStream, Sink, Upstream, UpstreamRequest } from '../../src/wire.ts';

/** What came of asking for the models: the status, or the code of the error. */
async function asked(url: string, options: UndiciOptions): Promise<number | string> {
  const upstream = undiciUpstream(options);
  const seen = await ask(upstream, url);
  await upstream.close();
  return seen;
}

function ask(upstream: Upstream, url: string, body: UpstreamRequest['body'] = null): Promise<number | string> {
  return new Promise((resolve) => {
    let status = 0;
    const sink: Sink = {
      open: () => {},
      head: (told) => {
        status = told;
      },
      write: () => true,
      end: () => resolve(status),
      fail: (error) => resolve((error as NodeJS.ErrnoException).code ?? error.message),
    };
    const { origin } = new URL(url);
    const headers = ['x-goog-api-key', demoKey];
    const method = body === null ? 'GET' : 'PUT';
    upstream.send({ method, origin, target: '/v1beta/models', headers, body }, sink);
  });
}

test('an authority of one’s own is trusted when it is named, alone or among others', async () => {
  const fault = await startNetworkFault('tls-private-ca');
  onTestFinished(() => fault.close());
  expect(await asked(fault.url, {})).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  expect(fault.requests).toBe(0);
  expect(await asked(fault.url, { ca: testAuthority })).toBe(200);
  expect(await asked(fault.url, { ca: [...rootCertificates, testAuthority] })).toBe(200);
  expect(fault.requests).toBe(2);
});

test.each([
  ['tls-self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['tls-expired', 'CERT_HAS_EXPIRED'],
  ['tls-wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
] as const)('trust in an authority does not excuse %s', async (kind, code) => {
  const fault = await startNetworkFault(kind);
  onTestFinished(() => fault.close());
  expect(await asked(fault.url, { ca: testAuthority })).toBe(code);
  expect(fault.requests).toBe(0);
});

test('names are looked up as one says', async () => {
  const simulator = await startSimulator();
  onTestFinished(() => simulator.close());
  const url = simulator.url.replace('127.0.0.1', 'provider.test');
  expect(await asked(url, { lookup: lookups.nxdomain })).toBe('ENOTFOUND');
  const lookup = lookups.againOnce();
  expect(await asked(url, { lookup })).toBe('EAI_AGAIN');
  expect(await asked(url, { lookup })).toBe(200);
  expect(simulator.journal.connections).toBe(1);
});

// Black holes, and a second loopback address, are Linux's.
const onLinux = test.runIf(process.platform === 'linux');

onLinux('a dead address is passed over long before the limit of a connection', async () => {
  const simulator = await startSimulator();
  onTestFinished(() => simulator.close());
  const port = Number(new URL(simulator.url).port);
  const dead = await startNetworkFault('black-hole', { host: '127.0.0.2', port });
  onTestFinished(() => dead.close());
  const url = simulator.url.replace('127.0.0.1', 'provider.test');
  const lookup = lookups.deadFirst('127.0.0.2');
  expect(await asked(url, { lookup, connectMs: 30_000 })).toBe(200);
  expect(await asked(dead.url, { connectMs: 100 })).toBe('UND_ERR_CONNECT_TIMEOUT');
});

test('a body that passes takes no connection that may have been closed while it was idle, and keeps its own', async () => {
  const connections = new Set<Socket>();
  const byRequest: Socket[] = [];
  const server = createServer((req, res) => {
    byRequest.push(req.socket);
    connections.add(req.socket);
    req.resume().once('end', () => res.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream = undiciUpstream();
  onTestFinished(async () => {
    await upstream.close();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const body of [null, passing(), passing(), null]) {
    expect(await ask(upstream, url, body)).toBe(200);
    // It is free once undici has come back from its end.
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(connections.size).toBe(2);
  expect(byRequest.map((socket) => byRequest.indexOf(socket))).toEqual([0, 1, 1, 0]);
});

/** Three bytes, as a client sends them. */
function passing(): BodyStream {
  return {
    declaredBytes: 3,
    takenBytes: 0,
    bound() {},
    watch() {},
    leave() {},
    close() {},
    async *[Symbol.asyncIterator]() {
      yield Buffer.from('abc');
    },
  };
}
