/** {@link Upstream} over `fetch`, for every runtime without undici. */

import { type Member, Roster } from '../roster.ts';
import type { BodyStream, HeaderBag, Sink, Upstream, UpstreamRequest } from '../wire.ts';
import { fieldsUp } from './body-length.ts';

/** What can be told to it. */
export interface FetchOptions {
  /** Taken for `undiciUpstream`'s sake and not used: `fetch` has no time-out for the connection alone. */
  connectMs?: number | undefined;
  /** The function to call. @default globalThis.fetch, looked up per call */
  fetch?: typeof globalThis.fetch | undefined;
}

/**
 * Reaches providers through `fetch`. The default everywhere but on Node.
 *
 * `fetch` undoes content encodings itself, so the answer comes without `content-encoding` and `content-length` then.
 * On Node, `fetch` itself gives up after 300 s without headers.
 *
 * @example const gateway = createGateway({ keys: 'k', callers: 'anyone', upstream: fetchUpstream() });
 */
export function fetchUpstream(options: FetchOptions = {}): Upstream {
  const calls = new Roster<Call>();
  return {
    send(request, sink) {
      const call = new Call(sink, () => calls.delete(call));
      calls.add(call);
      sink.open(call);
      void call.run(request, options.fetch ?? globalThis.fetch);
    },
    async close() {
      for (const call of calls) call.abort(new Error('the gateway was closed'));
    },
  };
}

/** @see {@link fetchUpstream}; the name under which `#upstream` is imported. */
export const defaultUpstream: typeof fetchUpstream = fetchUpstream;

const isBodiless = new Set(['GET', 'HEAD']);

class Call implements Member {
  place = -1;
  readonly #sink: Sink;
  readonly #onOver: () => void;
  readonly #aborter = new AbortController();
  #resumeRead: (() => void) | null = null;
  #isHeld = false;

  constructor(sink: Sink, onOver: () => void) {
    this.#sink = sink;
    this.#onOver = onOver;
  }

  pause(): void {
    this.#isHeld = true;
  }

  resume(): void {
    this.#isHeld = false;
    this.#resumeRead?.();
    this.#resumeRead = null;
  }

  abort(reason: Error): void {
    this.#aborter.abort(reason);
    this.resume();
  }

  async run(request: UpstreamRequest, fetch: typeof globalThis.fetch): Promise<void> {
    const { signal } = this.#aborter;
    try {
      const response = await fetch(request.origin + request.target, {
        method: request.method,
        headers: pairs(fieldsUp(request)),
        // A body with GET is nothing that `fetch` can send.
        ...(isBodiless.has(request.method) ? null : bodyFor(request.body)),
        redirect: 'manual',
        signal,
      });
      if (signal.aborted) return;
      // A browser hides what a redirect says; that it was one is enough.
      const status = response.type === 'opaqueredirect' ? 302 : response.status;
      this.#sink.head(status, bagOf(response.headers));
      if (response.body !== null) await this.#read(response.body);
      if (!signal.aborted) this.#sink.end();
    } catch (error) {
      if (!signal.aborted) this.#sink.fail(rootOf(error));
      this.#aborter.abort();
    } finally {
      this.#onOver();
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#aborter.signal.aborted) return;
      if (value.length === 0) continue;
      if (!this.#sink.write(value)) this.#isHeld = true;
      if (this.#isHeld) await new Promise<void>((resolve) => (this.#resumeRead = resolve));
    }
  }
}

/** A body that passes while it comes is asked for piece by piece, and the answer is not waited for before its end. */
function bodyFor(body: UpstreamRequest['body']): RequestInit & { readonly duplex?: 'half' } {
  if (body === null || body instanceof Uint8Array) return { body: body as Uint8Array<ArrayBuffer> | null };
  return { body: streamOf(body), duplex: 'half' };
}

function streamOf(body: BodyStream): ReadableStream<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void pieces.return?.(),
    },
    { highWaterMark: 0 },
  );
}

function pairs(flat: string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let at = 0; at < flat.length; at += 2) list.push([flat[at] as string, flat[at + 1] as string]);
  return list;
}

/** An answer with more fields than this is no answer of an API. */
const mostHeaders = 200;

function bagOf(headers: Headers): HeaderBag {
  const bag: HeaderBag = {};
  const fields = [...headers].length;
  if (fields > mostHeaders) {
    throw Object.assign(new Error(`the answer has ${fields} header fields`), { code: 'SLUICE_PROTOCOL' });
  }
  const isDecoded = headers.has('content-encoding');
  for (const [name, value] of headers) {
    if (isDecoded && (name === 'content-encoding' || name === 'content-length')) continue;
    bag[name] = name === 'set-cookie' ? headers.getSetCookie() : value;
  }
  return bag;
}

/** `fetch` says "fetch failed" and hides what happened in the cause. */
function rootOf(error: unknown): Error {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error ? cause : (error as Error);
}
