/**
 * Keeps silent streams alive: a comment now and then, so that nobody on the way takes a thinking model for a dead
 * connection. It stands between two events, and means nothing: no limit begins anew for it.
 */

import type { Clock } from '../clock.ts';
import type { Meter, Pulse } from '../stream/meter.ts';
import type { Alarms, Waiter } from './alarms.ts';
import type { Errand, Workshop } from './errand.ts';
import type { Intake } from './intake.ts';

const encoder = new TextEncoder();

/** What a heartbeat goes by. */
interface HeartbeatTools {
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly client: Pick<Meter, 'remark'>;
  /** A comment, with its blank line. */
  readonly words: Uint8Array;
  readonly everyMs: number;
}

/** One client's. It outlives the attempt that began it, where another one goes on. */
class Heartbeat implements Waiter, Pulse {
  place = -1;
  readonly #tools: HeartbeatTools;
  #stream: Pick<Intake, 'isQuiet'>;
  #sinceMs: number;

  constructor(tools: HeartbeatTools, stream: Pick<Intake, 'isQuiet'>) {
    this.#tools = tools;
    this.#stream = stream;
    this.#sinceMs = tools.clock.now();
    tools.alarms.set(this);
  }

  get dueAtMs(): number {
    return this.#sinceMs + this.#tools.everyMs;
  }

  /** Another attempt goes on. */
  follow(stream: Pick<Intake, 'isQuiet'>): void {
    this.#stream = stream;
  }

  wrote(): void {
    this.#sinceMs = this.#tools.clock.now();
  }

  due(nowMs: number): void {
    const { alarms, client, words } = this.#tools;
    this.#sinceMs = nowMs;
    alarms.set(this);
    if (this.#stream.isQuiet) client.remark(words);
  }

  stop(): void {
    this.#tools.alarms.clear(this);
  }
}

/** The client is about to see a stream: from now on it never hears nothing for long, where its dialect lets us speak. */
export function keepAlive({ call, client }: Errand, { clock, alarms, timeouts }: Workshop, intake: Intake): void {
  const { heartbeat } = call.dialect;
  const everyMs = timeouts.heartbeatMs;
  if (heartbeat === null || everyMs === 0 || !intake.isStream) return;
  if (client.pulse instanceof Heartbeat) client.pulse.follow(intake);
  else client.pulse = new Heartbeat({ clock, alarms, client, words: encoder.encode(heartbeat), everyMs }, intake);
}
