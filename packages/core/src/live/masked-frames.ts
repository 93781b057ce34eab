/**
 * Frames for a server, masked as a client's have to be (RFC 6455 §5.3): four bytes at a time, and into room that is used
 * again. `ws` does it byte by byte into a new buffer: 10 µs for a frame of 4 KiB, 6 here (the write included, least of
 * many); and buffers outside the heap are what makes V8 collect all of it, again and again. See `live` in bench/README.md.
 */

import { randomFillSync } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Frame } from '../channel.ts';

/** Where the content begins: the longest head has 14 bytes, and words have to begin at a multiple of four. */
const contentAt = 16;
const maskAt = contentAt - 4;
/** Room for a longer frame is not kept. */
const longestKeptBytes = 65_536;

const masks = new Int32Array(2_048);
let nextMask = masks.length;

/** Room for the frames of all channels, one after the other; null while the last one has not left yet. */
let kept: Room | null = null;

/** Sends one whole frame over a connection on which nobody else is in the middle of one. */
export function writeMasked(socket: Socket, { data, isText }: Frame): void {
  const room = kept !== null && kept.longest >= data.length ? kept : new Room(data.length);
  kept = null;
  socket.write(room.frame(data, isText ? 0x81 : 0x82));
  // What the kernel has not taken lies in this room until it does.
  if (socket.writableLength === 0 && room.longest <= longestKeptBytes) kept = room;
}

class Room {
  /** The longest content that there is room for. */
  readonly longest: number;
  readonly #bytes: Buffer;
  /** The mask, and the content after it. */
  readonly #words: Int32Array;

  constructor(longest: number) {
    this.longest = longest;
    this.#bytes = Buffer.allocUnsafeSlow(contentAt + Math.ceil(longest / 4) * 4);
    this.#words = new Int32Array(this.#bytes.buffer, maskAt);
  }

  frame(content: Uint8Array, firstByte: number): Buffer {
    const bytes = this.#bytes;
    const words = this.#words;
    const { length } = content;
    const mask = anotherMask();
    bytes.set(content, contentAt);
    words[0] = mask;
    // The last word may reach beyond the content, into bytes that are not sent.
    const end = Math.ceil(length / 4) + 1;
    for (let at = 1; at < end; at++) words[at] = (words[at] as number) ^ mask;
    return bytes.subarray(this.#writeHead(length, firstByte), contentAt + length);
  }

  /** @returns where it begins: it ends where the mask does */
  #writeHead(length: number, firstByte: number): number {
    const bytes = this.#bytes;
    const short = length < 126 ? length : length < 65_536 ? 126 : 127;
    const at = maskAt - (short < 126 ? 2 : short === 126 ? 4 : 10);
    bytes[at] = firstByte;
    bytes[at + 1] = 0x80 | short;
    if (short === 126) bytes.writeUInt16BE(length, at + 2);
    else if (short === 127) bytes.writeBigUInt64BE(BigInt(length), at + 2);
    return at;
  }
}

/** Each frame has one that nobody can foresee. */
function anotherMask(): number {
  if (nextMask === masks.length) {
    randomFillSync(masks);
    nextMask = 0;
  }
  return masks[nextMask++] as number;
}
