/** A SIGHUP means two things: whoever has a terminal and loses it goes, all others read again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { newFolder } from './running-proxy.ts';

const server = fileURLToPath(new URL('../src/server.ts', import.meta.url));
let terminal: ChildProcess | undefined;
afterEach(() => void terminal?.kill('SIGKILL'));

/** Gives its command a terminal, and takes it away when it ends. Its options are others on other systems. */
const script = '/usr/bin/script';
const isHere = process.platform === 'linux' && existsSync(script);

test.skipIf(!isHere)('a terminal that is closed takes the proxy with it', async () => {
  const { PATH = '' } = process.env;
  const command = `exec '${process.execPath}' --conditions=@sluice/source '${server}'`;
  const started = spawn(script, ['-qefc', command, '/dev/null'], {
    cwd: newFolder(),
    env: { PATH, PORT: '0', SLUICE_STORE: 'memory:', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  terminal = started;
  let shown = '';
  started.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk;
  });
  const url = (): string => /export GOOGLE_GEMINI_BASE_URL=(http:\S+:\d+)/.exec(shown)?.[1] ?? '';
  await expect.poll(url, { timeout: 4_000 }).not.toBe('');
  const isThere = (): Promise<boolean> =>
    fetch(`${url()}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  expect(await isThere()).toBe(true);
  started.kill('SIGKILL');
  await expect.poll(isThere, { timeout: 4_000 }).toBe(false);
});
