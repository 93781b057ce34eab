/**
 * A refusal for a process that cannot keep up: what is the same for all is made once.
 *
 * It has to cost a fraction of what serving costs, or refusing is no help: so there is no exchange, no story and no error
 * of its own, only what goes out and the event that tells of it.
 */

import { refusalBody, refusalHead } from './dialect/refusal.ts';
import type { Holdable } from './door/held-back.ts';
import type { SluiceError } from './errors.ts';
import type { Emitter } from './events.ts';
import type { Knock, Surfaces } from './surface/surface.ts';
import type { HeaderBag } from './wire.ts';

/** Ready to go out. */
export interface TurnedAway {
  readonly status: number;
  /** Name, value, name, value … */
  readonly headers: string[];
  /** Text, because Node sends head and text in one piece. */
  readonly body: string;
  /** A driver calls it with the connection when the answer is out: that is not read for a while. Null where it may go on. */
  readonly holdBack: ((connection: Holdable) => void) | null;
}

/** Who was turned away. */
export interface TurnAwayOptions extends Knock {
  readonly requestId: string;
  readonly remote: string | null;
}

interface Ready {
  readonly headers: readonly string[];
  readonly body: string;
  readonly bytes: number;
}

/** The refusals of one gateway; one text per dialect. */
export class TurnAways {
  readonly #error: SluiceError;
  readonly #emitter: Emitter;
  readonly #ready = new Map<string, Ready>();

  constructor(error: SluiceError, emitter: Emitter) {
    this.#error = error;
    this.#emitter = emitter;
  }

  /** @param cors - header fields that let a web page read the answer */
  turnAway(caller: TurnAwayOptions, surfaces: Surfaces, cors: HeaderBag, holdBack: TurnedAway['holdBack']): TurnedAway {
    const { headers, body, bytes } = this.#readyFor(surfaces, caller.target);
    this.#tell(caller, bytes);
    const own = ['x-sluice-request-id', caller.requestId];
    for (const name in cors) own.push(name, String(cors[name]));
    return { status: this.#error.status, headers: [...headers, ...own], body, holdBack };
  }

  #readyFor(surfaces: Surfaces, target: string): Ready {
    const dialect = surfaces.dialectOf(target);
    const known = this.#ready.get(dialect.name);
    if (known !== undefined) return known;
    const body = refusalBody(this.#error, dialect);
    const fields = { ...refusalHead(this.#error, body), 'x-sluice-attempts': '0' };
    const text = dialect.errorBody(this.#error);
    const ready = { body: text, bytes: body.length, headers: Object.entries(fields).flat() as string[] };
    this.#ready.set(dialect.name, ready);
    return ready;
  }

  #tell({ requestId, method, target, remote }: TurnAwayOptions, bytes: number): void {
    if (!this.#emitter.has('request')) return;
    this.#emitter.emit('request', {
      requestId,
      surface: 'none',
      call: null,
      method,
      path: (target.split('?', 1)[0] as string).slice(0, 256),
      model: null,
      caller: null,
      remote,
      status: this.#error.status,
      outcome: 'failed',
      error: this.#error.code,
      message: this.#error.message,
      attempts: 0,
      requestBytes: 0,
      responseBytes: bytes,
      isStream: false,
      durationMs: 0,
      firstByteMs: 0,
      usage: null,
      cache: null,
    });
  }
}
