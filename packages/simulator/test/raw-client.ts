import { connect, type Socket } from 'node:net';

export interface RawRequest {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The bytes of a request; a body gets its length. */
function requestBytes({ method, target, headers = {}, body = '' }: RawRequest): string {
  const lines = Object.entries({ Host: 'simulator', 'Content-Length': String(Buffer.byteLength(body)), ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method ?? (body === '' ? 'GET' : 'POST')} ${target} HTTP/1.1\r\n${head}\r\n${body}`;
}

/** How the other side has left the connection so far. */
export type Ended = 'open' | 'fin' | 'rst';

/** A connection that shows every byte and how it ended, without an HTTP client in between to smooth things over. */
export class RawConnection {
  readonly socket: Socket;
  readonly reads: Buffer[] = [];
  ended: Ended = 'open';
  #changed: () => void = () => {};

  constructor(url: string) {
    this.socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), allowHalfOpen: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.reads.push(bytes);
      this.#changed();
    });
    this.socket.on('end', () => {
      this.ended = 'fin';
      this.#changed();
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') this.ended = 'rst';
      this.#changed();
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.reads);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  send(request: RawRequest | string): void {
    this.socket.write(typeof request === 'string' ? request : requestBytes(request));
  }

  /** Resolves as soon as `isTrue`, asked after each read and at the end, says so. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Waits for a whole HTTP answer, or for the end of the connection. */
  async answer(): Promise<RawAnswer> {
    await this.until(() => this.ended !== 'open' || (this.#mayBeWhole() && readAnswer(this.bytes).isWhole));
    return readAnswer(this.bytes);
  }

  /** Spares the full reading of a large answer after each of its parts. */
  #mayBeWhole(): boolean {
    const bytes = this.reads.reduce((sum, read) => sum + read.length, 0);
    return bytes < 100_000 || /[\n}]$/.test(this.reads.at(-1)?.toString('latin1').slice(-1) ?? '');
  }

  leave(): void {
    this.socket.destroy();
  }
}

export interface RawAnswer {
  readonly status: number;
  /** Lines as they came, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Without chunk framing. */
  readonly body: Buffer;
  /** The chunks of a chunked body, as far as they are whole. */
  readonly chunks: readonly Buffer[];
  /** Whether the framing says that nothing is missing; never true for a body ended by closing. */
  readonly isWhole: boolean;
}

const none: RawAnswer = { status: 0, headers: [], body: Buffer.alloc(0), chunks: [], isWhole: false };

/** Reads an answer strictly, as far as it goes. Heads that only announce another are passed over. */
export function readAnswer(bytes: Buffer): RawAnswer {
  const announced = /^HTTP\/1\.1 10[03] [\s\S]*?\r\n\r\n/.exec(bytes.toString('latin1', 0, 200))?.[0];
  if (announced !== undefined) return readAnswer(bytes.subarray(announced.length));
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return none;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const status = Number(/^HTTP\/1\.1 (\d{3}) [^\n]*$/.exec(statusLine)?.[1] ?? 0);
  const rest = bytes.subarray(headEnd + 4);
  if (headerOf(headers, 'Transfer-Encoding') === 'chunked') return { status, headers, ...readChunks(rest) };
  const length = headerOf(headers, 'Content-Length') ?? (status === 204 || status === 304 ? '0' : null);
  return { status, headers, body: rest, chunks: [], isWhole: length !== null && rest.length === Number(length) };
}

export function headerOf(headers: RawAnswer['headers'], name: string): string | null {
  return headers.find(([known]) => known === name)?.[1] ?? null;
}

function readChunks(bytes: Buffer): Pick<RawAnswer, 'body' | 'chunks' | 'isWhole'> {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (lineEnd < 0 || Number.isNaN(size) || bytes.length < end + 2) {
      const partial = lineEnd < 0 ? Buffer.alloc(0) : bytes.subarray(lineEnd + 2);
      return { body: Buffer.concat([...chunks, partial]), chunks, isWhole: false };
    }
    if (size === 0) return { body: Buffer.concat(chunks), chunks, isWhole: bytes.length === end + 2 };
    chunks.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
