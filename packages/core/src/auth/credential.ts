/** Finds the one credential of a request, wherever the client put it. */

import { SluiceError } from '../errors.ts';
import type { HeaderBag } from '../wire.ts';

const bearer = /^bearer +(\S+) *$/i;

/**
 * Every credential that a request carries, each once: `Authorization: Bearer`, `x-goog-api-key`, `?key=`.
 * An empty one counts as none; other schemes of authorization are not ours to read.
 */
export function credentialsOf(target: string, headers: HeaderBag): Set<string> {
  const found = new Set<string>();
  for (const value of listed(headers['x-goog-api-key'])) if (value.trim() !== '') found.add(value.trim());
  for (const value of listed(headers.authorization)) {
    const token = bearer.exec(value)?.[1];
    if (token !== undefined) found.add(token);
  }
  const mark = target.indexOf('?');
  if (mark >= 0 && target.includes('key', mark)) {
    for (const value of new URLSearchParams(target.slice(mark + 1)).getAll('key')) if (value !== '') found.add(value);
  }
  return found;
}

/** @throws SluiceError `invalid_request` when there are two that differ: which one is meant cannot be told */
export function singleCredential(target: string, headers: HeaderBag): string | null {
  const found = credentialsOf(target, headers);
  if (found.size > 1) {
    throw new SluiceError(
      'invalid_request',
      `The request carries ${found.size} different credentials. Send one, as x-goog-api-key, Authorization: Bearer or ?key=.`,
    );
  }
  return found.values().next().value ?? null;
}

function listed(value: string | string[] | undefined): string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}
