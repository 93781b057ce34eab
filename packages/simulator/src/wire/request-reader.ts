/** One request as the bytes of a connection spell it. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  /** Lower-case names; values of lines with the same name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** All of a request that stands before its body. */
export type RequestHead = Omit<ReadRequest, 'body'>;

/** Bytes that are no HTTP/1.1 request, or more of them than the reader takes. `status` is the answer they deserve. */
export class UnreadableRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const maxHeadBytes = 65_536;
const maxBodyBytes = 268_435_456;
/** What may wait behind a request that is still being answered. */
const maxWaitingBytes = 1_048_576;

type State =
  | { readonly at: 'head' }
  | { readonly at: 'sized'; readonly head: RequestHead; readonly leftBytes: number }
  | { readonly at: 'chunk-size' | 'chunk-end' | 'trailers'; readonly head: RequestHead }
  | { readonly at: 'chunk'; readonly head: RequestHead; readonly leftBytes: number }
  | { readonly at: 'whole'; readonly head: RequestHead };

const crlf = Buffer.from('\r\n');
const blankLine = Buffer.from('\r\n\r\n');
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Reads HTTP/1.1 requests from bytes that may be cut anywhere.
 *
 * `push` takes what the socket gave, `takeHead` hands out the head of a request, and `take` all of it once it is whole.
 * Bytes behind a whole request wait until it was taken. Bodies are held in memory, up to 256 MiB.
 *
 * @example
 * const reader = new RequestReader();
 * reader.push(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'));
 * reader.take()?.target; // '/'
 */
export class RequestReader {
  #state: State = { at: 'head' };
  #rest: Buffer = Buffer.alloc(0);
  #body: Buffer[] = [];
  #bodyBytes = 0;
  #isAwaited = false;
  #newHead: RequestHead | null = null;

  /**
   * Takes bytes and reads as far as they go.
   *
   * @throws UnreadableRequest when they can never become a request; nothing may be pushed after that
   */
  push(bytes: Uint8Array): void {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#rest = this.#rest.length === 0 ? view : Buffer.concat([this.#rest, view]);
    this.#advance();
    if (this.#state.at === 'whole' && this.#rest.length > maxWaitingBytes) {
      throw new UnreadableRequest(400, 'Too many bytes behind a request that is still being answered');
    }
  }

  /** True between requests: closing now loses nothing. */
  get isIdle(): boolean {
    return this.#state.at === 'head' && this.#rest.length === 0;
  }

  /** True once per request that sent `Expect: 100-continue` and whose body has not begun to arrive. */
  takeExpectation(): boolean {
    const isAwaited = this.#isAwaited && this.#state.at !== 'whole' && this.#bodyBytes === 0;
    this.#isAwaited = false;
    return isAwaited;
  }

  /** The head of the next request, once; null when it was handed out before, or has not come yet. */
  takeHead(): RequestHead | null {
    const head = this.#newHead;
    this.#newHead = null;
    return head;
  }

  /** The next request, or null when its last byte has not come yet. */
  take(): ReadRequest | null {
    if (this.#state.at !== 'whole') return null;
    const request = { ...this.#state.head, body: Buffer.concat(this.#body) };
    this.#state = { at: 'head' };
    this.#body = [];
    this.#bodyBytes = 0;
    this.#advance();
    return request;
  }

  /** Everything behind the last request that was taken; for whoever goes on reading in another protocol. */
  takeRest(): Buffer {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest;
  }

  #advance(): void {
    for (;;) {
      const next = this.#step();
      if (next === null) return;
      this.#state = next;
    }
  }

  #step(): State | null {
    const state = this.#state;
    switch (state.at) {
      case 'head':
        return this.#head();
      case 'sized': {
        const leftBytes = state.leftBytes - this.#bodyPart(state.leftBytes);
        if (leftBytes === 0) return { at: 'whole', head: state.head };
        if (leftBytes === state.leftBytes) return null;
        return { ...state, leftBytes };
      }
      case 'chunk-size':
        return this.#chunkSize(state.head);
      case 'chunk': {
        const leftBytes = state.leftBytes - this.#bodyPart(state.leftBytes);
        if (leftBytes === 0) return { at: 'chunk-end', head: state.head };
        if (leftBytes === state.leftBytes) return null;
        return { ...state, leftBytes };
      }
      case 'chunk-end': {
        const line = this.#line(2);
        if (line === null) return null;
        if (line !== '') throw new UnreadableRequest(400, 'A chunk is longer than it said');
        return { at: 'chunk-size', head: state.head };
      }
      case 'trailers': {
        const line = this.#line(maxHeadBytes);
        if (line === null) return null;
        return line === '' ? { at: 'whole', head: state.head } : state;
      }
      case 'whole':
        return null;
    }
  }

  #head(): State | null {
    // RFC 9112 §2.2: empty lines before a request line are forgiven.
    while (this.#rest.subarray(0, 2).equals(crlf)) this.#rest = this.#rest.subarray(2);
    const end = this.#rest.indexOf(blankLine);
    if (end > maxHeadBytes || (end < 0 && this.#rest.length > maxHeadBytes)) {
      throw new UnreadableRequest(431, `The head of a request is longer than ${maxHeadBytes} bytes`);
    }
    if (end < 0) return null;
    const head = parsedHead(this.#rest.toString('latin1', 0, end));
    this.#rest = this.#rest.subarray(end + 4);
    this.#newHead = head;
    this.#isAwaited = head.headers.expect?.toLowerCase() === '100-continue';
    const framing = framingOf(head);
    if (framing === 'chunked') return { at: 'chunk-size', head };
    return framing === 0 ? { at: 'whole', head } : { at: 'sized', head, leftBytes: framing };
  }

  #chunkSize(head: RequestHead): State | null {
    const line = this.#line(1024);
    if (line === null) return null;
    const digits = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/.exec(line)?.[1];
    if (digits === undefined) throw new UnreadableRequest(400, 'A chunk does not say its size');
    const leftBytes = Number.parseInt(digits, 16);
    return leftBytes === 0 ? { at: 'trailers', head } : { at: 'chunk', head, leftBytes };
  }

  #line(maxBytes: number): string | null {
    const end = this.#rest.indexOf(crlf);
    if (end > maxBytes || (end < 0 && this.#rest.length > maxBytes)) {
      throw new UnreadableRequest(400, 'A line of a chunked body is too long');
    }
    if (end < 0) return null;
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  #bodyPart(maxBytes: number): number {
    const part = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(part.length);
    this.#bodyBytes += part.length;
    if (this.#bodyBytes > maxBodyBytes) {
      throw new UnreadableRequest(413, `The body of a request is longer than ${maxBodyBytes} bytes`);
    }
    if (part.length > 0) this.#body.push(part);
    return part.length;
  }
}

function parsedHead(text: string): RequestHead {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const [, method, target, version] = /^(\S+) (\S+) HTTP\/(\d\.\d)$/.exec(requestLine) ?? [];
  if (method === undefined || target === undefined || !token.test(method)) {
    throw new UnreadableRequest(400, 'The first line is no request line');
  }
  if (version !== '1.1') throw new UnreadableRequest(505, `HTTP/${version} is not spoken here`);
  const rawHeaders: [string, string][] = [];
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '');
    if (colon < 1 || !token.test(name)) throw new UnreadableRequest(400, 'A line of the head is no header');
    rawHeaders.push([name, value]);
    const known = headers[name.toLowerCase()];
    headers[name.toLowerCase()] = known === undefined ? value : `${known}, ${value}`;
  }
  return { method, target, headers, rawHeaders };
}

/** RFC 9112 §6.3, strictly: what two servers could read in two ways is refused. */
function framingOf({ headers }: RequestHead): number | 'chunked' {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined) {
    if (length !== undefined) throw new UnreadableRequest(400, 'Both a length and a transfer encoding');
    if (coding.toLowerCase() !== 'chunked') throw new UnreadableRequest(501, 'Only chunked transfer encoding is known');
    return 'chunked';
  }
  if (length === undefined) return 0;
  if (!/^\d{1,15}$/.test(length)) throw new UnreadableRequest(400, 'The content length is no number');
  if (Number(length) > maxBodyBytes) {
    throw new UnreadableRequest(413, `The body of a request is longer than ${maxBodyBytes} bytes`);
  }
  return Number(length);
}
