/** Everything that the fake Gemini knows beside the request: its projects, and what each of them keeps. */

import type { ProjectState, SimulatedProject, SimulatorOptions } from '../contract.ts';
import type { CachedContent } from './cache-calls.ts';
import { fileName, type StoredFile, storeFile } from './files.ts';
import { Quota } from './quota.ts';
import { Shelf } from './shelf.ts';
import { Uploads } from './uploads.ts';

/** What belongs to one project; no other one can see it. */
export interface Belongings {
  readonly files: Shelf<StoredFile>;
  readonly caches: Shelf<CachedContent>;
}

export interface World {
  readonly projects: readonly SimulatedProject[];
  readonly quota: Quota;
  /** Not by project: whoever has the address of an upload may go on with it. */
  readonly uploads: Uploads;
  readonly answer: (prompt: string, model: string) => string;
  readonly now: () => number;
  /** A new id for an answer. */
  readonly nextId: () => string;
  /** Where clients reach the simulator, without a slash at the end. */
  readonly origin: () => string;
  readonly fileUris: 'google' | 'own';
  readonly fileProcessingMs: number;
  readonly uploadGranularityBytes: number;
  readonly minCachedTokens: number;
  belongings(project: SimulatedProject): Belongings;
  /** Forgets what was used and kept. */
  clear(): void;
}

/** What a world is made of: options, complete where it does not know better. */
export type WorldOptions = Omit<SimulatorOptions, 'projects' | 'answer'> &
  Pick<World, 'projects' | 'answer' | 'origin'>;

/** Google's own granularity, as recorded in 2025. */
const usualGranularityBytes = 8_388_608;

export function worldOf(options: WorldOptions): World {
  const { projects, answer, origin, now = Date.now, fileUris = 'google', fileProcessingMs = 0 } = options;
  const { uploadGranularityBytes = usualGranularityBytes, minCachedTokens = 1024 } = options;
  const belongings = new Map<string, Belongings>();
  const quota = new Quota();
  const uploads = new Uploads();
  let answers = 0;
  return {
    ...{ projects, quota, uploads, answer, now, origin, fileUris, fileProcessingMs },
    ...{ uploadGranularityBytes, minCachedTokens },
    nextId: () => Buffer.from(`simulated-${String(++answers).padStart(6, '0')}`).toString('base64url'),
    belongings({ id }) {
      const known = belongings.get(id) ?? {
        files: new Shelf(`${id}/files`),
        caches: new Shelf(`${id}/cachedContents`),
      };
      belongings.set(id, known);
      return known;
    },
    clear() {
      quota.clear();
      uploads.clear();
      belongings.clear();
    },
  };
}

/** A project as a test sees it. */
export function projectState(id: string, world: World): ProjectState {
  const project = world.projects.find((known) => known.id === id);
  if (project === undefined) {
    const names = world.projects.map((known) => known.id).join(', ');
    throw new Error(`There is no project "${id}". The projects of this simulator are: ${names}.`);
  }
  return {
    id,
    get files() {
      return world.belongings(project).files.all(world.now()).map(fileName);
    },
    get cachedContents() {
      const { caches } = world.belongings(project);
      return caches.all(world.now()).map((cache) => `cachedContents/${cache.id}`);
    },
    used: (model) => world.quota.used(id, model, world.now()),
    addGeneratedFile(bytes, mimeType) {
      return fileName(storeFile({ project, mimeType, version: 'v1beta' }, bytes, world));
    },
  };
}
