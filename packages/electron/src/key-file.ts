/** One small file that nobody else may read, and that is whole at every moment. */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const name = 'gemini-key.json';
const isLeftover = /^gemini-key\.json\.[0-9a-f]+\.new$/;
const isKeptAside = /^gemini-key\.unreadable-[\d-]+\.json$/;
/** A key under its encryption has some hundred bytes. */
const maxBytes = 65_536;

/** Folder 0700, file 0600, whatever the process's umask is. On Windows both belong to the user's profile. */
export class KeyFile {
  readonly #folder: string;
  readonly #path: string;

  /** @param folder - for this file alone; it is made where it is missing */
  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, name);
  }

  /** @returns null where there is none */
  async read(): Promise<string | null> {
    // A link could lead to anything, also to what never ends.
    const file = await open(this.#path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(nullIfMissing);
    if (file === null) return null;
    try {
      const stats = await file.stat();
      if (!stats.isFile() || stats.size > maxBytes) return '';
      // Somebody has copied it with other rights. What it says is encrypted, and still nobody else's business.
      if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) await file.chmod(0o600);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }

  /** Either all of it is there afterwards, after a power cut too, or what was there before. */
  async write(text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await chmod(this.#folder, 0o700);
    await this.#remove(isLeftover);
    const temporary = `${this.#path}.${randomBytes(6).toString('hex')}.new`;
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.chmod(0o600);
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
  }

  /** Makes room for another one, and loses nothing. */
  async keepAside(atMs: number): Promise<void> {
    const stamp = new Date(atMs).toISOString().replace(/\D+/g, '-').slice(0, 23);
    await rename(this.#path, join(this.#folder, `gemini-key.unreadable-${stamp}.json`)).catch(nullIfMissing);
  }

  /** Everything that was ever saved: whoever deletes a key wants nothing of it to stay. */
  async delete(): Promise<void> {
    await rm(this.#path, { force: true });
    await this.#remove(isLeftover);
    await this.#remove(isKeptAside);
    await syncFolder(this.#folder);
  }

  async #remove(pattern: RegExp): Promise<void> {
    const names = (await readdir(this.#folder).catch(nullIfMissing)) ?? [];
    for (const one of names.filter((found) => pattern.test(found))) await rm(join(this.#folder, one), { force: true });
  }
}

function nullIfMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

/** A new name lasts when the folder is written, too. Windows does that by itself and cannot open folders. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const opened = await open(folder, 'r').catch(nullIfMissing);
  if (opened === null) return;
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
