/** Tells the others that this process is there, and learns how many there are, and what the server's clock shows. */

import { randomUUID } from 'node:crypto';
import type { Keys } from './keys.ts';
import { beatLua } from './lua/things.ts';
import { Script, type Scripts } from './script.ts';

const everyMs = 5_000;
/** A process that was silent for three beats is gone. */
const countsForMs = 16_000;
const beat = new Script(beatLua);

export class Heartbeat {
  readonly #scripts: Scripts;
  readonly #keys: Keys;
  readonly #onBeat: (serverMs: number) => void;
  readonly #id: string = randomUUID();
  readonly #timer: NodeJS.Timeout;
  #isBeating = false;
  #count = 1;

  /** @param onBeat - hears what the server's clock shows, at each word that got through */
  constructor(scripts: Scripts, keys: Keys, onBeat: (serverMs: number) => void) {
    this.#scripts = scripts;
    this.#keys = keys;
    this.#onBeat = onBeat;
    this.#timer = setInterval(() => void this.beat(), everyMs).unref();
  }

  /** As many as were there when the server was last heard of. */
  get count(): number {
    return this.#count;
  }

  /** Never rejects: a beat that is missed is missed. */
  async beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    try {
      const reply = await this.#scripts.run(beat, [this.#keys.instances], [this.#id, countsForMs]);
      const [count, serverMs] = (reply as readonly unknown[]).map(Number) as [number, number];
      this.#count = Math.max(1, count);
      this.#onBeat(serverMs);
    } catch {
      // The verbs tell.
    } finally {
      this.#isBeating = false;
    }
  }

  /** Leaves, so that the others share what is left at once. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#scripts.client.zrem(this.#keys.instances, this.#id);
  }
}
