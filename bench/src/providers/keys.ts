/** What a provider may see of keys: one of its own, once, and never the caller's. */

import { callerKey, providerKeys } from '../traffic.ts';

/** The key that a request was signed with; an empty text for none. */
export function keyIn(head: string): string {
  return /^x-goog-api-key: *(\S+)/im.exec(head)?.[1] ?? '';
}

/** @returns what is wrong with the keys of a request; null for nothing */
export function problemWithKeys(head: string): string | null {
  const lines = head.match(/^x-goog-api-key:/gim) ?? [];
  if (lines.length !== 1) return `${lines.length} keys came up`;
  if (!providerKeys.includes(keyIn(head))) return 'the key that came up is none of the provider';
  return head.includes(callerKey) ? 'the key of the caller came up' : null;
}
