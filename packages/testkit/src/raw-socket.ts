/** A client that sends exactly the bytes that it is told, and sees exactly those that come back. */

import { connect } from 'node:net';

/** What came back over a raw connection. */
export interface RawAnswer {
  readonly text: string;
  /** From the status line; 0 when there was none. */
  readonly status: number;
  /** What follows the first blank line. */
  readonly body: string;
  /** The server closed the connection; false when this client gave up waiting. */
  readonly isClosed: boolean;
}

/** Sends `pieces` over one connection and reads until the server closes it or `until` matches what came. */
export function rawRequest(port: number, pieces: string | readonly string[], until?: RegExp): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const finish = (isClosed: boolean): void => {
      socket.destroy();
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      resolve({ text, status, body: text.slice(text.indexOf('\r\n\r\n') + 4), isClosed });
    };
    socket.setTimeout(5_000, () => reject(new Error(`no end after 5 s; so far: ${text.slice(0, 200)}`)));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until?.test(text)) finish(false);
    });
    socket.on('close', () => finish(true));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server that refuses early may reset the rest of what it was sent.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    for (const piece of typeof pieces === 'string' ? [pieces] : pieces) socket.write(piece, 'latin1');
  });
}
