/**
 * The nouns of two-way talk. Everything about live sessions is written in them.
 *
 * A client that wants to talk comes as an {@link Opening}; once it is let in there is a {@link Channel} to it, and by a
 * {@link Dial} another one to the provider. What goes over a channel are whole {@link Frame}s, each way held by whoever
 * is full.
 */

import type { Cancellation } from './cancellation.ts';
import type { Flow, HeaderBag, Sink } from './wire.ts';

/** One whole message. */
export interface Frame {
  readonly data: Uint8Array;
  /** It came as text and goes on as text. */
  readonly isText: boolean;
}

/** How a channel has ended. */
export interface Closing {
  /** RFC 6455 §7.4.1; 1005 when the other side gave none, 1006 when it went without a word. */
  readonly code: number;
  readonly reason: string;
  /** The other side has broken a rule (a frame too large, no UTF-8 …); the code says which, and the channel has told it. */
  readonly isBroken: boolean;
}

/** Who hears what a channel has to tell. Calls are synchronous, and nothing follows `closed`. */
export interface ChannelListener {
  frame(frame: Frame): void;
  /** What was sent has left: there is room again after `send` has said no. */
  room(): void;
  /** So many bytes more, or fewer, lie in the channel: halves of frames that come, and frames that have not left yet. */
  held(deltaBytes: number): void;
  /** Once, whoever has closed it. */
  closed(closing: Closing): void;
}

/**
 * One end of a connection that carries frames both ways. `pause` and `resume` hold what comes, as for any {@link Flow};
 * `abort` ends it without a word.
 */
export interface Channel extends Flow {
  /** The subprotocol that both sides have agreed on; an empty text for none. */
  readonly protocol: string;
  /** Everything that has come so far, pings and pongs included: a sign of life. */
  readonly bytesRead: number;
  /** Who hears of it from now on, instead of whoever did before. Until there is somebody, nothing is read. */
  listen(listener: ChannelListener): void;
  /** @returns false when full: the frame is taken all the same, and the source waits for `room` */
  send(frame: Frame): boolean;
  /** Asks the other side for a sign of life; harmless where the runtime has no way to. */
  ping(): void;
  /** What was sent goes out first. Later calls do nothing; `closed` comes when the connection is gone. */
  close(code: number, reason: string): void;
}

/** What both sides of a session have to keep to. */
export interface ChannelLimits {
  /** One message, however many pieces it comes in; 0 for no limit. */
  readonly maxFrameBytes: number;
}

/** A client that asks for a channel; a driver makes it. */
export interface Opening {
  /** Opaque and unique; goes out as `x-sluice-request-id` and into every event. */
  readonly id: string;
  /** Upper case. */
  readonly method: string;
  /** Path and query without the mount path, as the client sent them. */
  readonly target: string;
  readonly headers: HeaderBag;
  /** The address at the other end, for logs, as far as the driver can tell. */
  readonly remote: string | null;
  /** The upgrade request as the host sees it; for the host's own `callers`. @default undefined */
  readonly host?: unknown;
  /** Cancelled by the driver when the client hangs up before it was let in, and by the core when the session is to end. */
  readonly cancellation: Cancellation;
  /** Where a refusal goes: a plain HTTP answer, after which the connection ends. */
  readonly refusal: Sink;
  /** Lets the client in. @returns null when it has gone */
  accept(limits: ChannelLimits): Channel | null;
}

/** Where to, and with what. */
export interface DialRequest extends ChannelLimits {
  /** `wss://host/path?query`; without any credential of ours. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Subprotocols, the preferred one first. */
  readonly protocols: readonly string[];
  /** How much of a refusal is read. */
  readonly maxErrorBytes: number;
  /** Nobody waits for it any more. What was read of a refusal by then is told. */
  readonly gone: Cancellation;
}

/** What came of it. */
export type Dialed =
  | { readonly is: 'open'; readonly channel: Channel }
  /** An HTTP answer instead of a channel. */
  | { readonly is: 'refused'; readonly status: number; readonly headers: HeaderBag; readonly body: Uint8Array }
  | { readonly is: 'broken'; readonly error: Error };

/** A way to open channels to a provider. Never rejects; follows no redirect and asks for no compression. */
export type Dial = (request: DialRequest) => Promise<Dialed>;
