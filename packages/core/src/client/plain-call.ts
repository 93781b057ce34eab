/** A call in process as it was made, where no `Request` is needed to know what it means: making one costs more than the rest. */

import type { HeaderBag } from '../wire.ts';

/** What the arguments of `fetch` come to. */
export interface PlainCall {
  readonly url: string;
  readonly method: string;
  readonly fields: HeaderBag;
  /** A copy: whoever calls may go on to use theirs. */
  readonly bytes: Uint8Array | null;
  readonly signal: AbortSignal | null;
}

/** What a URL parser would leave as it is; dots are looked at apart. */
const plainUrl =
  /^https?:\/\/(?:(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*|127\.0\.0\.1)(?::(?!80\/|443\/)(?:[1-5]\d{4}|[1-9]\d{0,3}))?\/[\w~:@!$&()*+,;=%/.-]*(?:\?[\w~:@!$&()*+,;=%/?.-]*)?$/;
const dots = /\/(\.|%2e)/i;
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What `fetch` would trim or refuse. */
const oddValue = /[^\t\x20-\x7e\x80-\xff]|^[\t ]|[\t ]$/;
const encoder = new TextEncoder();

/** @returns null for what only `Request` can tell: it mends, refuses, or takes other kinds of bodies */
export function plainCall(input: unknown, init: RequestInit = {}): PlainCall | null {
  const url = input instanceof URL ? input.href : input;
  if (typeof url !== 'string' || !plainUrl.test(url) || dots.test(url)) return null;
  const { method = 'GET', headers, body = null, signal = null } = init;
  if (!methods.has(method) || !(signal === null || signal instanceof AbortSignal)) return null;
  const fields = fieldsOf(headers);
  if (fields === null) return null;
  if (body === null) return { url, method, fields, bytes: null, signal };
  const bytes = bytesOf(body);
  if (bytes === null || method === 'GET' || method === 'HEAD') return null;
  if (typeof body === 'string') fields['content-type'] ??= 'text/plain;charset=UTF-8';
  // Over a network somebody would have told.
  fields['content-length'] = String(bytes.length);
  return { url, method, fields, bytes, signal };
}

function bytesOf(body: NonNullable<RequestInit['body']>): Uint8Array | null {
  if (typeof body === 'string') return encoder.encode(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0));
  if (!ArrayBuffer.isView(body) || !(body.buffer instanceof ArrayBuffer)) return null;
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
}

function fieldsOf(headers: RequestInit['headers']): HeaderBag | null {
  const bag: HeaderBag = Object.create(null) as HeaderBag;
  if (headers === undefined) return bag;
  if (headers instanceof Headers) {
    for (const [name, value] of headers) bag[name] = value;
    return bag;
  }
  const isList = Array.isArray(headers);
  if (!isList && Symbol.iterator in headers) return null;
  for (const [name, value] of isList ? headers : Object.entries(headers)) {
    if (typeof name !== 'string' || !fieldName.test(name)) return null;
    if (typeof value !== 'string' || oddValue.test(value)) return null;
    const lowerName = name.toLowerCase();
    const before = bag[lowerName];
    bag[lowerName] = before === undefined ? value : `${before}, ${value}`;
  }
  return bag;
}
