/** Handles by which a Live session goes on after its connection is gone: of one project, and good for two hours. */

import { randomBytes } from 'node:crypto';

/** What a session had come to when its handle was given out. */
export interface Progress {
  /** Tokens of all turns so far, both sides. */
  readonly tokens: number;
  /** Turns that were answered. */
  readonly turns: number;
}

const lifeMs = 2 * 3_600_000;

export class Handles {
  readonly #byHandle = new Map<string, { readonly progress: Progress; readonly expiresMs: number }>();

  give(progress: Progress, nowMs: number): string {
    // In order of their birth, so the ones that have expired stand in front.
    for (const [handle, { expiresMs }] of this.#byHandle) {
      if (expiresMs > nowMs) break;
      this.#byHandle.delete(handle);
    }
    const handle = randomBytes(40).toString('base64url');
    this.#byHandle.set(handle, { progress, expiresMs: nowMs + lifeMs });
    return handle;
  }

  /** Null for a handle of another project's, one that has expired, and none at all. */
  find(handle: string, nowMs: number): Progress | null {
    const known = this.#byHandle.get(handle);
    return known !== undefined && known.expiresMs > nowMs ? known.progress : null;
  }
}
