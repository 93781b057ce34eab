/** What the Gemini API has said no with: at least one answer for each row of the table. */

import type { Refusal } from './refusal.ts';
import { refusedInteractions } from './refused-interactions.ts';
import { refusedKeys } from './refused-keys.ts';
import { refusedOthers } from './refused-others.ts';
import { refusedProjects } from './refused-projects.ts';
import { refusedQuotas } from './refused-quotas.ts';

export const refusals: readonly Refusal[] = [
  ...refusedKeys,
  ...refusedProjects,
  ...refusedQuotas,
  ...refusedOthers,
  ...refusedInteractions,
];
