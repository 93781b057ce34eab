/** A folder for the files of a test; afterwards it is gone. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'sluice-sqlite-'));
let count = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A path where nothing is yet. */
export function newPath(): string {
  count++;
  return join(folder, `${count}.db`);
}
