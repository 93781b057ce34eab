/** Clients of the Live API: one that every browser has, and one that writes its frames by hand. */

import { RawConnection } from './raw-http.ts';
import { callerKey } from './running-proxy.ts';

export const livePath = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
const model = 'models/gemini-3.8-live';
export const setup = JSON.stringify({ setup: { model } });

/** The message that says something and wants an answer. */
export function turnOf(text: string): string {
  return JSON.stringify({ clientContent: { turns: [{ role: 'user', parts: [{ text }] }], turnComplete: true } });
}

/** The lines of a handshake. */
export function handshake(target = `${livePath}?key=${callerKey}`, more: readonly string[] = []): string[] {
  const has = (name: string): boolean => more.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const usual = [
    'host: 127.0.0.1',
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
  ];
  return [`GET ${target} HTTP/1.1`, ...usual.filter((line) => !has(line.split(':', 1)[0] ?? '')), ...more];
}

/** A text frame of RFC 6455 of up to 65,535 bytes, masked with zeros; for `latin1`. */
export function textFrame(text: string): string {
  const { length } = text;
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0xfe, length >> 8, length & 0xff];
  return `${String.fromCharCode(...head)}\0\0\0\0${text}`;
}

/** A session by hand, with its setup answered. It answers nothing by itself: no ping, no good-bye. */
export async function rawSession(port: number): Promise<RawConnection> {
  const connection = new RawConnection(port).send(`${handshake().join('\r\n')}\r\n\r\n${textFrame(setup)}`);
  await connection.until((text) => text.includes('setupComplete'));
  return connection;
}

/** A session as a page in a browser holds it. */
export class LiveClient {
  readonly socket: WebSocket;
  readonly messages: string[] = [];
  /** Resolves with how it has ended, for this side. */
  readonly closed: Promise<{ code: number; reason: string }>;
  #onMessage: () => void = () => {};

  constructor(port: number, target = `${livePath}?key=${callerKey}`) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${target}`);
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('open', () => this.socket.send(setup));
    this.socket.addEventListener('message', ({ data }) => {
      this.messages.push(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString());
      this.#onMessage();
    });
    this.closed = new Promise((resolve) => {
      this.socket.addEventListener('close', ({ code, reason }) => {
        resolve({ code, reason });
        this.#onMessage();
      });
    });
  }

  /** Resolves with the first message that holds `text`; rejects when the session ends before. */
  heard(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#onMessage = () => {
        const found = this.messages.find((message) => message.includes(text));
        if (found !== undefined) resolve(found);
        else if (this.socket.readyState === WebSocket.CLOSED) reject(new Error(`closed before "${text}"`));
      };
      this.#onMessage();
    });
  }

  say(text: string): void {
    this.socket.send(turnOf(text));
  }

  close(): void {
    this.socket.close();
  }
}
