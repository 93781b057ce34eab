/** Reads one HTTP/1.1 answer from bytes that may be cut anywhere, without believing anything that was not sent. */

/** What has come of an answer so far. */
export class AnswerReader {
  status = 0;
  readonly headers: Record<string, string> = {};
  /** The body in the portions in which it was framed. */
  readonly pieces: Uint8Array[] = [];
  /** The framing says that this was all. */
  isWhole = false;
  bytes = 0;
  #rest: Buffer = Buffer.alloc(0);
  #head = '';
  /** Bytes that are left of a body or a chunk; null until it is known. */
  #left: number | null = null;
  #isChunked = false;

  get head(): string {
    return this.#head;
  }

  push(bytes: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    if (this.status === 0) this.#readHead();
    if (this.status === 0) return;
    if (this.#isChunked) while (!this.isWhole && this.#readChunk());
    else this.#readPlain();
  }

  /** The connection was closed in good order: where nothing else frames the body, that is its end. */
  closed(): void {
    if (this.status > 0 && !this.#isChunked && this.#left === null) this.isWhole = true;
  }

  #readHead(): void {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.#head = this.#rest.subarray(0, end).toString('latin1');
    this.#rest = this.#rest.subarray(end + 4);
    const [first = '', ...lines] = this.#head.split('\r\n');
    this.status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? -1);
    for (const line of lines) {
      const colon = line.indexOf(':');
      this.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    this.#isChunked = this.headers['transfer-encoding'] === 'chunked';
    const length = this.headers['content-length'];
    if (length !== undefined) this.#left = Number(length);
  }

  #readPlain(): void {
    // What follows a body of so many bytes is no part of it, whoever sent it.
    const body = this.#left === null ? this.#rest : this.#rest.subarray(0, this.#left);
    if (body.length > 0) this.#keep(body);
    if (this.#left !== null) this.#left -= body.length;
    this.#rest = Buffer.alloc(0);
    if (this.#left === 0) this.isWhole = true;
  }

  #readChunk(): boolean {
    if (this.#left === null) {
      const end = this.#rest.indexOf('\r\n');
      if (end < 0) return false;
      this.#left = Number.parseInt(this.#rest.subarray(0, end).toString('latin1'), 16);
      this.#rest = this.#rest.subarray(end + 2);
    }
    if (this.#rest.length < this.#left + 2) return false;
    const chunk = this.#rest.subarray(0, this.#left);
    this.#rest = this.#rest.subarray(this.#left + 2);
    if (this.#left === 0) this.isWhole = true;
    else this.#keep(chunk);
    this.#left = null;
    return true;
  }

  #keep(piece: Buffer): void {
    this.pieces.push(piece);
    this.bytes += piece.length;
  }
}
