/** Channels over the package `ws`. */

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Channel, ChannelListener, Closing, Frame } from '../channel.ts';
import { writeMasked } from './masked-frames.ts';

/**
 * What every socket keeps to. No compression: what is sent is compressed already, and each context would cost memory.
 * A frame in pieces of a byte each would hold a hundred times its size, so pieces are counted. Who does not answer a
 * close within `closeTimeout` ms is cut off.
 */
export const socketOptions = {
  perMessageDeflate: false,
  maxFragments: 256,
  maxBufferedChunks: 16_384,
  closeTimeout: 2_000,
} as const;

/** 1000 to 1014 without those that stand for something else, and what applications have for themselves. */
function isSendable(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code < 5000)
  );
}

/** Codes that `ws` itself answers broken rules with, by the code of its error. */
const brokenRules: ReadonlyMap<string, number> = new Map([
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
  ['WS_ERR_INVALID_UTF8', 1007],
]);
const protocolError = 1002;
const vanished: Closing = { code: 1006, reason: '', isBroken: false };

/** One open `WebSocket`. It reads nothing until somebody listens. */
export class WsChannel implements Channel {
  bytesRead = 0;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  /** The same where frames have to be masked. */
  readonly #maskedSocket: Socket | null;
  /** What a control frame of the other side costs beside its content: clients mask theirs. */
  readonly #controlBytes: number;
  #listener: ChannelListener | null = null;
  /** Bytes that have come since the last whole frame. */
  #partBytes = 0;
  #heldBytes = 0;
  /** Said as soon as what was sent before has left. */
  #goodBye: (() => void) | null = null;
  #isClosing = false;
  #isOver = false;

  /** @param side - whom the socket leads to */
  constructor(ws: WebSocket, socket: Duplex, side: 'client' | 'server') {
    this.#ws = ws;
    this.#socket = socket;
    this.#maskedSocket = side === 'server' && socket instanceof Socket ? socket : null;
    this.#controlBytes = side === 'client' ? 6 : 2;
    ws.pause();
    // Before `ws` takes a piece apart, and after it.
    socket.prependListener('data', this.#onPiece);
    socket.on('data', this.#count);
    socket.on('drain', this.#onDrain);
    ws.on('message', (data, isBinary) => this.#onFrame(data as Buffer, !isBinary));
    ws.on('ping', this.#onControl);
    ws.on('pong', this.#onControl);
    ws.on('error', (error) => this.#onError(error));
    ws.on('close', (code, reason) => this.#end({ code, reason: reason.toString(), isBroken: false }));
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  listen(listener: ChannelListener): void {
    const isFirst = this.#listener === null;
    this.#listener = listener;
    if (isFirst) this.#ws.resume();
  }

  pause(): void {
    if (!this.#isClosing) this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  send(frame: Frame): boolean {
    if (this.#isClosing || this.#isOver) return true;
    const { data, isText } = frame;
    // Without compression `ws` has nothing under way that could come in between, and is not asked.
    if (this.#maskedSocket === null) this.#ws.send(data, { binary: !isText, compress: false });
    else if (this.#ws.readyState === WebSocket.OPEN) writeMasked(this.#maskedSocket, frame);
    this.#count();
    return !this.#socket.writableNeedDrain;
  }

  ping(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping();
  }

  close(code: number, reason: string): void {
    if (this.#isClosing || this.#isOver) return;
    this.#isClosing = true;
    // The other side's own good-bye has to be read, whatever else it still says.
    this.#ws.resume();
    const goodBye = (): void => (isSendable(code) ? this.#ws.close(code, reason) : this.#ws.close());
    if (this.#socket.writableNeedDrain) this.#goodBye = goodBye;
    else goodBye();
  }

  abort(_reason: Error): void {
    this.#isClosing = true;
    this.#ws.terminate();
  }

  readonly #onPiece = (piece: Buffer): void => {
    this.bytesRead += piece.length;
    this.#partBytes += piece.length;
  };

  readonly #onControl = (data: Buffer): void => {
    this.#partBytes = Math.max(0, this.#partBytes - data.length - this.#controlBytes);
  };

  readonly #onDrain = (): void => {
    this.#count();
    this.#goodBye?.();
    this.#goodBye = null;
    if (!this.#isOver) this.#listener?.room();
  };

  #onFrame(data: Buffer, isText: boolean): void {
    this.#partBytes = 0;
    if (!this.#isClosing && !this.#isOver) this.#listener?.frame({ data, isText });
  }

  #onError(error: Error & { code?: string }): void {
    const { code = '' } = error;
    if (!code.startsWith('WS_ERR_')) return this.#end(vanished);
    this.#end({ code: brokenRules.get(code) ?? protocolError, reason: '', isBroken: true });
  }

  /** Tells what lies here, where that has changed. */
  readonly #count = (): void => {
    const bytes = this.#isOver ? 0 : this.#partBytes + this.#socket.writableLength;
    if (bytes === this.#heldBytes) return;
    const before = this.#heldBytes;
    this.#heldBytes = bytes;
    this.#listener?.held(bytes - before);
  };

  #end(closing: Closing): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isClosing = true;
    this.#count();
    this.#socket.off('data', this.#onPiece).off('data', this.#count).off('drain', this.#onDrain);
    this.#listener?.closed(closing);
  }
}
