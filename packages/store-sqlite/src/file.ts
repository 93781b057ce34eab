/** The file itself: made for its owner alone, and watched, because SQLite goes on writing to one that was deleted. */

import { closeSync, fchmodSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { faultOf, unavailable } from './faults.ts';

/** A file that was there when it was opened. */
export class StateFile {
  readonly path: string;
  readonly #inode: number;

  /** @throws SluiceError `storage_unavailable` when there is no file, and none can be made */
  constructor(path: string) {
    this.path = path;
    try {
      makeOnce(path);
      const found = statSync(path);
      if (found.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
      this.#inode = found.ino;
    } catch (error) {
      throw faultOf(error, path);
    }
  }

  /** @throws SluiceError when the file is gone, or another one lies in its place: what is written now would be lost */
  check(): void {
    const found = statSync(this.path, { throwIfNoEntry: false });
    if (found?.ino === this.#inode) return;
    throw unavailable(
      this.path,
      `was ${found === undefined ? 'deleted' : 'replaced'} while it was in use. ` +
        'Nothing more is written to it. Put it back and restart every process that uses it.',
    );
  }
}

function makeOnce(path: string): void {
  // One that is there must not be opened: to close it would end every lock that SQLite holds on it in this process.
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  statSync(dirname(path));
  try {
    const made = openSync(path, 'wx', 0o600);
    fchmodSync(made, 0o600);
    closeSync(made);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
