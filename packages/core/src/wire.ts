/**
 * The nouns of transport. Everything else is written in them.
 *
 * A request comes in as an {@link Exchange}; its answer is poured through a chain of {@link Sink}s;
 * a {@link Flow} runs against the stream and lets whoever is full hold the source.
 */

import type { Cancellation } from './cancellation.ts';

/** Header fields by lower-case name. A field that came several times is an array, in order of arrival. */
export type HeaderBag = Record<string, string | string[] | undefined>;

/** What a source lets its sink do: hold it, let it run, kill it. undici's `DispatchController` already is one. */
export interface Flow {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/**
 * Somewhere an answer can be poured. The order is open, head, write*, then end or fail; nothing follows.
 *
 * Calls are synchronous: a promise per chunk costs more than the chunk (docs/decisions/2026-11-21-sinks.md).
 */
export interface Sink {
  /** Comes first, once: hands over the means to hold or kill the source. */
  open(flow: Flow): void;
  head(status: number, headers: HeaderBag): void;
  /**
   * Takes ownership of a chunk that is never empty.
   *
   * @returns false when full: the source pauses until `flow.resume()` is called.
   */
  write(chunk: Uint8Array): boolean;
  end(): void;
  /**
   * Ends the answer so that nobody can take it for whole: after the head, the connection is destroyed.
   *
   * @param lastWords - bytes delivered before that, in a write of their own and never joined to a chunk before them; none
   *   of them means that only what was written before is still delivered, and without them not even that has to be
   */
  fail(error: Error, lastWords?: Uint8Array): void;
  /** Bytes that it was given and nobody has taken yet, in a sink that knows. */
  readonly waitingBytes?: number | undefined;
}

/** Whom a client driver asks while it reads a body. Both throw SluiceError `overloaded` when there is no room for more. */
export interface BodyRoom {
  /** The client says that so many bytes will come; none of them is read yet. */
  askFor(bytes: number): void;
  /** So many more bytes are here and will be kept. */
  keep(bytes: number): void;
}

/**
 * A request body that is passed on while it comes. One shot: what was taken cannot be taken again, and nothing is read
 * from the client before somebody asks for it, but for what is in its socket's own buffers.
 *
 * Reading ends with an error when the client is gone, and with SluiceError `invalid_request` when there are more or fewer
 * bytes than it has said.
 */
export interface BodyStream extends AsyncIterable<Uint8Array> {
  /** How many bytes the client has said; null when it has not. */
  readonly declaredBytes: number | null;
  /** How many have come from it so far. */
  readonly takenBytes: number;
  /** No more than so many bytes may come: with the one after them it breaks, and the piece that it came in is not handed on. */
  bound(mostBytes: number, tooMany: () => Error): void;
  /** Who is told what happens to it from now on; the one before is told nothing more. */
  watch(watcher: BodyWatcher | null): void;
  /** Whoever took it takes nothing more: a read that waits ends with the reason. What has not come yet can still be taken. */
  leave(reason: Error): void;
  /** The client is asked for nothing more. */
  close(): void;
}

/** Told of a body on its way; at once, and never in a later turn. */
export interface BodyWatcher {
  /** There is room for more, and the client has to send it. */
  wanted(): void;
  /** A piece has come, and whoever takes the body has to find room for it. */
  came(): void;
  /** All of it was taken. */
  sent(): void;
  /** It will never be whole. */
  broke(error: Error): void;
}

/** The source of an answer that we made ourselves: there is nothing to hold and nothing to kill. */
export const stillFlow: Flow = { pause() {}, resume() {}, abort() {} };

/** One client request as the core sees it; a client driver (`client/node.ts`, `client/web.ts`) makes it. */
export interface Exchange {
  /** Opaque and unique; goes out as `x-sluice-request-id` and into every event. */
  readonly id: string;
  /** Upper case. */
  readonly method: string;
  /** The request target without the mount path, as the client sent it: `/v1beta/models?pageSize=5`. */
  readonly target: string;
  readonly headers: HeaderBag;
  /** The address at the other end, for logs, as far as the driver can tell. */
  readonly remote: string | null;
  /** The request as the framework around sees it; for the host's own `callers`. @default undefined */
  readonly host?: unknown;
  /** Where the answer goes. */
  readonly client: Sink;
  /** Cancelled by the driver when the client hangs up, in whatever phase, and by the core when it wants the request to end. */
  readonly cancellation: Cancellation;
  /** The driver has asked the gateway before whether to turn it away (`Gateway.turnAway`). @default false */
  readonly wasLetIn?: boolean | undefined;
  /**
   * Reads the whole body. Nobody has asked the client for it before (`Expect: 100-continue` is answered here).
   *
   * @param room - is asked before anything is read, and told of each piece
   * @throws SluiceError `payload_too_large` past `maxBytes` (counted, not declared), `request_timeout` when it stops coming,
   *   `overloaded` as `room` says; the reason of `cancellation`
   */
  readBody(maxBytes: number, room?: BodyRoom): Promise<Uint8Array>;
  /**
   * The body, to be passed on while it comes, in the place of {@link readBody}; null when the request has none.
   *
   * @throws SluiceError `invalid_request` for a body that somebody else has read
   */
  openBody(): BodyStream | null;
  /** Where the client reaches this gateway, without a slash at its end: `https://host:port/gemini`. Looked for when asked. */
  publicBase(): string;
}

/** One call to a provider. */
export interface UpstreamRequest {
  readonly method: string;
  /** `https://host[:port]` */
  readonly origin: string;
  /** Path and query; starts with a slash. */
  readonly target: string;
  /** Name, value, name, value … in order. */
  readonly headers: string[];
  /** Null when the request has none. A {@link BodyStream} is taken from when the connection stands, and its length told. */
  readonly body: Uint8Array | BodyStream | null;
}

/** A way to reach a provider. Two exist: undici's dispatcher, and fetch. */
export interface Upstream {
  /**
   * Sends a request and pours the answer into `sink`. Never throws: every end is told to the sink, exactly once.
   * Failures before the answer come as `sink.fail` without `sink.head`. Redirects are not followed.
   */
  send(request: UpstreamRequest, sink: Sink): void;
  /** Lets go of idle connections and destroys the busy ones. */
  close(): Promise<void>;
}
