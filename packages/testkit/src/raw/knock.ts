/** A client that sends exactly the bytes that it is told, and waits for as many answers as there should be. */

import { connect } from 'node:net';
import { type RawReply, readBytes, saysClose } from './answers.ts';
import type { Sent } from './input.ts';

/** What came of it. */
export interface Heard {
  readonly replies: readonly RawReply[];
  readonly interim: readonly number[];
  /** The server has closed the connection. */
  readonly isClosed: boolean;
  readonly closeCode: number | null;
  /** Everything, for those who search it. */
  readonly text: string;
  readonly tookMs: number;
}

/** How long to wait. */
export interface Knocking {
  readonly port: number;
  readonly patienceMs: number;
  /** Of answers; the connection is listened to until it closes where there should be none. */
  readonly count: number;
  readonly halfCloses: boolean;
  readonly wantsClose: boolean;
  /** Resolves when the provider has been called. */
  readonly called: () => Promise<void>;
}

/** Never rejects for what a server does: whoever gives up waiting tells what came so far. */
export async function knock(
  sent: Sent,
  { port, patienceMs, count, halfCloses, wantsClose, called }: Knocking,
): Promise<Heard> {
  const startedAtMs = performance.now();
  const pieces: Buffer[] = [];
  let isClosed = false;
  let tell: () => void = () => {};
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  socket.on('data', (piece) => {
    pieces.push(piece);
    tell();
  });
  socket.on('end', () => {
    isClosed = true;
    tell();
  });
  socket.on('close', () => {
    isClosed = true;
    tell();
  });
  // A server that refuses early may reset the rest of what it was sent.
  socket.on('error', () => {});
  const until = (is: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      tell = () => {
        if (!is()) return;
        clearTimeout(timer);
        resolve();
      };
      tell();
    });

  const read = (): ReturnType<typeof readBytes> => readBytes(Buffer.concat(pieces), isClosed);
  const isOver = (): boolean => {
    if (isClosed) return true;
    const { replies, closeCode } = read();
    if (count === 0 || replies.length < count) return false;
    const last = replies[count - 1] as RawReply;
    return last.status === 101 ? closeCode !== null || !wantsClose : !saysClose(last);
  };
  try {
    for (const piece of sent.pieces) {
      if (piece === 'until-heard') await until(() => isClosed || pieces.length > 0);
      else if (piece === 'until-called') await called();
      else if (!isClosed) socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    }
    if (halfCloses) socket.end();
    await until(isOver);
    const { replies, interim, closeCode } = read();
    const text = Buffer.concat(pieces).toString('utf8');
    return { replies, interim, isClosed, closeCode, text, tookMs: performance.now() - startedAtMs };
  } finally {
    socket.destroy();
  }
}
