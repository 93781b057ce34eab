/** Aliases of models in a setup. */

import type { ModelRoutes } from '../surface/gemini.ts';
import { setupMessage, withModelMeant } from '../surface/model-alias.ts';
import type { Setup } from './setup.ts';

/** The setup as the provider is to hear it: with the model that an alias stands for, else as it came. */
export function withoutAlias(setup: Setup, routes: ModelRoutes): Setup {
  const { frame, model } = setup;
  if (model === null || !routes.has(model)) return setup;
  const renamed = withModelMeant(frame.data, setupMessage, routes);
  if (renamed === null || renamed.alias !== model) return setup;
  return { frame: { ...frame, data: renamed.data }, model: renamed.model };
}
