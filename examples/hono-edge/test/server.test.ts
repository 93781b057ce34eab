/** The example as its users start it, on Node: one command, no keys, an answer. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';

const server = join(import.meta.dirname, '../src/server.ts');
const variables = ['GEMINI_API_KEYS', 'GEMINI_API_KEY', 'GEMINI_BASE_URL', 'SLUICE_API_KEYS'];

test('it prints a line that works as pasted, and goes down gently', async () => {
  const env = { ...process.env, PORT: '0', HOST: '127.0.0.1' };
  for (const name of variables) delete env[name as keyof typeof env];
  const child = spawn(process.execPath, ['--conditions=@sluice/source', server], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (piece: Buffer) => {
    printed += piece;
  });
  await eventually('the server listens', () => printed.includes('Demo mode'), 15_000);

  const [, url = '', key = ''] = /curl -N '([^']+)'[\s\S]*x-goog-api-key: ([^']+)'/.exec(printed) ?? [];
  const [, body = ''] = /-d '([^']+)'/.exec(printed) ?? [];
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers: { ...headers, 'x-goog-api-key': key }, body });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"finishReason": "STOP"')]);
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(401);

  child.kill('SIGTERM');
  expect(await exited).toBe(0);
});
