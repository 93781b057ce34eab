import type { Socket } from 'node:net';
import { PeerLeft, Presence } from './presence.ts';

/** Kept below the kernel's send buffer, so that a reader who stops is noticed within one slice. */
const sliceBytes = 65_536;

/** What a stage tells about: body bytes as the socket takes them. */
export interface StageObserver {
  onBodyBytes(bytes: number): void;
}

/** A connection that speaks another protocol from now on, and what has already come of that. */
export interface TakenOver {
  readonly socket: Socket;
  readonly head: Buffer;
}

/** The way out of one answer: every byte in the order and the portions in which a play asks for them. */
export interface Stage {
  /** A status line and headers, in one write. */
  head(status: number, headers: readonly (readonly [string, string])[]): Promise<void>;
  /** Bytes that are no part of a body: half a head, or no HTTP at all. */
  raw(bytes: Uint8Array | string): Promise<void>;
  /** Bytes of a body with a length or without any framing. */
  body(bytes: Uint8Array): Promise<void>;
  /** One chunk of a chunked body; empty ones are left out, because they would end it. */
  chunk(bytes: Uint8Array): Promise<void>;
  /** The end of a chunked body. */
  lastChunk(): Promise<void>;
  /** Nothing, for a while. 0 gives the reader one turn of the event loop, so that two writes arrive as two. */
  silence(ms: number): Promise<void>;
  /** Nothing for ever: resolves never, rejects when the peer leaves. */
  silenceForEver(): Promise<never>;
  /** Closes our direction (FIN) behind everything written. */
  close(): Promise<void>;
  /** Resets the connection (RST); what the peer already received stays readable for it. */
  reset(): Promise<void>;
  /** From now on a peer that closes only its direction has not left. */
  ignoreFin(): void;
  /** Ends HTTP on this connection: whoever calls it answers the handshake, and ends the play with `upgraded`. */
  takeOver(): TakenOver;
}

/**
 * A stage on a socket.
 *
 * Each write resolves when the kernel took the bytes, so a play is never ahead of its reader by more than the socket's
 * own buffers. All of it rejects with `PeerLeft` once the peer closed or reset the connection.
 */
export class SocketStage implements Stage {
  readonly #socket: Socket;
  readonly #observer: StageObserver;
  readonly #release: () => Buffer;
  readonly #presence = new Presence();
  #ignoresFin = false;

  /** @param release - stops reading HTTP from the socket and gives what is left unread */
  constructor(socket: Socket, observer: StageObserver, release: () => Buffer) {
    this.#socket = socket;
    this.#observer = observer;
    this.#release = release;
  }

  /** Whether a FIN of the peer's is no reason to stop. */
  get ignoresFin(): boolean {
    return this.#ignoresFin;
  }

  /** Ends every wait with `PeerLeft`; called by the connection when the peer closes, resets, or the simulator stops. */
  leave(): void {
    this.#presence.leave(new PeerLeft('The peer left before the answer was whole'));
  }

  async head(status: number, headers: readonly (readonly [string, string])[]): Promise<void> {
    await this.#write(headBytes(status, headers));
  }

  async raw(bytes: Uint8Array | string): Promise<void> {
    await this.#write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  async body(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; start += sliceBytes) {
      const slice = bytes.subarray(start, start + sliceBytes);
      await this.#write(slice);
      this.#observer.onBodyBytes(slice.length);
    }
  }

  async chunk(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const size = Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1');
    if (bytes.length > sliceBytes) {
      await this.#write(size);
      await this.body(bytes);
      await this.#write(Buffer.from('\r\n'));
    } else {
      await this.#write(Buffer.concat([size, bytes, Buffer.from('\r\n')]));
      this.#observer.onBodyBytes(bytes.length);
    }
  }

  async lastChunk(): Promise<void> {
    await this.#write(Buffer.from('0\r\n\r\n'));
  }

  silence(ms: number): Promise<void> {
    return this.#presence.silence(ms);
  }

  silenceForEver(): Promise<never> {
    return this.#presence.silenceForEver();
  }

  async close(): Promise<void> {
    await this.#presence.until((done) => {
      this.#socket.end(done);
      return () => {};
    });
  }

  async reset(): Promise<void> {
    // One turn, so that a reader in the same process meets the bytes before the reset.
    await this.silence(0);
    this.#socket.resetAndDestroy();
  }

  ignoreFin(): void {
    this.#ignoresFin = true;
  }

  takeOver(): TakenOver {
    return { socket: this.#socket, head: this.#release() };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#presence.until((done) => {
      this.#socket.write(bytes, (error) => {
        if (error) this.leave();
        else done();
      });
      return () => {};
    });
  }
}

/** Reason phrases of the statuses that are played; others go out without one, as RFC 9112 §4 allows. */
const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  206: 'Partial Content',
  302: 'Found',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Resume Incomplete',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The head of an answer as bytes, blank line included. */
export function headBytes(status: number, headers: readonly (readonly [string, string])[]): Uint8Array {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${lines}\r\n`, 'latin1');
}
