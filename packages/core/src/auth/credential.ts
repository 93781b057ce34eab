/** Finds the one credential of a request, wherever the client put it. */

import { SluiceError } from '../errors.ts';
import type { HeaderBag } from '../wire.ts';

const bearer = /^bearer +(\S+) *$/i;

/**
 * Every credential that a request carries, each once: `Authorization: Bearer`, `x-goog-api-key`, `?key=`.
 * An empty one counts as none; other schemes of authorization are not ours to read.
 */
export function credentialsOf(target: string, headers: HeaderBag): string[] {
  const found: string[] = [];
  for (const value of listed(headers['x-goog-api-key'])) note(found, value.trim());
  for (const value of listed(headers.authorization)) note(found, bearer.exec(value)?.[1] ?? '');
  const mark = target.indexOf('?');
  // A name may be written with escapes, and the provider would read it all the same.
  if (mark >= 0 && (target.includes('key', mark) || target.includes('%', mark))) {
    for (const value of new URLSearchParams(target.slice(mark + 1)).getAll('key')) note(found, value);
  }
  return found;
}

/** @throws SluiceError `invalid_request` when there are two that differ: which one is meant cannot be told */
export function singleCredential(target: string, headers: HeaderBag): string | null {
  const found = credentialsOf(target, headers);
  if (found.length > 1) {
    throw new SluiceError(
      'invalid_request',
      `The request carries ${found.length} different credentials. Send one, as x-goog-api-key, Authorization: Bearer or ?key=.`,
    );
  }
  return found[0] ?? null;
}

function note(found: string[], credential: string): void {
  if (credential !== '' && !found.includes(credential)) found.push(credential);
}

function listed(value: string | string[] | undefined): readonly string[] {
  return value === undefined ? none : typeof value === 'string' ? [value] : value;
}

const none: readonly string[] = [];
