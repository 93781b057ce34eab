import type { Socket } from 'node:net';
import { type ReadRequest, RequestReader, UnreadableRequest } from './request-reader.ts';
import { headBytes, PeerLeft, SocketStage, type Stage } from './stage.ts';

/**
 * How a play ended. `kept`: the answer is whole and the connection goes on. `closed`: whole, and ended by closing.
 * `cut`: never whole; the play closed or reset the connection itself.
 */
export type Ending = 'kept' | 'closed' | 'cut';

/** Answers the requests of one connection, one after the other. */
export interface Listener {
  /** @returns what to tell about the answer while it runs */
  arrived(request: ReadRequest): Showing;
}

/** One answer under way. Exactly one of `ended` and `abandoned` is called, once. */
export interface Showing {
  play(stage: Stage): Promise<Ending>;
  bodyBytes(bytes: number): void;
  ended(ending: Ending): void;
  abandoned(): void;
}

/**
 * Reads requests from a socket and has each answered before the next is looked at.
 *
 * The socket must be opened with `allowHalfOpen`: a peer that closes only its direction is treated as gone, at once,
 * when an answer is under way, and is answered with a close of ours when none is.
 */
export function serve(socket: Socket, listener: Listener): void {
  const reader = new RequestReader();
  let running: { readonly stage: SocketStage; readonly showing: Showing } | null = null;

  const abandon = () => {
    const { stage, showing } = running ?? {};
    running = null;
    showing?.abandoned();
    stage?.leave();
  };

  const perform = (request: ReadRequest) => {
    const showing = listener.arrived(request);
    const stage = new SocketStage(socket, { onBodyBytes: (bytes) => showing.bodyBytes(bytes) });
    const mine = { stage, showing };
    running = mine;
    showing.play(stage).then(
      (ending) => {
        if (running !== mine) return;
        running = null;
        showing.ended(ending);
        if (ending !== 'kept') return;
        if (hasToken(request.headers.connection, 'close')) socket.end();
        else next();
      },
      (error: unknown) => {
        if (running === mine) abandon();
        socket.destroy();
        if (!(error instanceof PeerLeft)) throw error;
      },
    );
  };

  const next = () => {
    if (running !== null || socket.destroyed || socket.writableEnded) return;
    try {
      const request = reader.take();
      if (request !== null) perform(request);
      else if (socket.readableEnded) socket.end();
    } catch (error) {
      refuse(socket, error);
    }
  };

  socket.setNoDelay(true);
  socket.on('data', (bytes: Buffer) => {
    try {
      reader.push(bytes);
    } catch (error) {
      abandon();
      refuse(socket, error);
      return;
    }
    if (reader.takeExpectation() && running === null) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    next();
  });
  socket.on('end', () => {
    if (running === null) socket.end();
    else {
      abandon();
      socket.destroy();
    }
  });
  // 'close' follows every 'error', and is where a lost peer is noticed.
  socket.on('error', () => {});
  socket.on('close', abandon);
}

function refuse(socket: Socket, error: unknown): void {
  if (!(error instanceof UnreadableRequest)) throw error;
  const body = Buffer.from(`${error.message}\n`);
  const headers = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Length', String(body.length)],
    ['Connection', 'close'],
  ] as const;
  socket.removeAllListeners('data');
  // Bytes that are still coming are read and dropped: closing on top of them would turn our answer into a reset.
  socket.resume();
  socket.end(Buffer.concat([headBytes(error.status, headers), body]));
}

/** Whether a comma list such as `Connection` names a token, whatever its case. */
export function hasToken(list: string | undefined, token: string): boolean {
  return (list ?? '').split(',').some((item) => item.trim().toLowerCase() === token);
}
