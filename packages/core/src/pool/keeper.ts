/** What of a pool has to survive: it writes rests into the store, reads those of others, and keeps the operators' record. */

import { platform } from '#platform';
import { Cancellation } from '../cancellation.ts';
import { type Clock, sleep } from '../clock.ts';
import type { AuditEntry, Eventually, Rest, Store } from '../store/store.ts';
import { scopeOf, subjectOfModel } from './admissions.ts';
import type { KeyPool } from './pool.ts';
import { type Key, type Resting, stateOf } from './project.ts';
import type { RestKeeper, Subject } from './rests.ts';

/** What other processes have written is looked at this often, with the next request. */
const syncMs = 2_000;
/** What operators write when they end a rest, and how far back it is looked for. */
const endings = new Set(['enabled', 'reset', 'added']);
const mostEntries = 1_000;
/** A store that is busy gets this long before what is to last is given up; no request waits for it. */
const pausesMs = [100, 300, 900];

/** Ends rests that time alone does not end. */
export interface Probes {
  /** A rest is over that has to be looked into; what comes of it is told to the pool's rests. */
  look(subject: Subject, resting: Resting): void;
}

/** @see RestKeeper */
export class Keeper implements RestKeeper {
  readonly #pool: KeyPool;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #probes: Probes;
  /** Rests that the store is known to have, by scope and subject. */
  readonly #kept = new Map<string, Subject>();
  #isSyncing = false;
  #syncedAtMs = Number.NEGATIVE_INFINITY;

  constructor(pool: KeyPool, store: Store, clock: Clock, probes: Probes) {
    this.#pool = pool;
    this.#store = store;
    this.#clock = clock;
    this.#probes = probes;
    pool.rests.keptBy(this);
  }

  began(subject: Subject, resting: Resting, isNew: boolean): void {
    this.#quietly(this.write(subject, resting));
    if (!isNew || stateOf(resting) !== 'disabled') return;
    this.#quietly(this.record(subject, resting.reason === 'key_leaked' ? 'leaked' : 'disabled', resting.reason));
  }

  ended(subject: Subject): void {
    this.#quietly(this.erase(subject));
  }

  probe(subject: Subject, resting: Resting): void {
    this.#probes.look(subject, resting);
  }

  /** Resolves when the store has it. */
  async write(subject: Subject, { reason, sinceMs, untilMs }: Resting): Promise<void> {
    const offsetMs = this.#clock.wallNow() - this.#clock.now();
    const { scope, name } = await this.#nameOf(subject);
    await this.#store.cool({
      scope,
      subject: name,
      reason,
      sinceMs: Math.round(sinceMs + offsetMs),
      untilMs: untilMs === null ? null : Math.round(untilMs + offsetMs),
    });
    this.#kept.set(`${scope}\n${name}`, subject);
  }

  async erase(subject: Subject): Promise<void> {
    const { scope, name } = await this.#nameOf(subject);
    this.#kept.delete(`${scope}\n${name}`);
    await this.#store.wake(scope, name);
  }

  /** The same for what somebody has decided: a busy store is waited for. */
  decide(subject: Subject, resting: Resting): Promise<void> {
    return this.#patiently(() => this.write(subject, resting));
  }

  revoke(subject: Subject): Promise<void> {
    return this.#patiently(() => this.erase(subject));
  }

  /** What was refused must not be kept later either: whoever asked for it was told that nothing has changed. */
  takeBack(subject: Subject, before: Resting | null): void {
    const erased = this.erase(subject).catch(() => {});
    this.#quietly(erased.then(() => (before === null ? undefined : this.write(subject, before))));
  }

  async record({ project, key, model }: Subject, what: string, why: string): Promise<void> {
    const subject = key?.id ?? (model === undefined ? 'project' : subjectOfModel(model));
    const atMs = this.#clock.wallNow();
    const entry = { atMs, scope: scopeOf(this.#pool.name, project), subject, what, why };
    await this.#patiently(() => this.#store.append(entry));
  }

  async entries(most: number): Promise<readonly AuditEntry[]> {
    return this.#store.entries(most);
  }

  /** Looks at what others have written, where there are others and it is time. */
  sync(): void {
    if (!this.#store.isShared || this.#isSyncing || this.#clock.now() - this.#syncedAtMs < syncMs) return;
    this.#quietly(this.restore());
  }

  /** Takes over every rest of the store, and ends those that somebody has taken out of it. */
  async restore(): Promise<void> {
    this.#isSyncing = true;
    this.#syncedAtMs = this.#clock.now();
    try {
      const before = new Map(this.#kept);
      const subjects = await this.#subjects();
      const rests = await this.#store.rests();
      this.#pool.rests.forgetHearsay();
      for (const rest of rests) {
        const at = `${rest.scope}\n${rest.subject}`;
        before.delete(at);
        const subject = subjects.get(at) ?? this.#modelOf(rest);
        if (subject === null) continue;
        this.#kept.set(at, subject);
        this.#pool.rests.set(subject, this.#resting(rest));
      }
      for (const [at, subject] of before) {
        if (await this.#isLost(subject)) continue;
        this.#kept.delete(at);
        if (!this.#isForProbe(subject)) this.#pool.rests.end(subject, 'returned');
      }
    } finally {
      this.#isSyncing = false;
    }
  }

  /**
   * What a person or a leak has ended for good is not back because a store has lost its memory: unless somebody has said
   * so, it is written down again.
   */
  async #isLost(subject: Subject): Promise<boolean> {
    const { project, key, model } = subject;
    const resting = model === undefined ? (key ?? project).resting : null;
    if (resting?.endedBy !== 'operator') return false;
    const scope = scopeOf(this.#pool.name, project);
    const name = key?.id ?? 'project';
    const sinceMs = resting.sinceMs + this.#clock.wallNow() - this.#clock.now();
    const entries = await this.#store.entries(mostEntries);
    const isSaid = entries.some(
      (entry) => entry.scope === scope && entry.subject === name && endings.has(entry.what) && entry.atMs >= sinceMs,
    );
    if (!isSaid) await this.write(subject, resting);
    return !isSaid;
  }

  /** The store lets go of what is over. What a probe has to end is not over here before the probe. */
  #isForProbe({ project, key, model }: Subject): boolean {
    const resting = model === undefined ? (key ?? project).resting : null;
    if (resting?.untilMs == null || resting.endedBy !== 'probe') return false;
    return resting.untilMs <= this.#clock.now() + syncMs;
  }

  #resting({ reason, sinceMs, untilMs, subject }: Rest): Resting {
    const offsetMs = this.#clock.now() - this.#clock.wallNow();
    const isOfModel = subject.startsWith('model:');
    return {
      reason,
      sinceMs: sinceMs + offsetMs,
      untilMs: untilMs === null ? null : untilMs + offsetMs,
      endedBy: untilMs === null ? 'operator' : isOfModel ? 'time' : 'probe',
    };
  }

  #modelOf({ scope, subject }: Rest): Subject | null {
    const project = this.#pool.roll.projects.find((one) => scopeOf(this.#pool.name, one) === scope);
    if (project === undefined || !subject.startsWith('model:')) return null;
    const model = subject.slice('model:'.length);
    return { project, key: null, model: model === '' ? null : model };
  }

  async #subjects(): Promise<Map<string, Subject>> {
    const subjects = new Map<string, Subject>();
    for (const project of this.#pool.roll.projects) {
      subjects.set(`${scopeOf(this.#pool.name, project)}\nproject`, { project, key: null });
      for (const key of project.keys) {
        subjects.set(`${scopeOf(this.#pool.name, project)}\n${await subjectOfKey(key)}`, { project, key });
      }
    }
    return subjects;
  }

  async #nameOf({ project, key, model }: Subject): Promise<{ scope: string; name: string }> {
    const name = key !== null ? await subjectOfKey(key) : model === undefined ? 'project' : subjectOfModel(model);
    return { scope: scopeOf(this.#pool.name, project), name };
  }

  async #patiently(write: () => Eventually<void>): Promise<void> {
    for (const pauseMs of pausesMs) {
      try {
        return await write();
      } catch {
        await sleep(this.#clock, pauseMs, new Cancellation());
      }
    }
    await write();
  }

  /** A rest that is not written down is learnt again with the next refusal; a store that fails says so itself. */
  #quietly(written: Promise<void>): void {
    written.catch(() => {});
  }
}

/** A key by its digest: it stays the same when the options are written in another order, and tells nothing. */
async function subjectOfKey(key: Key): Promise<string> {
  const known = subjects.get(key);
  if (known !== undefined) return known;
  const subject = `key:${await platform.sha256(`sluice key ${key.secret}`)}`;
  subjects.set(key, subject);
  return subject;
}

/** Ten thousand keys are looked for every two seconds where a store is shared. */
const subjects = new WeakMap<Key, string>();
