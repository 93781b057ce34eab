import type { RecordedRequest } from '../contract.ts';
import type { ErrorName } from '../errors.ts';
import type { Reply } from '../gemini/reply.ts';
import type { Ending } from '../wire/connection.ts';
import type { Stage } from '../wire/stage.ts';

/** What a play may know about the request it answers. */
export interface Scene {
  readonly request: RecordedRequest;
  /** Whether its connection has carried an answer before. */
  readonly isReused: boolean;
  /** Whether it is the handshake of a Live session. */
  readonly isLive: boolean;
  /** The right answer; made on the first call, and uses up quota then. */
  reply(): Reply;
  /** An error in the shape that this call would get it in. */
  refusal(name: ErrorName): Reply;
  /** The body of it alone. */
  errorBody(name: ErrorName): string;
  /** Silence between two events, in ms. */
  readonly chunkMs: number;
  /** Wall clock, for the Date header. */
  readonly nowMs: number;
}

/** Puts one answer on the wire, or the fault that takes its place. */
export type Play = (stage: Stage, scene: Scene) => Promise<Ending>;

/** Silence between the bytes, lines and words of the slow steps, in ms. */
export const slowMs = 50;

type HeaderLines = readonly (readonly [string, string])[];

/** The headers of a reply with chunked framing. */
export function chunkedHeaders(reply: Reply, ...more: HeaderLines): HeaderLines {
  return [...reply.headers, ...more, ['Transfer-Encoding', 'chunked']];
}

/** Where half of a reply is: some whole events, and the beginning of the one behind them. */
export interface Half {
  readonly events: readonly Uint8Array[];
  readonly brokenEvent: Uint8Array;
}

/** Cuts a reply so that its terminal marker is in neither part: not in a whole event, and not in the broken one. */
export function halfOf(reply: Reply): Half {
  const count = Math.floor(reply.events.length / 2);
  const next = Buffer.from(reply.events[count] ?? []);
  const marker = next.indexOf('"finish');
  const cut = Math.ceil(next.length / 2);
  const brokenEvent = next.subarray(0, marker < 0 ? cut : Math.min(cut, marker));
  return { events: reply.events.slice(0, count), brokenEvent };
}

/** What goes out first in an answer that breaks in the middle; never nothing at all, although half of one event is none. */
export function firstHalf(reply: Reply): readonly Uint8Array[] {
  const { events, brokenEvent } = halfOf(reply);
  return events.length > 0 ? events : [brokenEvent];
}

/** Whether a reply is a stream of server-sent events. */
export function isSse(reply: Reply): boolean {
  return reply.isStream && reply.headers.some(([, value]) => value === 'text/event-stream');
}

/** The whole body, in the portions in which it goes out. */
export function portionsOf({ events, closing }: Reply): readonly Uint8Array[] {
  return closing.length === 0 ? events : [...events, closing];
}

/** How often a gate is looked at, in ms. */
const gateMs = 10;

/** Waits in front of what cannot be told yet. */
export async function passGate(stage: Stage, { gate }: Reply): Promise<void> {
  while (gate !== undefined && !gate.isOpen()) await stage.silence(gateMs);
}

/** Sends events as chunks, with silence between them. */
export async function sendChunks(stage: Stage, events: readonly Uint8Array[], chunkMs: number): Promise<void> {
  for (const [at, event] of events.entries()) {
    await stage.silence(at === 0 ? 0 : chunkMs);
    await stage.chunk(event);
  }
}
