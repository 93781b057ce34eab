/** A file of any size passes through a process that grows by next to nothing. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { MadeFile } from './a-file.ts';
import type { Told } from './a-process.ts';
import { answerUpload, type Provider } from './a-provider.ts';

const mib = 1_048_576;
const mostGrowthBytes = 32 * mib;
const isHuge = process.env.SLUICE_HUGE_UPLOAD === '1';

const provider: Provider = { url: '', arrivals: [], plan: [] };
const server = createServer((req, res) => answerUpload(req, res, provider));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const script = fileURLToPath(new URL('./a-process.ts', import.meta.url));
const child = fork(script, [provider.url], { execArgv: ['--conditions=@sluice/source', '--expose-gc'] });
const { port } = await told(child);
afterAll(() => {
  child.kill();
  server.closeAllConnections();
  server.close();
});

test.each<[what: string, count: number, sizeMib: number]>([
  ['one of 256 MiB', 1, 256],
  ['eight of 32 MiB at once', 8, 32],
  ...(isHuge ? [['one of 2 GiB', 1, 2_048] satisfies [string, number, number]] : []),
])(
  '%s',
  async (_, count, sizeMib) => {
    // What the first ones leave with the allocator is there for all that come after them.
    await upload(count, Math.min(sizeMib, 64));
    const baseBytes = (await look()).rssBytes;
    let mostBytes = 0;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        mostBytes = Math.max(mostBytes, (await look()).rssBytes);
        await pause(25);
      }
    })();
    await upload(count, sizeMib);
    isOver = true;
    await watching;
    const grownBytes = mostBytes - baseBytes;
    if (isHuge) console.log(`${count} × ${sizeMib} MiB: grown by ${(grownBytes / mib).toFixed(1)} MiB`);
    expect(grownBytes).toBeLessThan(mostGrowthBytes);
  },
  isHuge ? 300_000 : 120_000,
);

async function upload(count: number, sizeMib: number): Promise<void> {
  const before = provider.arrivals.length;
  const files = Array.from({ length: count }, () => new MadeFile({ bytes: sizeMib * mib }));
  const answers = await Promise.all(files.map((file) => one(file)));
  expect(new Set(answers)).toEqual(new Set([200]));
  const hashes = provider.arrivals.slice(before).map(({ sha256 }) => sha256);
  expect(hashes.sort()).toEqual(files.map(({ sha256 }) => sha256).sort());
}

async function one(file: MadeFile): Promise<number> {
  const begun = await fetch(`http://127.0.0.1:${port}/upload/v1beta/files`, {
    method: 'POST',
    headers: { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' },
  });
  await begun.text();
  const answer = await fetch(begun.headers.get('x-goog-upload-url') as string, file.request());
  await answer.text();
  return answer.status;
}

async function look(): Promise<Told> {
  child.send('look');
  return told(child);
}

async function told(process: ChildProcess): Promise<Told> {
  const [message] = (await once(process, 'message')) as [Told];
  return message;
}
