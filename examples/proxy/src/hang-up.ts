/** Tells a terminal that was closed from an operator who wants the settings read again: both come as SIGHUP. */

import { closeSync, openSync } from 'node:fs';

/** Remembers whether there is a terminal now. @returns whether one that was there is gone */
export function hangUpWatcher(): () => boolean {
  const hadTerminal = hasTerminal();
  return () => hadTerminal && !hasTerminal();
}

/** By its name every process finds its own terminal, and only as long as there is one. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
