/**
 * Who made what, and in which project it lives.
 *
 * Clients may choose the ids of files and such, so two callers can hold the same id in two projects. Three rows are kept
 * of such a thing: by its name (the first maker keeps it), by its maker, who finds it there whoever else has the id, and
 * by its project, where whoever comes upon it in a list or a search sees that it has a maker. An id that the provider
 * made up is one of a kind and needs the first only.
 */

import type { Clock } from '../clock.ts';
import type { Eventually, Owned, Store } from '../store/store.ts';
import type { Made, Placement, Reference } from './affinity.ts';
import { tornResources, unknownResource } from './refusals.ts';
import { hasChosenId } from './resource-name.ts';

const hourMs = 3_600_000;
/** What was found is looked for again after this long: nobody says when it is gone. */
const foundForMs = hourMs;
/** From a caller's last creation on. */
const homeForMs = 30 * 24 * hourMs;
/** Rounds against others who claim at the same moment. */
const mostClaims = 3;

/** Whose a thing is. */
export interface Owner {
  readonly project: string;
  readonly caller: string;
}

/** A ledger of one pool. */
export class Ledger {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #pool: string;

  constructor(store: Store, pool: string, clock: Clock) {
    this.#store = store;
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Where a request with these references has to go. At once when there are none, or when the store answers at once. */
  placeOf(references: readonly Reference[], callerId: string): Eventually<Placement> {
    if (references.length === 0) return free;
    const rows = references.flatMap(({ name }) =>
      hasChosenId(name) ? [this.#row(name), this.#callerRow(callerId, name)] : [this.#row(name)],
    );
    return then(this.#store.find(rows), (found) => placed(references, found, callerId));
  }

  /** Who has made a thing, and where it lives; null for what nobody has made through here. */
  ownerOf(name: string): Eventually<Owner | null> {
    return then(this.#store.find([this.#row(name)]), ([row]) =>
      row == null || row.caller === null ? null : { project: row.project, caller: row.caller },
    );
  }

  /** Writes down what an answer says was made. What came of something that is nobody's, is nobody's too. */
  learn(made: readonly Made[], project: string, callerId: string): Eventually<void> {
    if (made.length === 0) return;
    const sources = [
      ...new Set(
        made.flatMap(({ name, of, isMentioned }) => [
          ...(isMentioned === true ? [name] : []),
          ...(of === null ? [] : [of]),
        ]),
      ),
    ];
    if (sources.length === 0) return this.#store.own(made.flatMap((one) => this.#rowsOf(one, project, callerId)));
    const rows = sources.flatMap((name) => [this.#row(name), this.#callerRow(callerId, name)]);
    return then(this.#store.find(rows), (found) => {
      const known = new Map(sources.map((name, at) => [name, [found[2 * at], found[2 * at + 1]]]));
      const isOwn = (name: string): boolean => known.get(name)?.some((row) => row?.caller === callerId) === true;
      const isKnown = (name: string): boolean => known.get(name)?.some((row) => row != null) === true;
      const makerOf = (of: string | null): string | null => (of === null || isOwn(of) ? callerId : null);
      const news = made.filter(({ name, isMentioned }) => isMentioned !== true || !isKnown(name));
      return this.#store.own(news.flatMap((one) => this.#rowsOf(one, project, makerOf(one.of))));
    });
  }

  /**
   * Writes down that a project holds something which the ledger did not know. It is nobody's then.
   *
   * @returns false when it has a maker there after all; then nothing is written
   */
  async found(name: string, project: string): Promise<boolean> {
    if (hasChosenId(name)) {
      const [maker] = await this.#store.find([this.#projectRow(project, name)]);
      if (maker != null && maker.caller !== null) return false;
    }
    const untilMs = this.#clock.wallNow() + foundForMs;
    await this.#store.own([{ name: this.#row(name), project, caller: null, untilMs }]);
    return true;
  }

  /** It was deleted, or is not where it was said to be. What another caller holds under the same id stays. */
  async forget(name: string, project: string, callerId: string): Promise<void> {
    const row = this.#row(name);
    const [byName] = await this.#store.find([row]);
    if (byName?.project === project) await this.#store.disown(row);
    if (!hasChosenId(name)) return;
    await this.#store.disown(this.#callerRow(callerId, name));
    await this.#store.disown(this.#projectRow(project, name));
  }

  /**
   * Which of these, as one project lists them, a caller may see: what it made itself there, and what nobody did. What is
   * known of another project only is not shown here: where two projects are one at the provider and nobody has found
   * out, it would be shown twice, and to others.
   *
   * @param products - names of things that came of some call: nobody's only where that is known
   */
  shownTo(
    callerId: string,
    project: string,
    names: readonly string[],
    products: ReadonlySet<string> = none,
  ): Eventually<ReadonlySet<string>> {
    const rows = names.flatMap((name) =>
      hasChosenId(name) ? [this.#projectRow(project, name), this.#row(name)] : [this.#row(name)],
    );
    return then(this.#store.find(rows), (found) => {
      let at = 0;
      const shown = names.filter((name) => {
        const here = hasChosenId(name) ? found[at++] : null;
        const byName = found[at++];
        const owner = here ?? byName ?? null;
        if (owner === null) return !products.has(name);
        return owner.caller === null || (owner.caller === callerId && owner.project === project);
      });
      return new Set(shown);
    });
  }

  /**
   * Where a caller's creations go: one project, for all processes, chosen once. Another takes its place only when it is
   * not among the usable ones.
   *
   * @param usable - the projects that can serve now, the one that would be chosen first
   * @returns null when none can
   */
  async homeOf(callerId: string, usable: readonly string[]): Promise<string | null> {
    const [first] = usable;
    if (first === undefined) return null;
    const name = `home/${this.#pool}/${encodeURIComponent(callerId)}`;
    let home = await this.#store.claim(name, first, homeForMs);
    for (let round = 1; round < mostClaims && !usable.includes(home); round++) {
      home = await this.#store.claim(name, first, homeForMs, home);
    }
    return usable.includes(home) ? home : first;
  }

  #rowsOf({ name, untilMs }: Made, project: string, caller: string | null): Owned[] {
    const rows = [this.#row(name)];
    if (caller !== null && hasChosenId(name)) {
      rows.push(this.#callerRow(caller, name), this.#projectRow(project, name));
    }
    return rows.map((row) => ({ name: row, project, caller, untilMs }));
  }

  #row(name: string): string {
    return `pool/${this.#pool}/${name}`;
  }

  /** No collection is called `caller` or `project`, and an encoded id has no slash: rows never meet. */
  #callerRow(callerId: string, name: string): string {
    return `pool/${this.#pool}/caller/${encodeURIComponent(callerId)}/${name}`;
  }

  #projectRow(project: string, name: string): string {
    return `pool/${this.#pool}/project/${encodeURIComponent(project)}/${name}`;
  }
}

const none: ReadonlySet<string> = new Set();
const free: Placement = { is: 'free' };

/** @param found - for each reference its row by name, and the one by caller behind it where there may be one */
function placed(references: readonly Reference[], found: readonly (Owned | null)[], callerId: string): Placement {
  const byProject = new Map<string, string[]>();
  const foreign: string[] = [];
  const unknown: Reference[] = [];
  let isOwn = true;
  let at = 0;
  for (const reference of references) {
    const { name } = reference;
    const byName = found[at++] ?? null;
    const owned = (hasChosenId(name) ? found[at++] : null) ?? byName;
    if (owned === null) {
      if (reference.whenUnknown === 'search') unknown.push(reference);
      continue;
    }
    if (owned.caller !== null && owned.caller !== callerId) {
      foreign.push(name);
      continue;
    }
    if (owned.caller === null) isOwn = false;
    byProject.set(owned.project, [...(byProject.get(owned.project) ?? []), name]);
  }
  if (foreign.length > 0) return { is: 'foreign', error: unknownResource(foreign) };
  if (byProject.size > 1) return { is: 'torn', error: tornResources([...byProject.values()]) };
  const [project = null] = byProject.keys();
  if (unknown.length > 0) return { is: 'unknown', references: unknown, project };
  return project === null ? free : { is: 'pinned', project, isOwn };
}

/** A store in memory answers now, and then nobody waits for a turn of the loop. */
function then<From, To>(value: Eventually<From>, map: (value: From) => Eventually<To>): Eventually<To> {
  return value instanceof Promise ? value.then(map) : map(value);
}
