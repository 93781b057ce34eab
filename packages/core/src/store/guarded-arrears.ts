/** What could not be written while a store was away, and is to be written when it is back. */

import type { Within } from './guarded-line.ts';
import type { Owned, Reservation, Rest, Spent, Store } from './store.ts';

/** Of each kind; the oldest is let go first. */
const mostOfAKind = 10_000;
const atOnce = 100;
/** What a store refuses again and again is given up: it must not keep the rest from being written. */
const mostTries = 5;

interface Entry<Value> {
  readonly value: Value;
  tries: number;
}

/** What has happened to one subject: it was woken, or rests, or first one and then the other. */
interface Turn {
  readonly scope: string;
  readonly subject: string;
  readonly isWoken: boolean;
  readonly rest: Rest | null;
}

export class Arrears {
  readonly #turns = new Map<string, Entry<Turn>>();
  /** Null for what is gone. */
  readonly #things = new Map<string, Entry<Owned | null>>();
  readonly #settled = new Map<Reservation, Entry<Spent>>();

  get isEmpty(): boolean {
    return this.#turns.size === 0 && this.#things.size === 0 && this.#settled.size === 0;
  }

  cool(rest: Rest): void {
    const { scope, subject } = rest;
    const before = this.#turns.get(nameOf(scope, subject))?.value;
    const isLonger = before?.rest == null || endOf(before.rest) < endOf(rest);
    const isWoken = before?.isWoken ?? false;
    put(this.#turns, nameOf(scope, subject), { scope, subject, isWoken, rest: isLonger ? rest : before.rest });
  }

  wake(scope: string, subject: string): void {
    put(this.#turns, nameOf(scope, subject), { scope, subject, isWoken: true, rest: null });
  }

  /** What is owed of a subject has an order: what comes now stands behind it. */
  coolBehind(rest: Rest): void {
    if (this.#turns.has(nameOf(rest.scope, rest.subject))) this.cool(rest);
  }

  /** The store is told something newer: what is owed must not be written over it. */
  dropTurn(scope: string, subject: string): void {
    this.#turns.delete(nameOf(scope, subject));
  }

  dropThing(name: string): void {
    this.#things.delete(name);
  }

  own(things: readonly Owned[]): void {
    for (const thing of things) put(this.#things, thing.name, thing);
  }

  disown(name: string): void {
    put(this.#things, name, null);
  }

  settle(reservation: Reservation, spent: Spent): void {
    put(this.#settled, reservation, spent);
  }

  /** Rests first, and before anything is asked of the store: whoever asks has to find them there. */
  async writeRests(store: Store, within: Within): Promise<void> {
    await drain(this.#turns, async (_name, { scope, subject, isWoken, rest }) => {
      if (isWoken) await within(() => store.wake(scope, subject));
      if (rest !== null) await within(() => store.cool(rest));
    });
  }

  /** Rejects when the store is gone again; what was not written is kept. */
  async write(store: Store, within: Within): Promise<void> {
    await this.writeRests(store, within);
    await drain(this.#things, (name, thing) =>
      within(() => (thing === null ? store.disown(name) : store.own([thing]))),
    );
    await drain(this.#settled, (reservation, spent) => within(() => store.settle(reservation, spent)));
  }
}

/** A few at a time; what is written is taken out, unless it has changed meanwhile. */
async function drain<Key, Value>(
  entries: Map<Key, Entry<Value>>,
  write: (key: Key, value: Value) => Promise<void>,
): Promise<void> {
  while (entries.size > 0) {
    await Promise.all(
      first(entries, atOnce).map(async ([key, entry]) => {
        try {
          await write(key, entry.value);
        } catch (error) {
          if (++entry.tries >= mostTries) take(entries, key, entry);
          throw error;
        }
        take(entries, key, entry);
      }),
    );
  }
}

function first<Key, Value>(entries: ReadonlyMap<Key, Value>, most: number): (readonly [Key, Value])[] {
  const some: (readonly [Key, Value])[] = [];
  for (const entry of entries) {
    some.push(entry);
    if (some.length === most) break;
  }
  return some;
}

function put<Key, Value>(entries: Map<Key, Entry<Value>>, key: Key, value: Value): void {
  entries.delete(key);
  entries.set(key, { value, tries: 0 });
  if (entries.size <= mostOfAKind) return;
  const [oldest] = entries.keys();
  entries.delete(oldest as Key);
}

function take<Key, Value>(entries: Map<Key, Value>, key: Key, value: Value): void {
  if (entries.get(key) === value) entries.delete(key);
}

function nameOf(scope: string, subject: string): string {
  return `${scope}\n${subject}`;
}

function endOf({ untilMs }: Rest): number {
  return untilMs ?? Number.POSITIVE_INFINITY;
}
