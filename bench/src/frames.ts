/**
 * Frames of RFC 6455, read off a socket and written to one. As with HTTP, both ends of what is measured have a reader
 * of their own that costs less than what they measure.
 */

/** What a reader tells. The payload is a view that is good for the length of the call. */
export interface FrameListener {
  onFrame(opcode: number, payload: Buffer): void;
}

/** Kinds of frames. */
export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** What clients of the bench mask with. Not zero: `ws` leaves frames alone whose mask is, and would seem cheaper. */
const mask = Buffer.from([0x5a, 0xc3, 0x96, 0x3c]);
const maskBytes = mask.length;
const wholeBit = 0x80;
const maskBit = 0x80;
const empty = Buffer.alloc(0);

/** One direction of one connection. */
export class FrameReader {
  readonly #listener: FrameListener;
  readonly #isMasked: boolean;
  #kept: Buffer = empty;

  /** @param isMasked - frames of clients are, those of servers must not be */
  constructor(isMasked: boolean, listener: FrameListener) {
    this.#isMasked = isMasked;
    this.#listener = listener;
  }

  /** @throws Error for what nobody here sends: messages in pieces, reserved bits, the wrong masking */
  read(bytes: Buffer): void {
    const data = this.#kept.length === 0 ? bytes : Buffer.concat([this.#kept, bytes]);
    let at = 0;
    for (;;) {
      const next = this.#readOne(data, at);
      if (next < 0) break;
      at = next;
    }
    this.#kept = at === data.length ? empty : Buffer.from(data.subarray(at));
  }

  /** @returns where to go on, or -1 when the rest does not suffice */
  #readOne(data: Buffer, at: number): number {
    if (data.length - at < 2) return -1;
    const first = data[at] as number;
    const second = data[at + 1] as number;
    if ((first & 0xf0) !== wholeBit) throw new Error('a frame is compressed, or a piece of a message');
    if (((second & maskBit) !== 0) !== this.#isMasked) {
      throw new Error(`a frame is ${this.#isMasked ? 'not masked' : 'masked'}`);
    }
    const short = second & 0x7f;
    const sizeBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    let from = at + 2 + sizeBytes;
    if (data.length < from) return -1;
    const length =
      sizeBytes === 0 ? short : sizeBytes === 2 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2));
    const maskAt = from;
    if (this.#isMasked) from += maskBytes;
    const end = from + length;
    if (data.length < end) return -1;
    const payload = data.subarray(from, end);
    if (this.#isMasked) unmask(payload, data, maskAt);
    this.#listener.onFrame(first & 0x0f, payload);
    return end;
  }
}

function unmask(payload: Buffer, data: Buffer, maskAt: number): void {
  for (let at = 0; at < payload.length; at++) {
    payload[at] = (payload[at] as number) ^ (data[maskAt + (at & 3)] as number);
  }
}

/** One whole frame, ready for the wire. */
export function frameOf(opcode: number, payload: Buffer, isMasked: boolean): Buffer {
  const { length } = payload;
  if (length > 0xffff) throw new Error(`${length} bytes are more than any frame here has`);
  const sizeBytes = length < 126 ? 0 : 2;
  const payloadAt = 2 + sizeBytes + (isMasked ? maskBytes : 0);
  const bytes = Buffer.allocUnsafe(payloadAt + length);
  bytes[0] = wholeBit | opcode;
  bytes[1] = (isMasked ? maskBit : 0) | (sizeBytes === 0 ? length : 126);
  if (sizeBytes > 0) bytes.writeUInt16BE(length, 2);
  payload.copy(bytes, payloadAt);
  if (isMasked) {
    mask.copy(bytes, 2 + sizeBytes);
    maskPart(bytes, payloadAt, payloadAt, payloadAt + length);
  }
  return bytes;
}

/** Masks the bytes from `from` to `end` of a frame whose payload begins at `payloadAt`. */
export function maskPart(frame: Buffer, payloadAt: number, from: number, end: number): void {
  for (let at = from; at < end; at++) {
    frame[at] = (frame[at] as number) ^ (mask[(at - payloadAt) & 3] as number);
  }
}
