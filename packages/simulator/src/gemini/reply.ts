import type { Piece } from './ask.ts';
import { pretty } from './google-json.ts';

/** The body of an answer in its natural portions, not yet framed by HTTP. */
export interface Told {
  /** One event each; a JSON text is cut into slices instead. */
  readonly events: readonly Uint8Array[];
  /** What stands behind the last event: `]`, `data: [DONE]`, or nothing. */
  readonly closing: Uint8Array;
}

/**
 * What a call is answered with when nothing goes wrong. Plays send it as it is, cut it, or have it told differently.
 */
export interface Reply extends Told {
  readonly status: number;
  /** Without content length, transfer encoding and content encoding: those belong to the play. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly isStream: boolean;
  /** Events from the one with this index on wait until it is open, and are known only then. */
  readonly gate?: { readonly before: number; isOpen(): boolean } | undefined;
  /** Never compressed, whatever the client accepts. */
  readonly isPlain?: boolean | undefined;
  /** What the answer was made of; empty for a call that generates nothing. */
  readonly pieces: readonly Piece[];
  /** The same answer made of other pieces; a call that generates nothing tells the same again. */
  retold(pieces: readonly Piece[]): Reply;
  /** How an error is written behind a number of events. */
  failed(eventsBefore: number, errorBody: string): Uint8Array;
}

/** Into how many slices a JSON text falls at least, so that a cut can leave some and take some. */
const slices = 4;

/** A body, cut into slices of about the same size. */
export function sliced(body: string | Uint8Array): Told {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const sliceBytes = Math.max(1, Math.ceil(bytes.length / slices));
  const events: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += sliceBytes) events.push(bytes.subarray(start, start + sliceBytes));
  return { events, closing: Buffer.alloc(0) };
}

/** Headers that every answer of Google's carries. */
export function commonHeaders(contentType: string, nowMs: number): [string, string][] {
  return [
    ['Content-Type', contentType],
    ['Vary', 'Origin, X-Origin, Referer'],
    ['Date', new Date(nowMs).toUTCString()],
    ['Server', 'scaffolding on HTTPServer2'],
    ['X-XSS-Protection', '0'],
    ['X-Frame-Options', 'SAMEORIGIN'],
    ['X-Content-Type-Options', 'nosniff'],
    ['Server-Timing', 'gfet4t7; dur=42'],
  ];
}

export const jsonType = 'application/json; charset=UTF-8';

/** A whole body as an answer: errors, lists, pages, files. */
export function wholeReply(status: number, contentType: string, body: string | Uint8Array, nowMs: number): Reply {
  return replyWith(status, commonHeaders(contentType, nowMs), body);
}

/** A value as JSON, written as Google writes it. */
export function jsonReply(value: unknown, nowMs: number): Reply {
  return wholeReply(200, jsonType, pretty(value), nowMs);
}

/** The same under headers of its own. */
export function replyWith(
  status: number,
  headers: Reply['headers'],
  body: string | Uint8Array,
  isPlain = false,
): Reply {
  const reply: Reply = {
    status,
    headers,
    isStream: false,
    isPlain,
    pieces: [],
    ...sliced(body),
    retold: () => reply,
    failed: (_, errorBody) => Buffer.from(errorBody),
  };
  return reply;
}
