import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { demoKey } from '@sluice/simulator';
import { lookups, startNetworkFault, testAuthority } from '@sluice/simulator/network';
import { eventually } from '@sluice/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type WsDialOptions, wsDial } from '../../src/live.ts';
import { aStage, lastEnd, type Party, type Stage, setup } from './a-talk.ts';

/** A gateway before a provider at `baseUrl`, reached as `options` say. */
function before(baseUrl: string, options: WsDialOptions): Promise<Stage> {
  return aStage({
    options: {
      pools: { gemini: { baseUrl, projects: [{ id: 'main', keys: [demoKey] }] } },
      retry: { maxAttempts: 1 },
    },
    upgrade: { dial: wsDial(options) },
  });
}

async function answered(stage: Stage): Promise<Party> {
  const client = await stage.connect();
  client.ws.send(setup);
  await eventually('no answer', () => client.heard.length > 0 || client.closed() !== null, 5_000);
  return client;
}

describe('a provider of one’s own', () => {
  test.each([
    ['alone', testAuthority],
    ['among others', [...rootCertificates, testAuthority]],
  ])('is believed when its authority is named, %s', async (_how, ca) => {
    const fault = await startNetworkFault('tls-private-ca');
    onTestFinished(() => fault.close());
    const client = await answered(await before(fault.url, { ca }));
    expect(client.texts().map((text) => JSON.parse(text))).toEqual([{ setupComplete: {} }]);
    const turn = { turns: [{ parts: [{ text: 'Hello' }] }], turnComplete: true };
    client.ws.send(JSON.stringify({ clientContent: turn }));
    await eventually('no turn', () => client.texts().some((text) => text.includes('turnComplete')), 5_000);
    expect(client.texts().join()).toContain('Hello');
    client.ws.close();
  });

  test('is not believed without that', async () => {
    const fault = await startNetworkFault('tls-private-ca');
    onTestFinished(() => fault.close());
    const stage = await before(fault.url, {});
    expect((await answered(stage)).closed()?.code).toBe(1011);
    expect(await lastEnd(stage)).toMatchObject({ error: 'upstream_tls', attempts: 1 });
    expect(fault.requests).toBe(0);
  });

  test.each(['tls-self-signed', 'tls-expired', 'tls-wrong-host'] as const)(
    'is not excused for %s by an authority',
    async (kind) => {
      const fault = await startNetworkFault(kind);
      onTestFinished(() => fault.close());
      const stage = await before(fault.url, { ca: testAuthority });
      expect((await answered(stage)).closed()?.code).toBe(1011);
      expect(await lastEnd(stage)).toMatchObject({ error: 'upstream_tls' });
      expect(fault.requests).toBe(0);
    },
  );

  test('is looked up as one says', async () => {
    const fault = await startNetworkFault('tls-private-ca');
    onTestFinished(() => fault.close());
    const url = fault.url.replace('127.0.0.1', 'provider.test');
    const lost = await before(url, { ca: testAuthority, lookup: lookups.nxdomain });
    expect((await answered(lost)).closed()?.reason).toContain('ENOTFOUND');
    const found = await before(url, { ca: testAuthority, lookup: lookups.deadFirst('127.0.0.1') });
    const client = await answered(found);
    expect(client.texts().map((text) => JSON.parse(text))).toEqual([{ setupComplete: {} }]);
    client.ws.close();
  });
});

test('a proxy of the environment is not asked, whatever Node has been told', async () => {
  const asked: string[] = [];
  const proxy = createServer(({ url = '' }, res) => {
    asked.push(url);
    res.writeHead(418).end();
  });
  for (const event of ['connect', 'upgrade']) {
    proxy.on(event, ({ url = '' }: IncomingMessage, socket: Duplex) => {
      asked.push(url);
      socket.destroy();
    });
  }
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const asking = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url };
  const env: NodeJS.ProcessEnv = { NODE_ENV: 'test', PATH: process.env.PATH, ...asking };
  const program = fileURLToPath(new URL('./dial-alone.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@sluice/source', program], { env });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => said.push(piece.toString()));
  await once(child, 'close');
  // Node's own client in the same process does ask it: else this would prove nothing.
  expect(said.join('')).toBe('open, 418\n');
  expect(asked).toEqual([expect.stringMatching(/^http:.*\/v1beta\/models$/)]);
}, 30_000);
