/** Caller keys of this proxy where a Gemini key should be: they open nothing at Google, and would be sent there. */

import { parseKeys } from '@sluice/core';
import { keptCallerKey } from './caller-key.ts';
import { type Environment, isRaw, type Raw } from './environment.ts';

/** Every caller key that can be known before callers are read: the one that was made, and those that are named. */
export function ownKeys(file: Raw, { callers, dataFolder }: Environment): ReadonlySet<string> {
  const kept = keptCallerKey(dataFolder);
  const own = new Set([...keysOf(file.callers), ...keysOf(callers), ...(kept === null ? [] : [kept])]);
  own.delete('');
  return own;
}

/**
 * Takes them out of the variables for Gemini keys. The banner prints them under such a name, for clients; the shell
 * that they are pasted into may be the one that starts the proxy the next time.
 *
 * @returns the variables that are left, and what to tell whoever starts it
 */
export function withoutOwnKeys(
  variables: NodeJS.ProcessEnv,
  own: ReadonlySet<string>,
): { readonly variables: NodeJS.ProcessEnv; readonly warnings: readonly string[] } {
  const left = { ...variables };
  const warnings: string[] = [];
  // In the order in which they are read: one that is not read for the other's sake is nobody's business.
  for (const name of ['GEMINI_API_KEYS', 'GEMINI_API_KEY']) {
    const entries = (left[name] ?? '').split(/[,\n\r]+/);
    const others = entries.filter((entry) => !keysOf(entry).some((key) => own.has(key)));
    if (others.length < entries.length) warnings.push(`${name} holds a caller key of this proxy: ignored`);
    left[name] = others.join(',');
    if (left[name].trim() !== '') break;
  }
  return { variables: left, warnings };
}

/** A file is somebody's own work, so there it is a fault. Keys are named by their place and never told. */
export function ownKeyFaults(raw: Raw, own: ReadonlySet<string>): string[] {
  return projectsOf(raw).flatMap((project, at) => {
    const keys = isRaw(project) && Array.isArray(project.keys) ? project.keys : [];
    return keys.flatMap((key, index) =>
      own.has(key)
        ? [`Key ${index + 1} of project ${at + 1} is a caller key of this proxy too: a key from Google belongs there.`]
        : [],
    );
  });
}

function projectsOf({ keys, pools }: Raw): readonly unknown[] {
  if (typeof keys === 'string') return parseKeys(keys);
  const all = isRaw(pools) ? Object.values(pools) : [];
  return all.flatMap((pool) => (isRaw(pool) && Array.isArray(pool.projects) ? pool.projects : []));
}

/** The keys of a short form, or of a list of callers; of anything else none, and the check names the fault. */
function keysOf(callers: unknown): string[] {
  if (typeof callers === 'string') return parseKeys(callers).flatMap(({ keys }) => keys);
  const list = Array.isArray(callers) ? callers : [];
  return list.flatMap((caller) => (isRaw(caller) && typeof caller.key === 'string' ? [caller.key] : []));
}
