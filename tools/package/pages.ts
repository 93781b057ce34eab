/** Every page that has lines to paste, tried in two lanes: Next's build takes as long as all the others together. */

import type { PastedFile } from './declarations.ts';
import { pastedDoorways, type Trial, tryDoorways } from './doorways.ts';
import { electronFiles, tryElectronApp } from './electron-app.ts';
import { nextFiles, tryNextApp } from './next-app.ts';

/** The pasted lines as they stand on their pages. */
export function pastedFiles(root: string): PastedFile[] {
  return [...pastedDoorways(root), ...nextFiles(root), ...electronFiles(root)];
}

/** @returns what went wrong */
export async function tryPages(trial: Trial): Promise<string[]> {
  const others = async (): Promise<string[]> => [...(await tryDoorways(trial)), ...(await tryElectronApp(trial))];
  return (await Promise.all([tryNextApp(trial), others()])).flat();
}
