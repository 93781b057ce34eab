import type { Socket } from 'node:net';

/** Thrown through a play when the peer has left: whatever it wanted to send, nobody reads it any more. */
export class PeerLeft extends Error {}

/** Kept below the kernel's send buffer, so that a reader who stops is noticed within one slice. */
const sliceBytes = 65_536;

/** What a stage tells about: body bytes as the socket takes them. */
export interface StageObserver {
  onBodyBytes(bytes: number): void;
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
  readonly #waiting = new Set<(left: PeerLeft) => void>();
  #left: PeerLeft | null = null;

  constructor(socket: Socket, observer: StageObserver) {
    this.#socket = socket;
    this.#observer = observer;
  }

  /** Ends every wait with `PeerLeft`; called by the connection when the peer closes, resets, or the simulator stops. */
  leave(): void {
    if (this.#left !== null) return;
    this.#left = new PeerLeft('The peer left before the answer was whole');
    for (const reject of this.#waiting) reject(this.#left);
    this.#waiting.clear();
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

  async silence(ms: number): Promise<void> {
    await this.#until((done) => {
      if (ms > 0) {
        const timer = setTimeout(done, ms);
        return () => clearTimeout(timer);
      }
      const immediate = setImmediate(done);
      return () => clearImmediate(immediate);
    });
  }

  async silenceForEver(): Promise<never> {
    await this.#until(() => () => {});
    throw new PeerLeft('Unreachable: a wait without an end cannot end');
  }

  async close(): Promise<void> {
    await this.#until((done) => {
      this.#socket.end(done);
      return () => {};
    });
  }

  async reset(): Promise<void> {
    // One turn, so that a reader in the same process meets the bytes before the reset.
    await this.silence(0);
    this.#socket.resetAndDestroy();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#until((done) => {
      this.#socket.write(bytes, (error) => {
        if (error) this.leave();
        else done();
      });
      return () => {};
    });
  }

  /** Runs `start` until it calls `done` or the peer leaves; the function it returned then clears what it began. */
  #until(start: (done: () => void) => () => void): Promise<void> {
    if (this.#left !== null) return Promise.reject(this.#left);
    return new Promise((resolve, reject) => {
      let clear = () => {};
      const leave = (left: PeerLeft) => {
        clear();
        reject(left);
      };
      this.#waiting.add(leave);
      clear = start(() => {
        this.#waiting.delete(leave);
        resolve();
      });
    });
  }
}

/** Reason phrases of the statuses that are played; others go out without one, as RFC 9112 §4 allows. */
const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  302: 'Found',
  307: 'Temporary Redirect',
  308: 'Resume Incomplete',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
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
