/** Whose keys there are: the projects of a pool by name, and how keys come and go while it runs. */

import type { Emitter } from '../events.ts';
import { Grouping } from './grouping.ts';
import { type Key, Project, type ProjectSettings } from './project.ts';

/** A key and the project that has it now. */
export interface Enrolled {
  readonly project: Project;
  readonly key: Key;
}

/** The projects of one pool. */
export class Roll {
  readonly #projects: Project[];
  readonly #byId: Map<string, Project>;
  readonly #grouping: Grouping;
  /** Keys that an operator has taken out for good: they do not come back with other options. */
  readonly #removed = new Set<string>();
  /** Keys that an operator has added, and to which project: other options need not name them. */
  readonly #added = new Map<string, string>();

  constructor(pool: string, projects: readonly ProjectSettings[], emitter: Emitter) {
    this.#projects = projects.map((project) => new Project(project));
    this.#byId = new Map(this.#projects.map((project) => [project.id, project]));
    this.#grouping = new Grouping(pool, emitter);
  }

  /** Every project, in the order of the options; those that turned out to be a part of another have no keys. */
  get projects(): readonly Project[] {
    return this.#projects;
  }

  /** The projects that stand for themselves. */
  get distinct(): readonly Project[] {
    return this.#projects.filter((project) => this.now(project) === project);
  }

  /** The project that has a project's keys now: mostly itself. */
  now(project: Project): Project {
    return this.#grouping.now(project);
  }

  learn(project: Project, consumer: string): void {
    this.#grouping.learn(project, consumer);
  }

  byId(projectId: string): Project | null {
    const project = this.#byId.get(projectId);
    return project === undefined ? null : this.now(project);
  }

  find(keyId: string): Enrolled | null {
    const project = this.byId(keyId.slice(0, keyId.lastIndexOf('#')));
    const key = project?.keys.find(({ id }) => id === keyId);
    return project === null || key === undefined ? null : { project, key };
  }

  findSecret(secret: string): Enrolled | null {
    for (const project of this.#projects) {
      const key = project.keys.find((one) => one.secret === secret);
      if (key !== undefined) return { project, key };
    }
    return null;
  }

  /** A project that was not there before begins with nothing but the key. */
  add(projectId: string, secret: string): Enrolled {
    this.#removed.delete(secret);
    this.#added.set(secret, projectId);
    const known = this.byId(projectId);
    if (known !== null) return { project: known, key: known.add(secret) };
    const project = new Project({ id: projectId, weight: 1, keys: [secret] });
    this.#projects.push(project);
    this.#byId.set(projectId, project);
    return { project, key: project.keys[0] as Key };
  }

  /** For good. */
  remove(one: Enrolled): void {
    this.takeBack(one);
    this.#removed.add(one.key.secret);
  }

  /** As if it had never been added. */
  takeBack({ project, key }: Enrolled): void {
    project.remove(key);
    this.#added.delete(key.secret);
  }

  /** Keys that were added and that these options do not name, each with its project. */
  missingOf(before: Roll): [secret: string, projectId: string][] {
    return [...before.#added].filter(([secret]) => this.findSecret(secret) === null);
  }

  /** What another roll has let go stays away. */
  leaveOut(before: Roll): void {
    for (const secret of before.#removed) {
      this.#removed.add(secret);
      const found = this.findSecret(secret);
      if (found !== null) this.remove(found);
    }
  }
}
