/** Writes requests down as they go over the wire: proper ones, of which rows spoil one thing each. */

import { canary, type Expected, type Piece, type RawAddress, type RawCase, type Sent } from './input.ts';

/** A call that the provider answers with 200. */
export const unary = '/v1beta/models/gemini-2.5-flash:generateContent';
/** OpenAI's way of calling it. */
export const chat = '/v1beta/openai/chat/completions';
/** What is asked. */
export const prompt: string = JSON.stringify({ contents: [{ parts: [{ text: canary }] }] });

/** How a request differs from a proper one; a field that is null is left out. */
export interface Wish {
  readonly method?: string;
  /** Goes behind the mount path. */
  readonly target?: string;
  /** The whole target, without the mount path. */
  readonly wholeTarget?: string;
  readonly version?: string;
  readonly host?: string | null;
  readonly key?: string | null;
  readonly type?: string | null;
  /** What `content-length` says. @default how long the body is */
  readonly length?: number | string | null;
  /** Further lines of the head. */
  readonly more?: readonly string[];
  readonly body?: string | Uint8Array | null;
}

/** Puts a request together. */
export function request(to: RawAddress, wish: Wish = {}): Sent {
  const body = bytesOf(wish.body === undefined ? prompt : (wish.body ?? ''));
  return { pieces: [headOf(to, wish, body.length), body], body };
}

/** Its head alone, for those who say and do something else. */
export function headOf(to: RawAddress, wish: Wish, bodyBytes: number): string {
  const { method = 'POST', target = unary, wholeTarget = to.prefix + target, version = 'HTTP/1.1' } = wish;
  const { host = 'localhost', key = to.key, type = 'application/json', length = bodyBytes, more = [] } = wish;
  const lines = [`${method} ${wholeTarget} ${version}`];
  if (host !== null) lines.push(`host: ${host}`);
  if (key !== null) lines.push(`x-goog-api-key: ${key}`);
  if (type !== null) lines.push(`content-type: ${type}`);
  if (length !== null && wish.body !== null) lines.push(`content-length: ${length}`);
  return [...lines, ...more, '', ''].join('\r\n');
}

/** Bytes as they stand, of which nothing has to arrive anywhere. */
export function bytes(...pieces: readonly Piece[]): Sent {
  return { pieces, body: null };
}

/** A body in chunks, and how it is announced. */
export function chunked(to: RawAddress, wish: Wish, ...body: readonly (string | Uint8Array)[]): Sent {
  const head = headOf(to, { ...wish, length: null, more: ['transfer-encoding: chunked', ...(wish.more ?? [])] }, 0);
  return { pieces: [head, ...body], body: null };
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
}

/** A case that differs from a proper request by a wish. */
export function wished(expected: Expected, wish: Wish, name = ''): RawCase {
  return { name, expected, sends: (to) => request(to, wish) };
}

/** Refused by Node's parser; the connection ends. */
export function unparsed(status = 400, reason = 'INVALID_REQUEST'): Expected {
  return { by: 'parser', statuses: [status], reason, closes: true };
}

/** Refused by the gateway. */
export function refused(status: number, reason: string): Expected {
  return { by: 'gateway', statuses: [status], reason };
}

/** Passed on, byte for byte. */
export function passedOn(status: number | null = null): Expected {
  return { by: 'provider', statuses: [status] };
}
