/** The client's side over web standards: a `Request` becomes an {@link Exchange}, what is poured becomes a `Response`. */

import { Cancellation } from '../cancellation.ts';
import type { Exchange, HeaderBag } from '../wire.ts';
import { withoutMount } from './mount.ts';
import { type PlainCall, plainCall } from './plain-call.ts';
import { newRequestId } from './request-id.ts';
import { ResponseSink } from './web-answer.ts';
import { openBody, readBody } from './web-body.ts';

/** A request and the answer that will come of it. */
export interface WebExchange {
  readonly exchange: Exchange;
  readonly response: Promise<Response>;
}

/**
 * @param mountPath - what precedes the API's own paths, without a slash at its end
 * @param publicOrigin - where clients reach the gateway, when that is not the origin of the request's URL
 * @param host - what the framework knows of the request
 * @param bodyInMs - how long its body may take to come, in ms; 0 means no limit
 */
export function webExchange(
  request: Request | PlainCall,
  mountPath: string,
  publicOrigin: string | null = null,
  host?: unknown,
  bodyInMs = 0,
): WebExchange {
  const cancellation = new Cancellation();
  const client = new ResponseSink(cancellation);
  const { url, method, signal } = request;
  const path = url.slice(url.indexOf('/', url.indexOf('//') + 2));
  const exchange: Exchange = {
    id: newRequestId(),
    method,
    target: withoutMount(path, mountPath),
    headers: 'fields' in request ? request.fields : bagOf(request.headers),
    remote: null,
    host,
    client,
    cancellation,
    readBody: (maxBytes, room) => readBody(request, { maxBytes, bodyInMs, cancellation, room }),
    openBody: () => openBody(request),
    publicBase: () => (publicOrigin ?? new URL(url).origin) + mountPath,
  };
  if (signal?.aborted) cancellation.cancel(signal.reason);
  else if (signal) client.heed(signal);
  return { exchange, response: client.response };
}

/** A call in process as a request. Over a network somebody would have told how long its body is, where that is known. */
export function requestOf(input: string | URL | Request, init: RequestInit | undefined): Request | PlainCall {
  if (init === undefined && input instanceof Request) return input;
  const call = plainCall(input, init);
  if (call !== null) return call;
  const request = new Request(input, init);
  const body = init?.body;
  const bytes = body instanceof Blob ? body.size : ArrayBuffer.isView(body) ? body.byteLength : null;
  if (bytes !== null) request.headers.set('content-length', String(bytes));
  return request;
}

function bagOf(headers: Headers): HeaderBag {
  const bag: HeaderBag = Object.create(null) as HeaderBag;
  for (const [name, value] of headers) bag[name] = value;
  return bag;
}
