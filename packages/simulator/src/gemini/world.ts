/** Everything that the fake Gemini knows beside the request: its projects, and what each of them keeps. */

import type { SimulatedProject, SimulatorOptions } from '../contract.ts';
import type { Interaction } from '../interactions/interaction.ts';
import { AuthTokens } from '../live/auth-tokens.ts';
import { Handles } from '../live/handles.ts';
import type { Session } from '../live/session.ts';
import type { Batch } from './batches.ts';
import type { CachedContent } from './cache-calls.ts';
import type { EnvironmentFile } from './environment-files.ts';
import type { StoredFile } from './files.ts';
import type { Operation } from './operations.ts';
import { Quota } from './quota.ts';
import { Shelf } from './shelf.ts';
import type { FileSearchStore } from './stores.ts';
import type { Leaf } from './tree.ts';
import type { TunedModel } from './tuned-models.ts';
import { Uploads } from './uploads.ts';

/** What belongs to one project; no other one can see it. */
export interface Belongings {
  readonly files: Shelf<StoredFile>;
  readonly caches: Shelf<CachedContent>;
  readonly batches: Shelf<Batch>;
  readonly operations: Shelf<Operation>;
  readonly stores: Shelf<FileSearchStore>;
  readonly tunedModels: Shelf<TunedModel>;
  readonly interactions: Shelf<Interaction>;
  readonly tree: Shelf<Leaf>;
  /** By environment. */
  readonly environmentFiles: Map<string, Shelf<EnvironmentFile>>;
  /** Of Live sessions. */
  readonly handles: Handles;
}

export interface World {
  readonly projects: readonly SimulatedProject[];
  readonly quota: Quota;
  /** Not by project: whoever has the address of an upload may go on with it. */
  readonly uploads: Uploads;
  /** Not by project either: they are secrets. */
  readonly authTokens: AuthTokens;
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
  readonly batchProcessingMs: number;
  readonly operationMs: number;
  readonly interactionMs: number;
  readonly hopTokens: number;
  /** Live sessions of a project that are open now. They outlive `clear`. */
  openSessions(project: SimulatedProject): Set<Session>;
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
  const { uploadGranularityBytes = usualGranularityBytes, minCachedTokens = 1024, hopTokens = 16 } = options;
  const { batchProcessingMs = 0, operationMs = 0, interactionMs = 0 } = options;
  const belongings = new Map<string, Belongings>();
  const sessions = new Map<string, Set<Session>>();
  const quota = new Quota();
  const uploads = new Uploads();
  const authTokens = new AuthTokens();
  let answers = 0;
  return {
    ...{ projects, quota, uploads, authTokens, answer, now, origin, fileUris, fileProcessingMs },
    ...{ uploadGranularityBytes, minCachedTokens, hopTokens, batchProcessingMs, operationMs, interactionMs },
    nextId: () => Buffer.from(`simulated-${String(++answers).padStart(6, '0')}`).toString('base64url'),
    openSessions({ id }) {
      const known = sessions.get(id) ?? new Set();
      sessions.set(id, known);
      return known;
    },
    belongings({ id }) {
      const known = belongings.get(id) ?? nothingOf(id);
      belongings.set(id, known);
      return known;
    },
    clear() {
      quota.clear();
      uploads.clear();
      authTokens.clear();
      belongings.clear();
    },
  };
}

function nothingOf(projectId: string): Belongings {
  return {
    files: new Shelf(`${projectId}/files`),
    caches: new Shelf(`${projectId}/cachedContents`),
    batches: new Shelf(`${projectId}/batches`),
    operations: new Shelf(`${projectId}/operations`),
    stores: new Shelf(`${projectId}/fileSearchStores`),
    tunedModels: new Shelf(`${projectId}/tunedModels`),
    interactions: new Shelf(`${projectId}/interactions`),
    tree: new Shelf(`${projectId}/tree`),
    environmentFiles: new Map(),
    handles: new Handles(),
  };
}
