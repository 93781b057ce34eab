/**
 * Connections that tell what undici does not: whether one that broke had lain idle until then, and for which request one
 * is being made.
 *
 * A server may close a kept connection in the moment in which the next request goes out on it. That says nothing about
 * how the server is, and the request has most likely never been read; but the error looks like any other reset.
 */

import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

/** Who asks for a connection; told while it is being made. */
export interface Wanting {
  connecting(socket: Socket): void;
}

/** Makes the connections of one agent. */
export class Connector {
  readonly connect: buildConnector.connector;
  /** Set while a request is handed to undici: a connection that is begun meanwhile is for this request alone. */
  wanting: Wanting | null = null;
  readonly #staleErrors = new WeakSet<object>();

  constructor(options: buildConnector.BuildOptions) {
    // It returns the socket at once, which its type does not say.
    const connect = buildConnector(options) as (...args: Parameters<buildConnector.connector>) => Socket;
    this.connect = (target, callback) => {
      const socket = connect(target, (...result) => {
        if (result[0] === null) this.#remember(result[1]);
        callback(...result);
      });
      this.wanting?.connecting(socket);
    };
  }

  /** Whether a request failed on a connection that had served others, before a byte of its own answer came. */
  isStale(error: Error): boolean {
    return this.#staleErrors.has(error);
  }

  #remember(socket: Socket): void {
    const write = socket.write;
    let requests = 0;
    let readBefore = 0;
    // undici says nowhere which connection a request goes out on. What it writes first is the head, as a text that
    // begins with the method; pieces of a body are bytes, or a length in hexadecimal digits.
    socket.write = function (this: Socket, ...args: Parameters<typeof write>) {
      const [first] = args as unknown[];
      if (typeof first === 'string' && isUpper(first.charCodeAt(0))) {
        requests++;
        readBefore = socket.bytesRead;
      }
      return write.apply(this, args);
    } as typeof write;
    // Before undici's own listener, which passes the error on.
    socket.prependListener('error', (error) => {
      if (requests > 1 && socket.bytesRead === readBefore) this.#staleErrors.add(error);
    });
  }
}

function isUpper(code: number): boolean {
  return code >= 65 && code <= 90;
}
