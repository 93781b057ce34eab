/**
 * The provider of uploads, a process of its own. Each byte that comes is compared with the one that was sent; a session
 * takes bytes only once, at its beginning, and signed with a key of the project that has opened it.
 */

import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { MessageReader } from '../http1.ts';
import { answerQuestions } from '../side-channel.ts';
import { providerKeys } from '../traffic.ts';
import { fileAnswer, hashText, isContent, multipartHead, multipartTail, type Upload, uploadOf } from '../uploading.ts';
import { keyIn, problemWithKeys } from './keys.ts';
import { portOf } from './port.ts';

interface Session {
  readonly upload: Upload;
  readonly project: number;
}

/** Reads the body of one request. */
interface BodyReader {
  /** @throws Error for the first byte that is wrong */
  read(piece: Buffer): void;
  /** @throws Error when something is missing */
  end(): void;
}

const sessions = new Map<string, Session>();
let callsByKey = new Map<string, number>();
let problems: string[] = [];
let holdMs = 0;

const server = createServer({ noDelay: true }, (socket) => {
  let body: BodyReader | null = null;
  let isLost = false;
  const reader = new MessageReader({
    onHead(head) {
      body = bodyOf(head, socket);
      if (holdMs > 0 && !/\r\nx-goog-upload-command: *start/i.test(head)) hold(socket);
    },
    onBody: (piece) => body?.read(piece),
    onEnd: () => body?.end(),
  });
  socket.on('data', (bytes) => {
    try {
      if (!isLost) reader.read(bytes);
    } catch (error) {
      isLost = true;
      problems.push((error as Error).message);
      socket.end(`HTTP/1.1 400 Bad Request\r\nX-Goog-Upload-Status: final\r\nContent-Length: 0\r\n\r\n`);
    }
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', 1_024);

answerQuestions({
  port: () => portOf(server),
  hold: ({ ms }: { ms: number }) => {
    holdMs = ms;
  },
  'cpu-us': () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  seen: () => {
    const seen = { callsByKey, problems };
    callsByKey = new Map();
    problems = [];
    return seen;
  },
});

/** Nothing is read for a while, so that everything in between fills up. */
function hold(socket: Socket): void {
  socket.pause();
  setTimeout(() => socket.resume(), holdMs);
}

function bodyOf(head: string, socket: Socket): BodyReader {
  const problem = problemWithKeys(head);
  if (problem !== null) throw new Error(problem);
  const key = keyIn(head);
  callsByKey.set(key, (callsByKey.get(key) ?? 0) + 1);
  const project = Math.floor(providerKeys.indexOf(key) / 2);
  const [method, target = ''] = head.split(' ', 2);
  const { pathname, searchParams } = new URL(target, 'http://provider.test');
  if (method !== 'POST' || pathname !== '/upload/v1beta/files')
    throw new Error(`nobody should have asked: ${head.slice(0, 120)}`);
  const field = (name: string): string => new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(head)?.[1] ?? '';
  const id = searchParams.get('upload_id');
  if (id !== null) return sessionBody(id, project, field, socket);
  if (field('x-goog-upload-protocol') === 'multipart') return multipartBody(socket);
  return startBody(project, field, socket);
}

type Field = (name: string) => string;

function startBody(project: number, field: Field, socket: Socket): BodyReader {
  if (field('x-goog-upload-protocol') !== 'resumable' || field('x-goog-upload-command') !== 'start')
    throw new Error('an upload begins with neither of the two protocols');
  const pieces: Buffer[] = [];
  return {
    read: (piece) => void pieces.push(Buffer.from(piece)),
    end() {
      const upload = uploadOf(Buffer.concat(pieces).toString());
      if (upload === null || field('x-goog-upload-header-content-length') !== String(upload.bytes))
        throw new Error('what is said of a file is not what was sent');
      const id = randomUUID();
      sessions.set(id, { upload, project });
      answer(socket, '', [
        'X-Goog-Upload-Status: active',
        `X-Goog-Upload-URL: http://127.0.0.1:${socket.localPort}/upload/v1beta/files?upload_id=${id}&upload_protocol=resumable`,
        'X-Goog-Upload-Chunk-Granularity: 262144',
      ]);
    },
  };
}

function sessionBody(id: string, project: number, field: Field, socket: Socket): BodyReader {
  const session = sessions.get(id);
  sessions.delete(id);
  if (session === undefined) throw new Error('bytes came for a session that is not open');
  if (project !== session.project) throw new Error('bytes came with the key of another project');
  if (field('x-goog-upload-command') !== 'upload, finalize' || field('x-goog-upload-offset') !== '0')
    throw new Error('the command or the offset is not what was sent');
  const { upload } = session;
  const content = new Content(upload);
  return {
    read: (piece) => content.read(piece),
    end: () => answer(socket, content.fileAnswer(), ['X-Goog-Upload-Status: final']),
  };
}

/** The first pieces are kept until it is known what file it is. */
function multipartBody(socket: Socket): BodyReader {
  let kept: Buffer = Buffer.alloc(0);
  let content: Content | null = null;
  let tail: Buffer = Buffer.alloc(0);
  return {
    read(piece) {
      let rest = piece;
      if (content === null) {
        kept = Buffer.concat([kept, piece]);
        const firstEnd = kept.indexOf('\r\n\r\n');
        const end = firstEnd < 0 ? -1 : kept.indexOf('\r\n\r\n', firstEnd + 4);
        if (end < 0) return;
        const metadata = kept.toString('utf8', firstEnd + 4, kept.indexOf('\r\n', firstEnd + 4));
        const upload = uploadOf(metadata);
        if (upload === null || !multipartHead(metadata).equals(kept.subarray(0, end + 4)))
          throw new Error('what stands before the bytes is not what was sent');
        content = new Content(upload);
        rest = kept.subarray(end + 4);
        kept = Buffer.alloc(0);
      }
      const inContent = Math.min(rest.length, content.missing);
      content.read(rest.subarray(0, inContent));
      if (inContent < rest.length) tail = Buffer.concat([tail, rest.subarray(inContent)]);
    },
    end() {
      if (content === null || !tail.equals(multipartTail))
        throw new Error('what stands behind the bytes is not what was sent');
      answer(socket, content.fileAnswer(), ['X-Goog-Upload-Status: final']);
    },
  };
}

/** The bytes of a file as they come. */
class Content {
  readonly #upload: Upload;
  readonly #hash: Hash | null;
  #at = 0;

  constructor(upload: Upload) {
    this.#upload = upload;
    this.#hash = upload.isHashed ? createHash('sha256') : null;
  }

  get missing(): number {
    return this.#upload.bytes - this.#at;
  }

  read(piece: Buffer): void {
    if (piece.length > this.missing || !isContent(piece, this.#at))
      throw new Error(`file ${this.#upload.number} differs between byte ${this.#at} and ${this.#at + piece.length}`);
    this.#hash?.update(piece);
    this.#at += piece.length;
  }

  fileAnswer(): string {
    if (this.missing > 0) throw new Error(`${this.missing} bytes of file ${this.#upload.number} are missing`);
    return fileAnswer(this.#upload, this.#hash === null ? null : hashText(this.#hash.digest('hex')));
  }
}

function answer(socket: Socket, text: string, fields: readonly string[]): void {
  const lines = [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json; charset=UTF-8',
    ...fields,
    'Server: UploadServer',
    `Date: ${new Date().toUTCString()}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${text}`);
}
