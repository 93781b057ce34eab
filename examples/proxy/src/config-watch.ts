/** Watches the configuration file where it lies in its folder: editors put another file in its place. */

import { watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** A file that is written is left alone until it has been quiet for this long. */
const quietMs = 100;

export interface WatchOptions {
  readonly onChange: () => void;
  /** Nothing can be watched, or not any longer. */
  readonly onTrouble: (code: string) => void;
}

/** @returns a function that stops it */
export function watchConfigFile(path: string, { onChange, onTrouble }: WatchOptions): () => void {
  const name = basename(path);
  let timer: NodeJS.Timeout | undefined;
  // Kubernetes keeps what a file really is in `..data` beside it, and changes that; some systems tell no name at all.
  const isMeant = (changed: string | null): boolean => changed === null || changed === name || changed.startsWith('..');
  try {
    const watcher = watch(dirname(resolve(path)), { persistent: false }, (_, changed) => {
      if (!isMeant(changed)) return;
      clearTimeout(timer);
      timer = setTimeout(onChange, quietMs);
    });
    watcher.on('error', (error) => onTrouble(codeOf(error)));
    return () => {
      clearTimeout(timer);
      watcher.close();
    };
  } catch (error) {
    onTrouble(codeOf(error));
    return () => {};
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
