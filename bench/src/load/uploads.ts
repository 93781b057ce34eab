/** Clients that upload files, each over a connection of its own, one file after the other. */

import { connect, type Socket } from 'node:net';
import { MessageReader } from '../http1.ts';
import {
  type Asker,
  bytesRequest,
  contentFrom,
  expectedHash,
  fileAnswer,
  multipartRequest,
  type OpenRequest,
  startRequest,
  type Upload,
  type Way,
} from '../uploading.ts';
import { problemWithRefusal } from './connection.ts';

/** What is asked for. */
export interface UploadsOrder extends Asker {
  readonly way: Way;
  /** The number of the first file. */
  readonly from: number;
  readonly clients: number;
  /** Of each file. */
  readonly bytes: number;
  readonly isHashed: boolean;
  /** The session has to be at the door, and not where the provider says that it is. */
  readonly isRewritten: boolean;
}

/** What came of it. */
export interface UploadsResult {
  /** From the first byte of the first file to the answer to the last one. */
  readonly ms: number;
  /** The generator's own CPU time. */
  readonly cpuUs: number;
  /** Requests that were answered, but for refusals. */
  readonly calls: number;
  /** Files that a gateway has turned away, as it should when it is overloaded: with 503, and when to come again. */
  readonly shed: number;
}

/** Each client uploads one file. @throws Error at the first answer that is neither right nor a proper refusal */
export async function uploadAll(order: UploadsOrder): Promise<UploadsResult> {
  const uploads = Array.from({ length: order.clients }, (_, at): Upload => {
    return { number: order.from + at, bytes: order.bytes, isHashed: order.isHashed };
  });
  if (order.isHashed) for (const upload of uploads) expectedHash(upload);
  const uploaders = await Promise.all(uploads.map((upload) => Uploader.to(order, upload)));
  try {
    const before = process.cpuUsage();
    const startedAt = performance.now();
    await Promise.all(uploaders.map((uploader) => uploader.upload(order)));
    const { user, system } = process.cpuUsage(before);
    const calls = uploaders.reduce((sum, uploader) => sum + uploader.calls, 0);
    const shed = uploaders.filter((uploader) => uploader.isShed).length;
    return { ms: performance.now() - startedAt, cpuUs: user + system, calls, shed };
  } finally {
    for (const uploader of uploaders) uploader.close();
  }
}

interface Answer {
  readonly head: string;
  readonly body: string;
}

class Uploader {
  calls = 0;
  isShed = false;
  readonly #socket: Socket;
  readonly #upload: Upload;
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | null = null;

  static to({ port }: Asker, upload: Upload): Promise<Uploader> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const uploader = new Uploader(socket, upload);
      socket.once('connect', () => resolve(uploader));
      socket.once('error', reject);
    });
  }

  constructor(socket: Socket, upload: Upload) {
    this.#socket = socket;
    this.#upload = upload;
    let head = '';
    let body = '';
    const reader = new MessageReader({
      onHead(whole) {
        head = whole;
        body = '';
      },
      onBody: (piece) => {
        body += piece.toString('latin1');
      },
      onEnd: () => {
        const waiting = this.#waiting;
        this.#waiting = null;
        waiting?.resolve({ head, body });
      },
    });
    socket.on('data', (bytes) => {
      try {
        reader.read(bytes);
      } catch (error) {
        this.#fail((error as Error).message);
      }
    });
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the connection was closed'));
  }

  async upload({ port, key, way, isRewritten }: UploadsOrder): Promise<void> {
    const asker = { port, key };
    const upload = this.#upload;
    let request = multipartRequest(asker, upload);
    if (way === 'resumable') {
      const started = await this.#send({ head: startRequest(asker, upload), tail: nothing }, 0);
      if (this.#wasShed(started)) return;
      const { head } = started;
      const url = fieldIn(head, 'x-goog-upload-url');
      const isThere = head.startsWith(ok) && fieldIn(head, 'x-goog-upload-status') === 'active' && URL.canParse(url);
      if (!isThere) throw new Error(`no session is opened: "${firstLine(head)}"`);
      const { origin, pathname, search } = new URL(url);
      if (isRewritten && origin !== `http://127.0.0.1:${port}`) throw new Error(`the session is at ${origin}`);
      request = bytesRequest(asker, pathname + search, upload);
    }
    const answer = await this.#send(request, upload.bytes);
    if (this.#wasShed(answer)) return;
    const { head, body } = answer;
    const expected = fileAnswer(upload, upload.isHashed ? expectedHash(upload) : null);
    if (!head.startsWith(ok)) throw new Error(`file ${upload.number} is answered with "${firstLine(head)}"`);
    if (fieldIn(head, 'x-goog-upload-status') !== 'final') throw new Error('the answer does not say that it is final');
    if (body !== expected) throw new Error(`the answer differs: ${body.slice(0, 400)}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #wasShed({ head, body }: Answer): boolean {
    this.isShed = head.startsWith('HTTP/1.1 503 ') && problemWithRefusal(head, body) === null;
    if (!this.isShed) this.calls++;
    return this.isShed;
  }

  #fail(problem: string): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(new Error(`file ${this.#upload.number}: ${problem}`));
  }

  /** An answer may come before all bytes have left; then the rest stays here. */
  #send({ head, tail }: OpenRequest, bytes: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket;
      const waiting = { resolve, reject };
      this.#waiting = waiting;
      let at = 0;
      const pour = (): void => {
        while (at < bytes && this.#waiting === waiting) {
          const piece = contentFrom(at, this.#upload);
          at += piece.length;
          if (!socket.write(piece)) return void socket.once('drain', pour);
        }
        if (this.#waiting === waiting && tail.length > 0) socket.write(tail);
      };
      socket.write(head);
      pour();
    });
  }
}

const nothing = Buffer.alloc(0);
const ok = 'HTTP/1.1 200 ';

function fieldIn(head: string, name: string): string {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(head)?.[1] ?? '';
}

function firstLine(head: string): string {
  return head.slice(0, head.indexOf('\r\n'));
}
