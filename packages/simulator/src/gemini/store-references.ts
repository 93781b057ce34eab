/** Finds the file search stores that a request speaks of, and refuses those of somebody else. */

import type { SimulatedProject } from '../contract.ts';
import { field, list } from './body.ts';
import { ownStore } from './stores.ts';
import type { World } from './world.ts';

/** Looks into `tools`, of the API's own and of interactions. */
export function requireStores(body: unknown, project: SimulatedProject, world: World): void {
  for (const tool of list(body, 'tools')) {
    const names = [...list(field(tool, 'fileSearch'), 'fileSearchStoreNames'), ...list(tool, 'fileSearchStoreNames')];
    for (const name of names) ownStore(String(name).replace(/^fileSearchStores\//, ''), project, world);
  }
}
