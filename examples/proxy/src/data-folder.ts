/** The folder for what has to outlive the process. It is made when something is first put into it, not before. */

import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SluiceError } from '@sluice/core';

/**
 * Makes sure that the folder is there. A new one is open to its owner alone; one that was there is left as it is,
 * because it may be shared on purpose.
 *
 * @throws SluiceError `invalid_options` when it cannot be made
 */
export function makeDataFolder(path: string): void {
  try {
    makeWithParents(path);
    if (!statSync(path).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Node's own `recursive` never returns where a file system says ENOENT to a folder whose parent is there, as `/proc` does. */
function makeWithParents(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeWithParents(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was faster
  }
}

/** One sentence for whoever starts the process; what the system said is its cause. */
export function unusable(path: string, error: unknown): SluiceError {
  const { code = String(error) } = error as NodeJS.ErrnoException;
  const message = `The data folder ${path} cannot be written to (${code}). Set SLUICE_DATA_DIR to another one, or SLUICE_STORE=memory: and SLUICE_API_KEYS so that none is needed.`;
  return new SluiceError('invalid_options', message, { cause: error });
}
