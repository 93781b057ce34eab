/** No secret gets out by a Live session: not by its good-bye, not by the log at its loudest, not into a file. */

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callers, keyStems, stems, wrongKey } from './canary-calls.ts';
import { leakHeader } from './canary-leaks.ts';
import { endingNames, type LeakyProvider, leakyProvider } from './canary-live.ts';
import { CanarySearch, type Leak } from './canary-search.ts';
import { handshake, livePath, setup, textFrame, turnOf } from './live-client.ts';
import { RawConnection } from './raw-http.ts';
import { type ProxyProcess, startProxy } from './running-proxy.ts';

const forClients = new CanarySearch(keyStems);
const forOthers = new CanarySearch(stems);
const [alice = { key: '' }] = callers;
const constrained = `${livePath.replace('v1beta', 'v1alpha')}Constrained`;
const projects = [`AIzaSy${stems.googleKey}-0001_${'x'.repeat(9)}`, `${stems.plainKey}-0001`].map((key, at) => ({
  id: `project-${at}`,
  keys: Array.from({ length: 60 }, (_, more) => `${key}${more}`),
}));

let provider: LeakyProvider;
let proxy: ProxyProcess;
const leaks: Leak[] = [];

beforeAll(async () => {
  provider = await leakyProvider();
  proxy = await startProxy({
    config: {
      log: { level: 'trace' },
      pools: { gemini: { baseUrl: provider.url, strategy: 'round-robin', projects } },
      callers,
      retry: { maxAttempts: 2, maxKeyFailovers: 1, baseDelayMs: 1 },
      breaker: { consecutiveFailures: 100_000, windowOutcomes: 100_000, windowFailures: 100_000 },
      live: { setupInMs: 300 },
    },
  });
}, 60_000);
afterAll(() => provider?.close());

/** Talks as if there were nothing to it, and searches what comes back. @returns what came */
async function talk(name: string, target: string, more: readonly string[] = []): Promise<string> {
  const bytes = `${handshake(target, more).join('\r\n')}\r\n\r\n${textFrame(setup)}${textFrame(turnOf(stems.prompt))}`;
  const connection = new RawConnection(proxy.port).send(bytes);
  connection.socket.setTimeout(20_000, () => connection.close());
  // Good-byes are not answered by themselves here: what is a close frame, or no session at all, is the end.
  await connection.until((text) => text.includes('\x88') || text.startsWith('HTTP/1.1 4')).catch(() => {});
  connection.socket.end();
  await connection.closed;
  leaks.push(...forClients.leaksIn(`what came to: ${name}`, Buffer.from(connection.text, 'latin1')));
  return connection.text;
}

async function mint(): Promise<string> {
  const response = await fetch(`${proxy.url}/v1alpha/auth_tokens`, {
    method: 'POST',
    headers: { 'x-goog-api-key': alice.key, 'content-type': 'application/json' },
    body: '{"uses":1}',
  });
  return ((await response.json()) as { name: string }).name;
}

describe('no secret of a session gets out', { timeout: 120_000 }, () => {
  test('to a client of a provider that repeats the key in whatever ends a session', async () => {
    for (const name of endingNames) {
      // The projects take turns, so that keys of each shape go up.
      for (const turn of [1, 2]) {
        const heard = await talk(`a key ${name}, ${turn}`, `${livePath}?key=${alice.key}`, [`${leakHeader}: ${name}`]);
        expect(heard).toContain('101 Switching');
      }
    }
    expect(leaks).toEqual([]);
    for (const stem of [stems.googleKey, stems.plainKey]) {
      expect(provider.credentials.some((credential) => credential.includes(stem))).toBe(true);
    }
  });

  test('to a client with a token, whichever way it is shown and however the session ends', async () => {
    for (const name of [...endingNames, 'as it should']) {
      const token = await mint();
      expect(token).toContain(stems.token);
      await talk(`a token ${name}`, `${constrained}?access_token=${token}`, [`${leakHeader}: ${name}`]);
      await talk(`a token ${name}`, constrained, [`authorization: Token ${token}`, `${leakHeader}: ${name}`]);
    }
    expect(provider.credentials.filter((one) => one.includes(stems.token)).length).toBeGreaterThan(endingNames.length);
    expect(leaks).toEqual([]);
  });

  test('to whoever shows a key that is wrong, or none where one belongs', async () => {
    const right = `${livePath}?key=${alice.key}`;
    const before = provider.credentials.length;
    for (const [name, target, more] of [
      ['wrong in the query', `${livePath}?key=${wrongKey}`, []],
      ['wrong in a header', livePath, [`x-goog-api-key: ${wrongKey}`]],
      ['wrong as a bearer', livePath, [`authorization: Bearer ${wrongKey}`]],
      ['two that differ', right, [`x-goog-api-key: ${wrongKey}`]],
      ['a token that nobody has minted', `${constrained}?access_token=auth_tokens/${wrongKey}`, []],
      ['a key in a broken escape', `${livePath}?key=%zz${wrongKey}`, []],
      ['a key as a subprotocol', livePath, [`sec-websocket-protocol: ${wrongKey}`]],
      ['a key as a version', right, [`sec-websocket-version: ${wrongKey}`]],
    ] as const) {
      const heard = await talk(name, target, more);
      expect(heard).toMatch(/^HTTP\/1\.1 4/);
    }
    expect(provider.credentials).toHaveLength(before);
    expect(leaks).toEqual([]);
  });

  test('to whoever reads the metrics, the log at its loudest, or the files of the data folder', async () => {
    expect(forOthers.leaksIn('/metrics', await (await fetch(`${proxy.url}/metrics`)).text())).toEqual([]);
    const folder = join(proxy.folder, '.sluice');
    const files = readdirSync(folder).filter((name) => /db/.test(name));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) expect(forOthers.leaksIn(name, readFileSync(join(folder, name)))).toEqual([]);
    proxy.signal('SIGTERM');
    await once(proxy.child, 'close');
    const outcomes = new Set(proxy.log.filter(({ surface }) => surface === 'live').map(({ status }) => status));
    expect([...outcomes]).toEqual(expect.arrayContaining([101, 400, 401, 426]));
    expect(new Set(proxy.log.map(({ level }) => level))).toContain('trace');
    expect(forOthers.leaksIn('stdout', proxy.stdout)).toEqual([]);
    expect(forOthers.leaksIn('stderr', proxy.stderr)).toEqual([]);
  });
});
