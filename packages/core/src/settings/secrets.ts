/** Rules for keys: which ones can be told apart, and which ones anybody could guess. Faults never repeat a key. */

import type { CallerOptions } from '../auth/auth.ts';

const shortestCallerKey = 16;
/** Text that stands in somebody's example, wherever it is in the key. */
const examples =
  /change-?me|your[-_ ]?(?:api[-_ ]?)?key|example|placeholder|password|letmein|insert|dummy|^sk-1234|1234567890123456|^(?:test|secret|admin)(?:[-_]?(?:key|test|secret|admin))*$/i;

interface ProjectKeys {
  readonly id: string;
  readonly keys: readonly string[];
}

/** A key stands once: in two projects its quota would be counted twice. */
export function keyFaults(projects: readonly ProjectKeys[]): string[] {
  const faults: string[] = [];
  const owner = new Map<string, string>();
  const ids = new Set<string>();
  for (const [index, { id, keys }] of projects.entries()) {
    const project = named('project', id, index);
    if (isKeyLike(id)) faults.push(`${project} has a name that looks like a key; the short form is project=KEY`);
    if (ids.has(id)) faults.push(`${project} has the name of another`);
    ids.add(id);
    for (const [at, key] of keys.entries()) {
      const where = `key ${at + 1} of ${project}`;
      const other = owner.get(key);
      // What stands before the equals sign may have been meant as the key, so it is not repeated.
      if (key.trim() === '') faults.push(`key ${at + 1} of project ${index + 1} is blank`);
      else if (!/^[\x21-\x7e]+$/.test(key)) faults.push(`${where} has a blank or a character that no header may carry`);
      else if (other !== undefined && other !== project) faults.push(`${where} stands in ${other} already`);
      owner.set(key, project);
    }
  }
  return faults;
}

/** Caller keys are chosen by people, so they are looked at more closely. */
export function callerFaults(callers: readonly CallerOptions[]): string[] {
  const faults = callers.length === 0 ? ['callers is an empty list: nobody could call'] : [];
  const ids = new Set<string>();
  const keys = new Set<string>();
  for (const [index, { id, key }] of callers.entries()) {
    const caller = named('caller', id, index);
    if (isKeyLike(id)) faults.push(`${caller} has a name that looks like a key; the short form is id=KEY`);
    if (ids.has(id)) faults.push(`${caller} has the name of another`);
    if (keys.has(key)) faults.push(`${caller} has the key of another`);
    ids.add(id);
    keys.add(key);
    const weakness = weaknessOf(key);
    if (key === '') faults.push(`caller ${index + 1} has no key`);
    else if (weakness !== null)
      faults.push(`the key of ${caller} ${weakness}; \`openssl rand -hex 24\` makes a good one`);
  }
  return faults;
}

/** Names stand in logs. One as long as this, or of a key's shape, is a key in the wrong place. */
const longestName = 32;

/** True for what is no name of anything. */
export function isKeyLike(id: string): boolean {
  return id.length > longestName || /^(?:AIza|AQ\.|sk-)/.test(id);
}

/** By its name where it has one that may be shown, else by its place. */
function named(kind: string, id: string, index: number): string {
  return isKeyLike(id) ? `${kind} ${index + 1}` : `${kind} "${id}"`;
}

function weaknessOf(key: string): string | null {
  if (key.length < shortestCallerKey) return `has ${key.length} characters, at least ${shortestCallerKey} are needed`;
  if (!/^[\x21-\x7e]+$/.test(key)) return 'has a blank or a character that no header may carry';
  if (examples.test(key)) return 'is a well-known example value';
  if (new Set(key).size < 6) return 'repeats a few characters';
  return null;
}
