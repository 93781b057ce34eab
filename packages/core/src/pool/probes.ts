/** Looks whether what was refused is well again, by calls of the gateway's own: one at a time, and never with a caller's. */

import PQueue from 'p-queue';
import type { Clock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import type { Probes } from './keeper.ts';
import type { KeyPool } from './pool.ts';
import type { Key, Project, Resting } from './project.ts';
import type { Subject } from './rests.ts';

/** Asks the provider with one key. @returns null when it answers as it should */
export type AskProvider = (key: Key, reason: string) => Promise<Failure | null>;

/** When nothing could be found out, it is tried again after this long. */
const againMs = 300_000;

/** @see Probes */
export class ProbeRound implements Probes {
  readonly #pool: KeyPool;
  readonly #ask: AskProvider;
  readonly #clock: Clock;
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #under = new Set<Key | Project>();

  constructor(pool: KeyPool, ask: AskProvider, clock: Clock) {
    this.#pool = pool;
    this.#ask = ask;
    this.#clock = clock;
  }

  look(subject: Subject, resting: Resting): void {
    const at = subject.key ?? subject.project;
    if (this.#under.has(at)) return;
    this.#under.add(at);
    void this.#queue.add(() => this.#look(subject, resting)).finally(() => this.#under.delete(at));
  }

  async #look(subject: Subject, { reason }: Resting): Promise<void> {
    const { project, key } = subject;
    // A key that rests itself says nothing of its project.
    const asked = key ?? project.keys.find(({ resting }) => resting === null) ?? project.keys[0];
    if (asked === undefined) return;
    const failure = await this.#ask(asked, reason).catch(() => undefined);
    // Somebody may have ended the rest meanwhile, or made it longer.
    if ((key ?? project).resting?.reason !== reason) return;
    const scope = failure?.scope;
    const isOther = scope === (key === null ? 'key' : 'project');
    if (failure != null && isOther) this.#pool.rests.charge(failure, project, asked, null);
    // A provider that speaks of the project has known the key.
    if (failure === null || (isOther && key !== null)) {
      this.#pool.rests.end(subject, 'probed');
      this.#pool.poke();
      return;
    }
    const isAnswer = failure !== undefined && scope === (key === null ? 'project' : 'key');
    const sinceMs = this.#clock.now();
    const restMs = isAnswer ? failure.restMs : againMs;
    this.#pool.rests.begin(subject, {
      reason: isAnswer ? failure.kind : reason,
      sinceMs,
      untilMs: restMs === null ? null : sinceMs + restMs,
      endedBy: restMs === null ? 'operator' : 'probe',
    });
  }
}
