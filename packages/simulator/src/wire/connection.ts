import type { Socket } from 'node:net';
import { PeerLeft } from './presence.ts';
import { type ReadRequest, type RequestHead, RequestReader, UnreadableRequest } from './request-reader.ts';
import { headBytes, SocketStage, type Stage } from './stage.ts';

/**
 * How a play ended. `kept`: the answer is whole and the connection goes on. `closed`: whole, and ended by closing.
 * `cut`: never whole; the play closed or reset the connection itself. `upgraded`: HTTP is over here, and another
 * protocol goes on.
 */
export type Ending = 'kept' | 'closed' | 'cut' | 'upgraded';

/** Answers the requests of one connection, one after the other. */
export interface Listener {
  /** Whether a request is answered as soon as its head is read; its connection is destroyed behind that answer. */
  isEarly(head: RequestHead): boolean;
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

  const perform = (request: ReadRequest, isEarly = false) => {
    const showing = listener.arrived(request);
    const stage = new SocketStage(socket, { onBodyBytes: (bytes) => showing.bodyBytes(bytes) }, release);
    const mine = { stage, showing };
    running = mine;
    showing.play(stage).then(
      (ending) => {
        if (running !== mine) return;
        running = null;
        showing.ended(ending);
        if (isEarly) destroyLater(socket);
        if (isEarly || ending !== 'kept') return;
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
      const head = reader.takeHead();
      if (head !== null && listener.isEarly(head)) {
        socket.pause();
        perform({ ...head, body: new Uint8Array() }, true);
        return;
      }
      const request = reader.take();
      if (request !== null) perform(request);
      else if (socket.readableEnded) socket.end();
    } catch (error) {
      refuse(socket, error);
    }
  };

  const onData = (bytes: Buffer) => {
    try {
      reader.push(bytes);
    } catch (error) {
      abandon();
      refuse(socket, error);
      return;
    }
    next();
    if (reader.takeExpectation() && running === null) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  };
  const onEnd = () => {
    if (running === null) socket.end();
    else if (!running.stage.ignoresFin) {
      abandon();
      socket.destroy();
    }
  };
  // 'close' follows every 'error', and is where a lost peer is noticed.
  const onError = () => {};

  const release = () => {
    socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', abandon);
    return reader.takeRest();
  };

  socket.setNoDelay(true);
  socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', abandon);
}

/** How long an early answer may travel before the rest of the request is met with a reset. */
const earlyMs = 50;

function destroyLater(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), earlyMs);
  socket.on('close', () => clearTimeout(timer));
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
