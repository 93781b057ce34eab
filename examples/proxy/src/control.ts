/**
 * The operator's door: a Unix socket in the data folder that its owner alone can open. Each connection asks one
 * question, a line of JSON, and gets one answer.
 */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { type Gateway, isSluiceError } from '@sluice/core';
import { ask, type Question, type Reply, socketsIn } from './control-client.ts';
import { makeDataFolder } from './data-folder.ts';

const longestQuestionBytes = 16 * 1024;
const questionInMs = 2_000;

/** What is told beside the gateway's own snapshot. */
export interface ControlOptions {
  readonly folder: string;
  readonly gateway: Gateway;
  readonly origin: string;
}

/**
 * Opens the door.
 *
 * @returns a function that closes it
 * @throws where the folder or the system does not allow it; the proxy serves without it
 */
export async function openControl({ folder, gateway, origin }: ControlOptions): Promise<() => void> {
  makeDataFolder(folder);
  void sweep(folder).catch(() => {});
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    read(socket, async (line) => {
      socket.end(`${JSON.stringify(await replyTo(line, gateway, origin))}\n`);
    });
  });
  const path = join(folder, `control-${randomBytes(4).toString('hex')}.sock`);
  // Made where nobody else can look, and put in its place when it is ready: nobody meets it half open.
  const workshop = mkdtempSync(join(folder, 'control-'));
  try {
    const draft = join(workshop, 's');
    await listen(server, draft);
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  server.unref();
  return () => {
    rmSync(path, { force: true });
    server.close();
  };
}

/** Takes away what processes that were killed have left. */
async function sweep(folder: string): Promise<void> {
  for (const path of socketsIn(folder)) {
    if ((await ask(path, { verb: 'show' })) === 'nobody') rmSync(path, { force: true });
  }
}

function read(socket: Socket, onLine: (line: string) => Promise<void>): void {
  let text = '';
  const cut = setTimeout(() => socket.destroy(), questionInMs);
  const onData = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end < 0 && text.length <= longestQuestionBytes) return;
    clearTimeout(cut);
    socket.off('data', onData);
    if (end < 0) socket.destroy();
    else void onLine(text.slice(0, end));
  };
  socket.setEncoding('utf8').on('data', onData);
  socket.on('close', () => clearTimeout(cut));
  socket.on('error', () => socket.destroy());
}

async function replyTo(line: string, gateway: Gateway, origin: string): Promise<Reply> {
  try {
    const { verb, key = '', why = '' } = JSON.parse(line) as Question;
    if (verb !== 'show') {
      const pools = Object.values(gateway.pools);
      const isIn = (pool: (typeof pools)[number]): boolean =>
        pool.snapshot().projects.some(({ keys }) => keys.some(({ id }) => id === key));
      // Where nobody has it, the first one says so in words.
      const pool = pools.find(isIn) ?? pools[0];
      if (verb === 'disable') await pool?.disable(key, why);
      else if (verb === 'enable') await pool?.enable(key);
      else if (verb === 'reset') await pool?.reset(key);
      else return { error: 'This proxy does not know the question: it is of another version.' };
    }
    return { pid: process.pid, origin, nowMs: Date.now(), snapshot: gateway.snapshot() };
  } catch (error) {
    if (!isSluiceError(error)) return { error: `The proxy could not do it: ${String(error)}` };
    return error.code === 'not_found' ? { error: error.message, isElsewhere: true } : { error: error.message };
  }
}

function listen(server: Server, path: string): Promise<void> {
  // The system takes about a hundred bytes, and a path from here may be shorter than one from the root.
  const [shorter = path] = [relative('.', path), resolve(path)].sort((one, other) => one.length - other.length);
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(shorter, () => {
      server.off('error', failed);
      done();
    });
  });
}
