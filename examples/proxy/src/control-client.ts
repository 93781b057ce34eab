/** Asks proxies that run on this machine, by the sockets in their data folder. */

import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join, relative, resolve } from 'node:path';
import type { Snapshot } from '@sluice/core';

const replyInMs = 5_000;

/** What can be asked. */
export interface Question {
  readonly verb: 'show' | 'disable' | 'enable' | 'reset';
  readonly key?: string | undefined;
  /** For the record. */
  readonly why?: string | undefined;
}

/** How things stand after what was asked for, or why it was not done. */
export type Reply = ProxyView | Undone;

/** Why something was not done. */
export interface Undone {
  readonly error: string;
  /** This proxy does not have the key; another one may. */
  readonly isElsewhere?: boolean;
}

/** A running proxy. */
export interface ProxyView {
  readonly pid: number;
  readonly origin: string;
  /** The proxy's wall clock. */
  readonly nowMs: number;
  readonly snapshot: Snapshot;
}

/** The sockets of a folder, of proxies that run and of those that were killed. */
export function socketsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^control-[0-9a-f]{8}\.sock$/.test(name))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** @returns `nobody` where the process behind the socket is gone */
export function ask(path: string, question: Question): Promise<Reply | 'nobody'> {
  const [shorter = path] = [relative('.', path), resolve(path)].sort((one, other) => one.length - other.length);
  return new Promise((done) => {
    let text = '';
    const socket = connect(shorter);
    socket.setTimeout(replyInMs, () => {
      socket.destroy();
      done({ error: `A proxy runs but has not answered within ${replyInMs / 1000} s.` });
    });
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      const isGone = code === 'ECONNREFUSED' || code === 'ENOENT';
      done(isGone ? 'nobody' : { error: `The socket ${path} cannot be used (${code}).` });
    });
    socket.on('close', () => done(replyIn(text)));
    socket.end(`${JSON.stringify(question)}\n`);
  });
}

function replyIn(text: string): Reply {
  try {
    return JSON.parse(text) as Reply;
  } catch {
    return { error: 'A proxy runs but its answer broke off. Ask again.' };
  }
}
