/** A project as a test sees it. */

import type { ProjectState } from '../contract.ts';
import { fileName, storeFile } from './files.ts';
import type { Keepable, Shelf } from './shelf.ts';
import type { World } from './world.ts';

/** @throws when there is no project of that id */
export function projectState(id: string, world: World): ProjectState {
  const project = world.projects.find((known) => known.id === id);
  if (project === undefined) {
    const names = world.projects.map((known) => known.id).join(', ');
    throw new Error(`There is no project "${id}". The projects of this simulator are: ${names}.`);
  }
  const kept = () => world.belongings(project);
  const names = (shelf: Shelf<Keepable>, prefix = '') => shelf.all(world.now()).map((item) => prefix + item.id);
  return {
    id,
    get files() {
      return kept().files.all(world.now()).map(fileName);
    },
    get cachedContents() {
      return names(kept().caches, 'cachedContents/');
    },
    get batches() {
      return names(kept().batches, 'batches/');
    },
    get stores() {
      return names(kept().stores, 'fileSearchStores/');
    },
    get operations() {
      return names(kept().operations);
    },
    get tunedModels() {
      return names(kept().tunedModels, 'tunedModels/');
    },
    get interactions() {
      return names(kept().interactions);
    },
    get sessions() {
      return [...world.openSessions(project)].map(({ conversation }) => conversation.talk);
    },
    used: (model) => world.quota.used(id, model, world.now()),
    addGeneratedFile(bytes, mimeType) {
      return fileName(storeFile({ project, mimeType, version: 'v1beta' }, bytes, world));
    },
    goAway(timeLeftMs = 10_000) {
      for (const session of world.openSessions(project)) void session.goAway(timeLeftMs);
    },
  };
}
