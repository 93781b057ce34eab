/** HTTP by hand, for everything that a proper client would not send. */

import { connect, type Socket } from 'node:net';

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; the last one counts. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Every byte. */
  readonly text: string;
}

/** A connection that remembers what came. */
export class RawConnection {
  readonly socket: Socket;
  /** Resolves when the peer has closed or reset the connection. */
  readonly closed: Promise<void>;
  #text = '';
  #onData: () => void = () => {};
  #isClosed = false;
  /** What the system said when the connection broke: `ECONNRESET` … */
  errorCode: string | null = null;

  /** @param allowHalfOpen - goes on sending when the peer has said that it is done */
  constructor(port: number, { allowHalfOpen = false } = {}) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1');
      this.#onData();
    });
    this.socket.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      this.errorCode = code;
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.#isClosed = true;
        this.#onData();
        resolve();
      });
    });
  }

  get text(): string {
    return this.#text;
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Resolves as soon as `is` holds for what came so far; rejects when the connection ends before. */
  until(is: (text: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#onData = () => {
        if (is(this.#text)) resolve(this.#text);
        else if (this.#isClosed) reject(new Error(`The connection ended after: ${JSON.stringify(this.#text)}`));
      };
      this.#onData();
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends lines joined by CRLF and an empty line, then `body`; resolves with the answer when the connection is closed. */
export async function raw(port: number, lines: readonly string[], body = ''): Promise<RawAnswer> {
  const connection = new RawConnection(port).send(`${lines.join('\r\n')}\r\n\r\n${body}`);
  await connection.closed;
  return answerIn(connection.text);
}

/** Reads the first answer of what came. */
export function answerIn(text: string): RawAnswer {
  const split = text.indexOf('\r\n\r\n');
  const [first = '', ...fields] = text.slice(0, split).split('\r\n');
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(split + 4), text };
}

/** Google's shape: what each error body must have. */
interface GoogleError {
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly status: string;
    readonly details?: readonly { readonly '@type': string; readonly reason?: string; readonly domain?: string }[];
  };
}

/** Reads an error body and the reason that it gives. */
export function googleError(body: string): {
  code: number;
  message: string;
  status: string;
  reason: string | undefined;
} {
  const { error } = JSON.parse(body) as GoogleError;
  return { ...error, reason: error.details?.find(({ domain }) => domain === 'sluice')?.reason };
}
