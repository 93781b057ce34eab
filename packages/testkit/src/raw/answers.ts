/** Reads what a server says over a raw connection: answers one after another, and the frames of a WebSocket behind them. */

/** One answer. */
export interface RawReply {
  readonly status: number;
  /** Lower-case names; the last one of a name counts. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Everything that came. */
export interface ReadBytes {
  /** 1xx before an answer, but for 101. */
  readonly interim: readonly number[];
  /** Whole answers. */
  readonly replies: readonly RawReply[];
  /** What a WebSocket was closed with; null when there is none, or it is open. */
  readonly closeCode: number | null;
}

/** Whether the server has said that the connection ends with this answer. */
export function saysClose({ headers }: RawReply): boolean {
  return /\bclose\b/i.test(headers.connection ?? '');
}

/**
 * @param isOver - the connection has ended, and with it a body that has no other end
 */
export function readBytes(bytes: Buffer, isOver: boolean): ReadBytes {
  const interim: number[] = [];
  const replies: RawReply[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0) break;
    const [first = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0);
    const headers = Object.fromEntries(lines.map(fieldOf));
    if (status === 101) {
      replies.push({ status, headers, body: '' });
      return { interim, replies, closeCode: closeCodeIn(bytes.subarray(end + 4)) };
    }
    if (status >= 100 && status < 200) {
      interim.push(status);
      at = end + 4;
      continue;
    }
    const body = bodyAt(bytes, end + 4, status, headers, isOver);
    if (body === null) break;
    replies.push({ status, headers, body: body.text });
    at = body.end;
  }
  return { interim, replies, closeCode: null };
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

type Body = { readonly text: string; readonly end: number } | null;

function bodyAt(
  bytes: Buffer,
  from: number,
  status: number,
  headers: Readonly<Record<string, string>>,
  isOver: boolean,
): Body {
  if (status === 204 || status === 304) return { text: '', end: from };
  if (headers['transfer-encoding'] === 'chunked') return chunksAt(bytes, from);
  const length = headers['content-length'];
  if (length === undefined) return isOver ? { text: bytes.toString('utf8', from), end: bytes.length } : null;
  const end = from + Number(length);
  return end > bytes.length ? null : { text: bytes.toString('utf8', from, end), end };
}

function chunksAt(bytes: Buffer, from: number): Body {
  const pieces: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const end = lineEnd + 2 + size;
    if (bytes.length < end + 2) return null;
    if (size === 0) return { text: Buffer.concat(pieces).toString('utf8'), end: end + 2 };
    pieces.push(bytes.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}

const closeOpcode = 8;

/** Frames of a server are not masked (RFC 6455 §5.2); those before the last one are short here. */
function closeCodeIn(frames: Buffer): number | null {
  let at = 0;
  while (at + 4 <= frames.length) {
    const size = (frames[at + 1] as number) & 0x7f;
    if (((frames[at] as number) & 0x0f) === closeOpcode) return frames.readUInt16BE(at + 2);
    at += 2 + size;
  }
  return null;
}
