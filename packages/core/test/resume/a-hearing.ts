/** A provider that tells a stored interaction again from any of its events on, breaks where a test wants it, and a client of it. */

import { Cancellation } from '../../src/cancellation.ts';
import type { GatewayOptions } from '../../src/options.ts';
import type { HeaderBag } from '../../src/wire.ts';
import { type RecordingSink, recordingSink } from '../recording-sink.ts';
import { type Played, Stage } from '../resilience/in-memory.ts';

export const id = 'v1_abc';
const path = '/v1beta/interactions';

interface Told {
  readonly event_type: string;
  readonly [key: string]: unknown;
}

function event(data: Told): string {
  return `event: ${data.event_type}\ndata: ${JSON.stringify(data)}\n\n`;
}

const words = ['Once', ' upon', ' a', ' time', ' “there”', ' was'];
/** A whole answer, event by event; each says where it stands. */
export const events: readonly string[] = [
  { interaction: { id, status: 'in_progress' }, event_type: 'interaction.created' },
  { interaction_id: id, status: 'in_progress', event_type: 'interaction.status_update' },
  ...words.map((text) => ({ index: 1, delta: { text, type: 'text' }, event_type: 'step.delta' })),
  {
    interaction: { id, status: 'completed', usage: { total_input_tokens: 7, total_output_tokens: 26 } },
    event_type: 'interaction.completed',
  },
].map((data, at) => event({ ...data, event_id: placeOf(at) }));
export const done = 'data: [DONE]\n\n';
export const whole: string = events.join('') + done;

/** It has to be encoded where it goes into a query. */
export function placeOf(at: number): string {
  return `e/${at}+é=`;
}

/** What is behind the event that a call names; all of it when it names none. */
export function restFor({ request: { target } }: Played): string {
  const place = new URLSearchParams(target.split('?')[1]).get('last_event_id');
  const from = place === null ? 0 : events.findIndex((_, at) => placeOf(at) === place) + 1;
  return events.slice(from).join('') + done;
}

/** Tells the rest, to its end. */
export function tellOn(call: Played): void {
  call.begin();
  call.say(restFor(call));
  call.end();
}

/** What a client asks, and what it got. */
export interface Listener {
  readonly sink: RecordingSink;
  readonly cancellation: Cancellation;
  readonly over: Promise<void>;
  /** How it ended: `end`, or `fail` with the last words. */
  readonly ending: string;
  readonly text: string;
}

export interface Ask {
  readonly target?: string;
  readonly body?: object | null;
  readonly headers?: HeaderBag;
  readonly sink?: RecordingSink;
}

/** A gateway whose calls are answered by `plays` in turn, and by the last of them from then on. */
export function hearing(plays: readonly ((call: Played) => void)[], options: Partial<GatewayOptions> = {}): Stage {
  const stage: Stage = new Stage(options, (call) => plays[Math.min(stage.calls.length, plays.length) - 1]?.(call));
  return stage;
}

/** Begins an interaction whose stream is kept, unless another call is said. */
export function listen({ gateway }: Stage, ask: Ask = {}): Listener {
  const { target = path, body = { model: 'm', input: 'x', stream: true }, headers = {}, sink = recordingSink() } = ask;
  const cancellation = new Cancellation();
  const over = gateway.handle({
    id: 'x',
    method: body === null ? 'GET' : 'POST',
    target,
    headers: { 'content-type': 'application/json', 'accept-encoding': 'gzip', ...headers },
    remote: null,
    client: sink,
    cancellation,
    readBody: async () => (body === null ? new Uint8Array() : Buffer.from(JSON.stringify(body))),
    openBody: () => null,
    publicBase: () => 'http://gateway.test',
  });
  return {
    sink,
    cancellation,
    over,
    get ending() {
      return sink.told.at(-1) ?? '';
    },
    get text() {
      return sink.body.toString();
    },
  };
}
