/** A WebSocket whose messages are all written down: read one after the other, written at the pace of the socket. */

import type { RawData, WebSocket } from 'ws';
import type { RecordedFrame } from '../contract.ts';
import { pretty } from '../gemini/google-json.ts';
import type { Talk } from '../journal.ts';
import type { Closing } from './closing.ts';

/** What a journal keeps of one session; a flood would fill the memory. */
const maxFrames = 1_000;

/** One Live session as bytes. */
export class Conversation {
  readonly talk: Talk;
  /** Silence before each message, in ms. */
  readonly paceMs: number;
  readonly #socket: WebSocket;
  readonly #waits = new Set<() => void>();
  #heard: Promise<void> = Promise.resolve();
  #closing: Closing | null = null;

  constructor(socket: WebSocket, talk: Talk, paceMs: number) {
    this.#socket = socket;
    this.talk = talk;
    this.paceMs = paceMs;
    // 'close' follows every 'error'.
    socket.on('error', () => {});
    socket.on('close', (code: number, reason: Buffer) => this.#ended(code, reason.toString()));
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN && this.#closing === null;
  }

  /** Hears every message, in order: the next one when `hear` is done with the last. */
  listen(hear: (data: Buffer) => Promise<void>): void {
    this.#socket.on('message', (raw: RawData, isBinary: boolean) => {
      const data = Buffer.isBuffer(raw) ? raw : Buffer.concat(Array.isArray(raw) ? raw : [Buffer.from(raw)]);
      this.talk.bytesReceived += data.length;
      this.#record({ from: 'client', isBinary, data, atMs: performance.now() });
      this.#heard = this.#heard.then(() => (this.isOpen ? hear(data) : undefined));
    });
  }

  /** Says something as Google does: pretty-printed JSON in a binary message. */
  say(message: object): Promise<void> {
    return this.sayBytes(Buffer.from(pretty(message)));
  }

  /** Resolves when the socket took the message; at once when the session is over. */
  async sayBytes(data: Buffer): Promise<void> {
    if (this.paceMs > 0) await this.silence(this.paceMs);
    if (!this.isOpen) return;
    this.#record({ from: 'simulator', isBinary: true, data, atMs: performance.now() });
    await new Promise<void>((resolve) => {
      this.#socket.send(data, { binary: true }, (error) => {
        if (!error) this.talk.bytesSent += data.length;
        resolve();
      });
    });
  }

  /** Waits; the end of the session ends the wait. */
  silence(ms: number): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waits.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#waits.add(end);
    });
  }

  /** Only the first close counts. */
  close(closing: Closing): void {
    if (!this.isOpen) return;
    this.#closing = closing;
    this.#socket.close(closing.code, closing.reason);
  }

  /** Runs when the session is over, whichever side ended it. */
  onEnd(run: () => void): void {
    this.#socket.on('close', run);
  }

  #record(frame: RecordedFrame): void {
    if (this.talk.frames.length < maxFrames) this.talk.frames.push(frame);
  }

  #ended(code: number, reason: string): void {
    for (const end of this.#waits) end();
    this.talk.endedAtMs = performance.now();
    this.talk.close = this.#closing === null ? { code, reason, by: 'client' } : { ...this.#closing, by: 'simulator' };
  }
}
