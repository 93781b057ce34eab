/**
 * Reads HTTP/1.1 messages off a socket. The generator and the fake provider may cost less than what they measure, and
 * `node:http` on their side would cost more.
 */

/** What a reader tells, in the order of the wire. A chunk is a view that is good for the length of the call. */
export interface MessageListener {
  /** @param head - the start line and the header fields, in latin1, without the blank line */
  onHead(head: string): void;
  onBody(chunk: Buffer): void;
  /** The message is whole by the rules of its own framing; anything else never comes here. */
  onEnd(): void;
}

const empty = Buffer.alloc(0);
const CR = 13;
const LF = 10;

type Phase = 'head' | 'length' | 'size' | 'chunk' | 'chunk-end' | 'trailer';

/** One direction of one connection, message after message. */
export class MessageReader {
  readonly #listener: MessageListener;
  #kept: Buffer = empty;
  #phase: Phase = 'head';
  #left = 0;

  constructor(listener: MessageListener) {
    this.#listener = listener;
  }

  /** Whether the connection may end here without anything being lost. */
  get isBetweenMessages(): boolean {
    return this.#phase === 'head' && this.#kept.length === 0;
  }

  /** @throws Error for framing that no server of ours would send */
  read(bytes: Buffer): void {
    const data = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    let at = 0;
    while (at < data.length) {
      const next = this.#step(data, at);
      if (next < 0) break;
      at = next;
    }
    this.#kept = at === data.length ? empty : Buffer.from(data.subarray(at));
  }

  /** @returns where to go on, or -1 when the rest does not suffice */
  #step(data: Buffer, at: number): number {
    switch (this.#phase) {
      case 'head':
        return this.#readHead(data, at);
      case 'length':
      case 'chunk':
        return this.#readBody(data, at);
      case 'chunk-end':
        return this.#readChunkEnd(data, at);
      case 'size':
        return this.#readSize(data, at);
      case 'trailer':
        return this.#readTrailer(data, at);
    }
  }

  #readHead(data: Buffer, at: number): number {
    const end = data.indexOf('\r\n\r\n', at, 'latin1');
    if (end < 0) return -1;
    const head = data.toString('latin1', at, end);
    this.#listener.onHead(head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head)) this.#phase = 'size';
    else {
      this.#left = Number(length ?? 0);
      this.#phase = 'length';
      if (this.#left === 0) this.#end();
    }
    return end + 4;
  }

  #readBody(data: Buffer, at: number): number {
    const end = Math.min(data.length, at + this.#left);
    this.#left -= end - at;
    this.#listener.onBody(data.subarray(at, end));
    if (this.#left === 0) {
      if (this.#phase === 'length') this.#end();
      else this.#phase = 'chunk-end';
    }
    return end;
  }

  #readChunkEnd(data: Buffer, at: number): number {
    if (data.length - at < 2) return -1;
    if (data[at] !== CR || data[at + 1] !== LF) throw new Error('a chunk is longer or shorter than it says');
    this.#phase = 'size';
    return at + 2;
  }

  #readSize(data: Buffer, at: number): number {
    const end = data.indexOf('\r\n', at, 'latin1');
    if (end < 0) return -1;
    const digits = data.toString('latin1', at, end);
    if (!/^[0-9a-f]{1,8}$/i.test(digits)) throw new Error(`"${digits.slice(0, 20)}" is no size of a chunk`);
    this.#left = Number.parseInt(digits, 16);
    this.#phase = this.#left === 0 ? 'trailer' : 'chunk';
    return end + 2;
  }

  #readTrailer(data: Buffer, at: number): number {
    const end = data.indexOf('\r\n', at, 'latin1');
    if (end < 0) return -1;
    if (end === at) this.#end();
    return end + 2;
  }

  #end(): void {
    this.#phase = 'head';
    this.#listener.onEnd();
  }
}
