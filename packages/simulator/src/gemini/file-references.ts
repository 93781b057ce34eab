/** Finds the files that a request speaks of, and refuses those that it may not use. */

import type { SimulatedProject } from '../contract.ts';
import { text } from './body.ts';
import { ownFile } from './file-calls.ts';
import { isActive } from './files.ts';
import { Refused } from './refused.ts';
import { service } from './rpc-details.ts';
import type { World } from './world.ts';

/** Refuses a request that names a file of somebody else, one that does not exist, or one that is not ready. */
export function requireFiles(body: unknown, project: SimulatedProject, world: World): void {
  for (const id of fileIdsIn(body, world.origin())) {
    const file = ownFile(id, project, world);
    if (!isActive(file, world)) throw new Refused('file-not-active', { file: id });
  }
}

/** Ids from every `fileData.fileUri` of a body, in either spelling, however deep; addresses elsewhere are no files of ours. */
function fileIdsIn(body: unknown, origin: string): string[] {
  const ids: string[] = [];
  // Not recursive: a body may be nested deeper than the stack.
  const open: unknown[] = [body];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    const id = fileIdOf(text(value, 'fileUri'), origin);
    if (id !== null) ids.push(id);
    for (const inner of Object.values(value)) open.push(inner);
  }
  return ids.reverse();
}

/** The id in an address of a file; null for any other address. */
export function fileIdOf(uri: string | undefined, origin: string): string | null {
  if (uri === undefined) return null;
  const host = [`https://${service}/`, `${origin}/`].find((known) => uri.startsWith(known)) ?? '';
  return /^(?:v[0-9][a-z0-9]*\/)?files\/([^/:?#]+)$/.exec(uri.slice(host.length))?.[1] ?? null;
}
