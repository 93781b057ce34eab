/**
 * The floor: `node:http` in, `undici.dispatch` out, the key swapped, and nothing of what makes a gateway. It gets its
 * provider and its key from the environment, as the other subjects do.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { announce } from './announce.ts';
import { agent, dropped, key, origin } from './bare.ts';

/** Passes one request on as it comes in, and keeps nothing of it. */
export function pipeOn(req: IncomingMessage, res: ServerResponse): void {
  const headers = ['x-goog-api-key', key];
  for (const name in req.headers)
    if (name === 'content-length' || !dropped.has(name)) headers.push(name, req.headers[name] as string);
  const method = req.method as Dispatcher.HttpMethod;
  agent.dispatch({ origin, path: req.url as string, method, headers, body: req }, new Pass(res));
}

/** Passes one request on. */
export function passOn(req: IncomingMessage, res: ServerResponse): void {
  const pieces: Buffer[] = [];
  req.on('data', (piece: Buffer) => pieces.push(piece));
  req.on('end', () => {
    const headers = ['x-goog-api-key', key];
    for (const name in req.headers) if (!dropped.has(name)) headers.push(name, req.headers[name] as string);
    const body = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const method = req.method as Dispatcher.HttpMethod;
    agent.dispatch({ origin, path: req.url as string, method, headers, body }, new Pass(res));
  });
}

class Pass implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#res.on('drain', () => controller.resume());
    this.#res.on('close', () => {
      if (!this.#res.writableFinished) controller.abort(new Error('the client has left'));
    });
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[]>): void {
    delete headers['transfer-encoding'];
    delete headers.connection;
    this.#res.writeHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (chunk.length > 0 && !this.#res.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.#res.end();
  }

  onResponseError(): void {
    this.#res.destroy();
  }
}

if (import.meta.main) announce(createServer(process.argv[2] === 'pipe' ? pipeOn : passOn));
