/** The first message of a Live session: which model, with which tools, and where to go on. */

import type { SimulatedProject } from '../contract.ts';
import { type Fields, field, isFields, list, text } from '../gemini/body.ts';
import { ownCache } from '../gemini/cache-calls.ts';
import { modelFor } from '../gemini/models.ts';
import { takeQuota } from '../gemini/quota.ts';
import { Refused } from '../gemini/refused.ts';
import { requireStores } from '../gemini/store-references.ts';
import type { World } from '../gemini/world.ts';
import type { Guest } from './guest.ts';
import type { Progress } from './handles.ts';

/** What a session is about. */
export interface Setup {
  readonly project: SimulatedProject;
  readonly model: string;
  /** The setup itself; what a token fixes stands in the place of what the client said. */
  readonly fields: Fields;
  /** Where a resumed session was; zeros for a new one. */
  readonly progress: Progress;
  /** Null when handles are not wanted. */
  readonly resumption: { readonly isTransparent: boolean } | null;
}

/** Reads a setup. @throws Refused for a model that holds no sessions, a handle that is not the project's, a full quota */
export function setupOf(message: Fields, guest: Guest, bidiMethod: string, world: World): Setup {
  const { project, token } = guest;
  const fields = { ...message, ...token?.setup };
  const model = (text(fields, 'model') ?? '').replace(/^models\//, '');
  if (modelFor(model, bidiMethod) === null) throw new Refused('404', { model, method: 'bidiGenerateContent' });
  const cached = text(fields, 'cachedContent');
  if (cached !== undefined) ownCache(cached.replace(/^cachedContents\//, ''), project, world);
  requireStores(fields, project, world);
  const resumption = field(fields, 'sessionResumption');
  const handle = text(resumption, 'handle') ?? '';
  const known = world.belongings(project).handles.find(handle, world.now());
  if (handle !== '' && known === null) throw new Refused('not-found');
  takeQuota(project, model, 0, world);
  return {
    ...{ project, model, fields },
    progress: known ?? { tokens: 0, turns: 0 },
    resumption: isFields(resumption) ? { isTransparent: field(resumption, 'transparent') === true } : null,
  };
}

/** The functions that a setup offers, as a request would. */
export function toolsOf(setup: Setup): Fields {
  return { tools: list(setup.fields, 'tools') };
}
