/** What travels when files are uploaded: the requests of both protocols, the bytes, and the answers that have to come. */

import { createHash } from 'node:crypto';

/** How a file goes up: a session that is opened first and then takes all bytes at once, or everything in one request. */
export type Way = 'resumable' | 'multipart';

/** One file. */
export interface Upload {
  /** Both ends know it by this. */
  readonly number: number;
  readonly bytes: number;
  /** The provider takes a SHA-256 of what comes, which costs it more than all else it does. */
  readonly isHashed: boolean;
}

/** Where uploads begin. */
const uploadPath = '/upload/v1beta/files';
/** A prime, so that a block that is lost or that comes twice moves all that follows. */
const cycleBytes = 1_048_573;
const cycle = cycleOf();
/** Twice, so that a piece that begins in the first one always finds its end. */
const twice = Buffer.concat([cycle, cycle]);
/** What is written or compared at once. */
const pieceBytes = 256 * 1024;
const boundary = 'bench-3d41c0ffee';

function cycleOf(): Buffer {
  const blocks = Array.from({ length: Math.ceil(cycleBytes / 64) }, (_, at) =>
    createHash('sha512').update(String(at)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, cycleBytes);
}

/** So many bytes of a file from `at` on; fewer when it has fewer, or when they are too many for one write. */
export function contentFrom(at: number, { bytes }: Upload): Buffer {
  const from = at % cycleBytes;
  return twice.subarray(from, from + Math.min(pieceBytes, bytes - at));
}

/** Whether these are the bytes of every file from `at` on. */
export function isContent(piece: Buffer, at: number): boolean {
  for (let done = 0; done < piece.length; ) {
    const from = (at + done) % cycleBytes;
    const length = Math.min(piece.length - done, cycleBytes);
    if (twice.compare(piece, done, done + length, from, from + length) !== 0) return false;
    done += length;
  }
  return true;
}

/** What Google says of a file's bytes: the digits of the SHA-256, once more in Base64. */
export function hashText(hex: string): string {
  return Buffer.from(hex).toString('base64');
}

/** The same for a file that has come as it was sent. */
export function expectedHash(upload: Upload): string {
  const known = hashes.get(upload.bytes);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for (let at = 0; at < upload.bytes; ) {
    const piece = contentFrom(at, upload);
    hash.update(piece);
    at += piece.length;
  }
  const text = hashText(hash.digest('hex'));
  hashes.set(upload.bytes, text);
  return text;
}

const hashes = new Map<number, string>();

/** What is said of a file before its bytes. */
function metadataOf({ number, bytes, isHashed }: Upload): string {
  const displayName = `bench-${number}${isHashed ? '-hashed' : ''}`;
  return JSON.stringify({ file: { mimeType: 'video/mp4', displayName, sizeBytes: String(bytes) } });
}

/** The file that metadata is about. Null when it is not byte for byte what clients here send. */
export function uploadOf(metadata: string): Upload | null {
  const [, number, hashed, bytes] = /bench-(\d+)(-hashed)?","sizeBytes":"(\d+)"/.exec(metadata) ?? [];
  const upload = { number: Number(number), bytes: Number(bytes), isHashed: hashed !== undefined };
  return metadata === metadataOf(upload) ? upload : null;
}

/** The answer when all bytes are there. @param hash - null for a file that is not hashed */
export function fileAnswer({ number, bytes }: Upload, hash: string | null): string {
  const name = `files/bench-${number}`;
  const file = {
    name,
    displayName: `bench-${number}`,
    mimeType: 'video/mp4',
    sizeBytes: String(bytes),
    ...(hash === null ? {} : { sha256Hash: hash }),
    uri: `https://generativelanguage.googleapis.com/v1beta/${name}`,
    state: 'PROCESSING',
    source: 'UPLOADED',
  };
  return `${JSON.stringify({ file }, null, 2)}\n`;
}

/** A request of which the bytes are still to come. */
export interface OpenRequest {
  readonly head: Buffer;
  /** What has to follow the bytes. */
  readonly tail: Buffer;
}

/** Who asks, and where. */
export interface Asker {
  readonly port: number;
  readonly key: string;
}

const none = Buffer.alloc(0);

/** Opens a session; it is complete as it is. */
export function startRequest(asker: Asker, upload: Upload): Buffer {
  const metadata = Buffer.from(metadataOf(upload));
  const fields = [
    'content-type: application/json',
    'x-goog-upload-protocol: resumable',
    'x-goog-upload-command: start',
    `x-goog-upload-header-content-length: ${upload.bytes}`,
    'x-goog-upload-header-content-type: video/mp4',
  ];
  return Buffer.concat([headOf(asker, uploadPath, fields, metadata.length), metadata]);
}

/** All bytes for a session. The type is what Google's SDK for JavaScript says. @param target - path and query */
export function bytesRequest(asker: Asker, target: string, { bytes }: Upload): OpenRequest {
  const fields = [
    'content-type: application/json',
    'x-goog-upload-command: upload, finalize',
    'x-goog-upload-offset: 0',
  ];
  return { head: headOf(asker, target, fields, bytes), tail: none };
}

/** A file in a single request. */
export function multipartRequest(asker: Asker, upload: Upload): OpenRequest {
  const before = multipartHead(metadataOf(upload));
  const length = before.length + upload.bytes + multipartTail.length;
  const fields = [`content-type: multipart/related; boundary=${boundary}`, 'x-goog-upload-protocol: multipart'];
  const head = headOf(asker, `${uploadPath}?uploadType=multipart`, fields, length);
  return { head: Buffer.concat([head, before]), tail: multipartTail };
}

/** What stands before the bytes. */
export function multipartHead(metadata: string): Buffer {
  const first = `--${boundary}\r\nContent-Type: application/json; charset=utf-8\r\n\r\n${metadata}\r\n`;
  return Buffer.from(`${first}--${boundary}\r\nContent-Type: video/mp4\r\n\r\n`);
}

/** What stands behind them. */
export const multipartTail: Buffer = Buffer.from(`\r\n--${boundary}--\r\n`);

function headOf({ port, key }: Asker, target: string, fields: readonly string[], length: number): Buffer {
  const lines = [
    `POST ${target} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'connection: keep-alive',
    'user-agent: google-genai-sdk/3.1.0 gl-node/v24',
    'x-goog-api-client: google-genai-sdk/3.1.0 gl-node/v24',
    `x-goog-api-key: ${key}`,
    ...fields,
    `content-length: ${length}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
