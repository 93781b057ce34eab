/** One small answer in plain HTTP on a connection that Node has let go of, or has made no request of. */

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HeaderBag } from '../wire.ts';

/** How long whoever is answered may go on sending, in ms, before the connection is cut: it gets to read why. */
const lingerMs = 1_000;

/** An answer as a whole. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: HeaderBag;
  readonly body: Uint8Array;
}

/** The connection ends with it, unless the header fields say more of it than that. */
export function answerRaw(socket: Duplex, { status, headers, body }: RawAnswer, withinMs: number = lingerMs): void {
  const { connection = 'close', ...fields } = headers;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (const [name, value] of Object.entries(fields))
    for (const one of [value ?? []].flat()) lines.push(`${name}: ${one}`);
  lines.push(`connection: ${connection}`, '', '');
  const cut = setTimeout(() => socket.destroy(), withinMs);
  socket.once('close', () => clearTimeout(cut));
  // Node has taken its own hands off: an error that nobody hears would end the process.
  socket.on('error', () => socket.destroy());
  socket.once(
    'end',
    () => void (socket.writableFinished ? socket.destroy() : socket.once('finish', () => socket.destroy())),
  );
  // Unread bytes would reset the connection, and the reset may overtake the answer.
  socket.resume();
  socket.write(lines.join('\r\n'), 'latin1');
  socket.end(body);
}
