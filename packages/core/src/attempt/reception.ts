/** What the head of an answer says about how to take the rest. */

import type { AnswerKind } from '../surface/surface.ts';
import type { HeaderBag } from '../wire.ts';

/** Ways to take a body. */
export type Reception =
  /** An error answer: read it, judge it, show it only when nothing else helps. */
  | { readonly as: 'error'; readonly encoding: string | null }
  /** Shown from its first meaning on, complete with its marker. */
  | { readonly as: 'stream'; readonly encoding: string | null }
  /** Held until it is whole; with `isJudged`, complete only with its marker. */
  | { readonly as: 'whole'; readonly encoding: string | null; readonly isJudged: boolean }
  /** Held until it is whole, and read: it tells of resources. */
  | { readonly as: 'resource'; readonly encoding: string | null }
  /** Passes as it comes; with `isNaming` it is events that may tell of resources. */
  | { readonly as: 'opaque'; readonly isNaming?: true }
  | { readonly as: 'redirect' }
  | { readonly as: 'empty' }
  | { readonly as: 'nonsense'; readonly why: string };

/** 308 belongs to resumable uploads, 304 to conditional requests: neither sends anybody anywhere. */
const harmlessRedirects = new Set([304, 308]);

/** Success, it seems, and certainly no answer: nobody asked for what is new since then. */
const bodiless = new Set([204, 205, 304]);

/** @param isArray - the client asked for a stream without `alt=sse`: one JSON array, element by element */
export function receive(status: number, headers: HeaderBag, answer: AnswerKind, isArray: boolean): Reception {
  if (status < 200 || status > 599) return { as: 'nonsense', why: `the status ${status}` };
  if (answer === 'generation' && bodiless.has(status)) return { as: 'empty' };
  if (status >= 300 && status < 400 && !(answer !== 'generation' && harmlessRedirects.has(status)))
    return { as: 'redirect' };
  const encodings = encodingsOf(headers);
  if (encodings.length > 2) return { as: 'nonsense', why: `${encodings.length} content encodings` };
  if (answer === 'remainder' && status < 400 && (encodings.length > 0 || !isEvents(headers)))
    return { as: 'nonsense', why: 'no plain events, where a stream was to go on' };
  const isRead = answer === 'resource' || answer === 'receipt';
  if (isRead && status < 300 && encodings.length < 2 && isJson(headers)) {
    return { as: 'resource', encoding: encodings[0] ?? null };
  }
  if (answer === 'resource' && status < 300 && encodings.length === 0 && isEvents(headers))
    return { as: 'opaque', isNaming: true };
  if ((answer === 'opaque' || isRead) && status < 400) return { as: 'opaque' };
  if (encodings.length === 2) return { as: 'nonsense', why: 'two content encodings' };
  const encoding = encodings[0] ?? null;
  if (status >= 400) return { as: 'error', encoding };
  if (answer === 'document') return { as: 'whole', encoding, isJudged: false };
  return isEvents(headers) || isArray ? { as: 'stream', encoding } : { as: 'whole', encoding, isJudged: true };
}

function isEvents(headers: HeaderBag): boolean {
  return String(headers['content-type'] ?? '').startsWith('text/event-stream');
}

function isJson(headers: HeaderBag): boolean {
  return /^application\/json\b/i.test(String(headers['content-type'] ?? ''));
}

function encodingsOf(headers: HeaderBag): string[] {
  const value = headers['content-encoding'];
  if (value === undefined) return [];
  const names = String(value)
    .toLowerCase()
    .split(/\s*,\s*/);
  return names.filter((name) => name !== '' && name !== 'identity').map((name) => name.replace(/^x-/, ''));
}
