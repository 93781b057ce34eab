/** Files in environments: put there by an upload, listed, and read again. */

import type { SimulatedProject } from '../contract.ts';
import type { Fields } from './body.ts';
import type { Call } from './call.ts';
import type { FileBytes } from './files.ts';
import { pageReply } from './pages.ts';
import { Refused } from './refused.ts';
import { type Reply, wholeReply } from './reply.ts';
import { type Keepable, Shelf } from './shelf.ts';
import type { World } from './world.ts';

/** Its id is its path in the environment. */
export interface EnvironmentFile extends Keepable {
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly createdMs: number;
  readonly content: Uint8Array;
}

type EnvironmentFiles = Map<string, Shelf<EnvironmentFile>>;

/** Files of all environments of a project, by environment. */
function environmentFiles(id: string, files: EnvironmentFiles, project: SimulatedProject): Shelf<EnvironmentFile> {
  const shelf = files.get(id) ?? new Shelf(`${project.id}/environments/${id}/files`);
  files.set(id, shelf);
  return shelf;
}

/** Keeps a file; one of the same path makes room for it. */
export function keepEnvironmentFile(
  environment: string,
  path: string,
  mimeType: string,
  { sizeBytes, content }: FileBytes,
  project: SimulatedProject,
  world: World,
): EnvironmentFile {
  const kept = { mimeType, sizeBytes, createdMs: world.now(), content: content ?? new Uint8Array() };
  const file = { ...kept, id: path, expiresMs: Infinity };
  environmentFiles(environment, world.belongings(project).environmentFiles, project).put(file);
  return file;
}

export function environmentFileJson({ id, mimeType, sizeBytes, createdMs }: EnvironmentFile): Fields {
  const updated = new Date(createdMs).toISOString();
  return { path: id, name: id.split('/').at(-1), type: 'file', mime_type: mimeType, size: String(sizeBytes), updated };
}

/** A list of what lies under a path, or the bytes of the file there. */
export function answerEnvironmentFile(call: Call, project: SimulatedProject, world: World): Reply {
  const { tree, environmentFiles: all } = world.belongings(project);
  if (tree.get(`environments/${call.parent}`, world.now()) === null) throw new Refused('not-found');
  const files = environmentFiles(call.parent, all, project);
  const file = files.get(call.resource, world.now());
  if (call.query.get('alt') === 'media') {
    if (file === null) throw new Refused('not-found');
    return wholeReply(200, file.mimeType, file.content, world.now());
  }
  const folder = call.resource === '' ? '' : `${call.resource.replace(/\/$/, '')}/`;
  return pageReply(files, call, world, {
    ...{ name: 'files', usual: 50, most: 1000 },
    show: environmentFileJson,
    isListed: ({ id }) => id === call.resource || id.startsWith(folder),
  });
}
