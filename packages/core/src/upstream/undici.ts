/** {@link Upstream} over undici's dispatcher: callbacks in, callbacks out, no stream and no promise in between. */

// Before undici, which a Node that is too old fails at: there it is told in a sentence.
import '#platform';

import type { LookupFunction, Socket } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import type { Flow, HeaderBag, Sink, Upstream } from '../wire.ts';
import { fieldsUp } from './body-length.ts';
import { Connector, type Wanting } from './connector.ts';

/** What can be told to it. */
export interface UndiciOptions {
  /** Until a connection stands, TLS included, in ms. 0 means no limit. @default 5_000 */
  connectMs?: number | undefined;
  /** Finds the addresses of a host, as the `lookup` of `net.connect` does: for DNS of one's own. @default dns.lookup */
  lookup?: LookupFunction | undefined;
  /**
   * Certificates of the authorities to trust, in PEM, in place of those that Node trusts; `tls.rootCertificates` has
   * those, for a list of both.
   *
   * @default the authorities that Node trusts
   */
  ca?: string | readonly string[] | undefined;
}

/** Longer than the pauses of a conversation, shorter than what Google's front ends keep open. */
const keepAliveMs = 20_000;
/**
 * A body that passes while it comes cannot be sent again, so it takes no connection that its other end may just have
 * closed: only one that was busy a moment ago, as in the middle of an upload in pieces.
 */
const keepAliveOfStreamsMs = 1_000;
/** An answer with more fields than this is no answer of an API. */
const mostHeaders = 200;

/**
 * Reaches providers through undici. The default on Node.
 *
 * Timers are the attempt's own (undici's are off but for the connection), redirects are never followed, and HTTP/1.1
 * is spoken: pausing one stream of a shared HTTP/2 connection is not proven.
 *
 * @example const gateway = createGateway({ keys: 'k', callers: 'anyone', upstream: undiciUpstream({ connectMs: 2_000 }) });
 */
export function undiciUpstream({ connectMs = 5_000, lookup, ca }: UndiciOptions = {}): Upstream {
  const own = { ...(lookup && { lookup }), ...(ca && { ca: [ca].flat() }) };
  const connector = new Connector({ allowH2: false, timeout: connectMs, ...own });
  const agentOf = (keepAliveTimeout: number): Agent =>
    new Agent({
      allowH2: false,
      bodyTimeout: 0,
      headersTimeout: 0,
      keepAliveTimeout,
      connect: connector.connect,
      pipelining: 1,
    });
  const [agent, streams] = [agentOf(keepAliveMs), agentOf(keepAliveOfStreamsMs)];
  return {
    send(request, sink) {
      const { origin, method, target } = request;
      const headers = fieldsUp(request);
      // Its types forget that it takes any async iterable, as its documents say (Dispatcher.md, DispatchOptions).
      const body = request.body as Uint8Array | null;
      const through = body === null || body instanceof Uint8Array ? agent : streams;
      const call = new Call(sink, connector);
      sink.open(call);
      connector.wanting = call;
      try {
        through.dispatch({ origin, path: target, method: method as Dispatcher.HttpMethod, headers, body }, call);
      } catch (error) {
        call.onResponseError(null, error as Error);
      } finally {
        connector.wanting = null;
      }
    },
    close: async () => void (await Promise.all([agent.destroy(), streams.destroy()])),
  };
}

/** @see {@link undiciUpstream}; the name under which `#upstream` is imported. */
export const defaultUpstream: typeof undiciUpstream = undiciUpstream;

/** One request in undici's hands. It can be held and killed before undici has begun with it. */
class Call implements Dispatcher.DispatchHandler, Flow, Wanting {
  readonly #sink: Sink;
  readonly #connector: Connector;
  /** The connection that is being made for it alone. */
  #socket: Socket | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #abortedBy: Error | null = null;
  #isOver = false;

  constructor(sink: Sink, connector: Connector) {
    this.#sink = sink;
    this.#connector = connector;
  }

  connecting(socket: Socket): void {
    this.#socket = socket;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(reason: Error): void {
    this.#isOver = true;
    this.#abortedBy = reason;
    if (this.#controller !== null) return this.#controller.abort(reason);
    // undici would go on shaking hands until its own limit.
    this.#socket?.destroy(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#socket = null;
    if (this.#abortedBy !== null) controller.abort(this.#abortedBy);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: HeaderBag): void {
    if (status < 200 || this.#isOver) return;
    const fields = (controller.rawHeaders as unknown[] | null | undefined)?.length ?? 0;
    if (fields > mostHeaders * 2) return this.#fail(new Error(`the answer has ${fields / 2} header fields`));
    this.#sink.head(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    // undici reports an empty chunk when a paused answer is resumed and its socket has nothing to give
    // (client-h1.js, resume). A sink that resumes from a microtask would never let the event loop turn.
    if (chunk.length === 0 || this.#isOver) return;
    if (!this.#sink.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.fail(this.#connector.isStale(error) ? Object.assign(error, { code: 'SLUICE_STALE' }) : error);
  }

  #fail(error: Error): void {
    this.abort(error);
    this.#sink.fail(Object.assign(error, { code: 'SLUICE_PROTOCOL' }));
  }
}
