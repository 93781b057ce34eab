/** Rules for keys: which ones can be told apart, and which ones anybody could guess. Faults never repeat a key. */

import type { CallerLookup, CallerOptions } from '../auth/auth.ts';

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
  for (const { id, keys } of projects) {
    if (ids.has(id)) faults.push(`two projects are called "${id}"`);
    ids.add(id);
    for (const [at, key] of keys.entries()) {
      const where = `key ${at + 1} of project "${id}"`;
      const other = owner.get(key);
      if (key.trim() === '') faults.push(`${where} is blank`);
      else if (!/^[\x21-\x7e]+$/.test(key)) faults.push(`${where} has a blank or a character that no header may carry`);
      else if (other !== undefined) faults.push(`${where} stands in project "${other}" already`);
      owner.set(key, id);
    }
  }
  return faults;
}

/** Caller keys are chosen by people, so they are looked at more closely. */
export function callerFaults(callers: readonly CallerOptions[] | CallerLookup | 'anyone'): string[] {
  if (typeof callers === 'string' || typeof callers === 'function') return [];
  const faults = callers.length === 0 ? ['callers is an empty list: nobody could call'] : [];
  const ids = new Set<string>();
  const keys = new Set<string>();
  for (const { id, key } of callers) {
    if (ids.has(id)) faults.push(`two callers are called "${id}"`);
    if (keys.has(key)) faults.push(`caller "${id}" has the same key as another`);
    ids.add(id);
    keys.add(key);
    const weakness = weaknessOf(key);
    if (weakness !== null)
      faults.push(`the key of caller "${id}" ${weakness}; \`openssl rand -hex 24\` makes a good one`);
  }
  return faults;
}

function weaknessOf(key: string): string | null {
  if (key.length < shortestCallerKey) return `has ${key.length} characters, at least ${shortestCallerKey} are needed`;
  if (!/^[\x21-\x7e]+$/.test(key)) return 'has a blank or a character that no header may carry';
  if (examples.test(key)) return 'is a well-known example value';
  if (new Set(key).size < 6) return 'repeats a few characters';
  return null;
}
