/** Uploads under way. Their addresses are capabilities: unguessable, and good without a key. */

import { createHash, type Hash, randomBytes } from 'node:crypto';
import type { FileBytes, FileDraft, StoredFile } from './files.ts';

/** `final` and `cancelled` are for ever. */
export type UploadStatus = 'active' | 'final' | 'cancelled';

/** One upload, from its start to its last byte. Bytes are counted and hashed, not kept. */
export class Upload {
  readonly id: string;
  readonly draft: FileDraft;
  /** How many bytes the client said there would be; null when it did not. */
  readonly announcedBytes: number | null;
  readonly expiresMs: number;
  receivedBytes = 0;
  #status: UploadStatus = 'active';
  #file: StoredFile | null = null;
  readonly #hash: Hash = createHash('sha256');

  constructor(id: string, draft: FileDraft, announcedBytes: number | null, expiresMs: number) {
    this.id = id;
    this.draft = draft;
    this.announcedBytes = announcedBytes;
    this.expiresMs = expiresMs;
  }

  get status(): UploadStatus {
    return this.#status;
  }

  /** What it has become, once it is final. */
  get file(): StoredFile | null {
    return this.#file;
  }

  receive(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.receivedBytes += bytes.length;
  }

  /** What has come so far. */
  measured(): FileBytes {
    return { sizeBytes: this.receivedBytes, sha256: this.#hash.copy().digest('hex') };
  }

  finish(file: StoredFile): void {
    this.#file = file;
    this.#status = 'final';
  }

  cancel(): void {
    this.#status = 'cancelled';
  }
}

/** As long as other Google APIs with the same protocol keep one; Gemini's documents do not say. */
const lifeMs = 7 * 24 * 3_600_000;

export class Uploads {
  readonly #byId = new Map<string, Upload>();

  start(draft: FileDraft, announcedBytes: number | null, nowMs: number): Upload {
    // In order of their start, so the ones that have expired stand in front.
    for (const [id, { expiresMs }] of this.#byId) {
      if (expiresMs > nowMs) break;
      this.#byId.delete(id);
    }
    const upload = new Upload(newUploadId(), draft, announcedBytes, nowMs + lifeMs);
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
