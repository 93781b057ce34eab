/** Finds out which keys are of one Google project where nobody has said so: an error of the provider names its consumer. */

import type { Emitter } from '../events.ts';
import type { Project } from './project.ts';

/** Puts projects together that are one; their keys would be counted twice otherwise. */
export class Grouping {
  readonly #pool: string;
  readonly #emitter: Emitter;
  readonly #byConsumer = new Map<string, Project>();
  readonly #into = new Map<Project, Project>();

  constructor(pool: string, emitter: Emitter) {
    this.#pool = pool;
    this.#emitter = emitter;
  }

  /** The project that has a project's keys now: mostly itself. */
  now(project: Project): Project {
    return this.#into.get(project) ?? project;
  }

  /** Only guesses are corrected: what the options say is taken for true. */
  learn(named: Project, consumer: string): void {
    const project = this.now(named);
    const known = this.#byConsumer.get(consumer);
    if (known === undefined) {
      this.#byConsumer.set(consumer, project);
      return;
    }
    if (known === project || !project.isGuessed) return;
    for (const key of [...project.keys]) {
      project.remove(key);
      known.adopt(key);
    }
    for (const [from, into] of this.#into) if (into === project) this.#into.set(from, known);
    this.#into.set(project, known);
    this.#emitter.emit('project', { pool: this.#pool, project: project.id, into: known.id, consumer });
  }
}
