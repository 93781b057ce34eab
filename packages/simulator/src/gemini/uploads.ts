/** Uploads under way. Their addresses are capabilities: unguessable, and good without a key. */

import { createHash, type Hash, randomBytes } from 'node:crypto';
import type { Fields } from './body.ts';
import type { FileBytes } from './files.ts';
import type { UploadTarget } from './upload-target.ts';

/** `final` and `cancelled` are for ever. */
export type UploadStatus = 'active' | 'final' | 'cancelled';

/** Larger contents are forgotten, whatever they are for. */
const maxKeptBytes = 16_777_216;

/** One upload, from its start to its last byte. Bytes are counted and hashed, and kept only where they are read again. */
export class Upload {
  readonly id: string;
  readonly target: UploadTarget;
  /** How many bytes the client said there would be; null when it did not. */
  readonly announcedBytes: number | null;
  readonly expiresMs: number;
  receivedBytes = 0;
  #status: UploadStatus = 'active';
  #shown: (() => Fields) | null = null;
  #content: Uint8Array[] | null;
  readonly #hash: Hash = createHash('sha256');

  constructor(id: string, target: UploadTarget, announcedBytes: number | null, expiresMs: number) {
    this.id = id;
    this.target = target;
    this.#content = target.keepsBytes ? [] : null;
    this.announcedBytes = announcedBytes;
    this.expiresMs = expiresMs;
  }

  get status(): UploadStatus {
    return this.#status;
  }

  /** What it has become, once it is final. */
  get shown(): Fields | null {
    return this.#shown?.() ?? null;
  }

  receive(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.receivedBytes += bytes.length;
    if (this.receivedBytes > maxKeptBytes) this.#content = null;
    this.#content?.push(bytes);
  }

  /** What has come so far. */
  measured(): FileBytes {
    const content = this.#content === null ? null : Buffer.concat(this.#content);
    return { sizeBytes: this.receivedBytes, sha256: this.#hash.copy().digest('hex'), content };
  }

  /** Puts what has come where it belongs. @returns what is shown of it */
  finish(): Fields {
    this.#shown = this.target.finish(this.measured());
    this.#status = 'final';
    return this.#shown();
  }

  cancel(): void {
    this.#status = 'cancelled';
  }
}

/** As long as other Google APIs with the same protocol keep one; Gemini's documents do not say. */
const lifeMs = 7 * 24 * 3_600_000;

export class Uploads {
  readonly #byId = new Map<string, Upload>();

  start(target: UploadTarget, announcedBytes: number | null, nowMs: number): Upload {
    // In order of their start, so the ones that have expired stand in front.
    for (const [id, { expiresMs }] of this.#byId) {
      if (expiresMs > nowMs) break;
      this.#byId.delete(id);
    }
    const upload = new Upload(newUploadId(), target, announcedBytes, nowMs + lifeMs);
    this.#byId.set(upload.id, upload);
    return upload;
  }

  get(id: string, nowMs: number): Upload | null {
    const upload = this.#byId.get(id);
    return upload !== undefined && upload.expiresMs > nowMs ? upload : null;
  }

  clear(): void {
    this.#byId.clear();
  }
}

/** Looks like one of Google's. */
export function newUploadId(): string {
  return `ABgVH8-${randomBytes(48).toString('base64url')}`;
}
