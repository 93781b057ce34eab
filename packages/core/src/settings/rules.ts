/** Rules that no single option can keep: what options must be together. They look at options as they came, checked or not. */

import type { CallerOptions } from '../auth/auth.ts';
import { type Fields, isFields } from '../json.ts';
import { callerFaults, keyFaults } from './secrets.ts';
import { parseCallers, parseKeys } from './short-forms.ts';

/** Rules between options; whatever has the wrong shape is passed over, for it has been named already. */
export function crossFaults({ keys, pools, callers }: Fields): string[] {
  const faults: string[] = [];
  const poolList = isFields(pools) ? Object.values(pools).filter(isFields) : [];
  const projects = typeof keys === 'string' ? parseKeys(keys) : poolList.flatMap((one) => projectsIn(one.projects));
  if (keys !== undefined && pools !== undefined) faults.push('keys and pools say the same thing twice; leave one out');
  if (poolList.length > 1)
    faults.push(`pools holds ${poolList.length} pools; one is what this version serves, with all projects in it`);
  const hasKeys = typeof keys === 'string' ? projects.length > 0 : keys !== undefined || poolList.length > 0;
  if (!hasKeys) faults.push('keys or pools must hold at least one provider key');
  faults.push(...keyFaults(projects));
  if (callers === undefined || callers === '') faults.push(nobodyIsLetIn);
  else if (typeof callers === 'string' && callers !== 'anyone') faults.push(...callerFaults(parseCallers(callers)));
  else if (Array.isArray(callers)) {
    const known = callers.filter(isCaller);
    if (known.length > 0 || callers.length === 0) faults.push(...callerFaults(known));
  }
  return faults;
}

const nobodyIsLetIn =
  "callers is missing, and nobody is let in by accident: list who may call (callers: [{ id: 'alice', key: '…' }]), " +
  "or say callers: 'anyone' when the host's own middleware guards the mount";

function isCaller(value: unknown): value is CallerOptions {
  return isFields(value) && typeof value.id === 'string' && typeof value.key === 'string';
}

function projectsIn(value: unknown): { id: string; keys: string[] }[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isFields).flatMap(({ id, keys }) => {
    const list = Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
    return typeof id === 'string' ? [{ id, keys: list }] : [];
  });
}
