/** What an operator can do with a pool while it runs. */

import { SluiceError } from '../errors.ts';
import type { PoolSnapshot } from '../snapshot.ts';
import type { AuditEntry } from '../store/store.ts';
import type { Keeper } from './keeper.ts';
import type { KeyPool } from './pool.ts';
import type { Enrolled } from './roll.ts';

/** Reasons of rests that a person began. */
const disabledBy = 'operator';
const removedBy = 'removed';

/**
 * The operator's side of a pool. What it has answered is durable where the store is: it stays so after a restart and
 * holds for every process that shares the store, within two seconds.
 *
 * @example
 * const gateway = createGateway({ keys: 'main=AIza…', callers: 'anyone' });
 * await gateway.pools.gemini?.disable('main#1', 'leaked in a screenshot');
 */
export class PoolControl {
  readonly #pool: () => KeyPool;
  readonly #keeper: () => Keeper;

  /** @internal */
  constructor(pool: () => KeyPool, keeper: () => Keeper) {
    this.#pool = pool;
    this.#keeper = keeper;
  }

  snapshot(): PoolSnapshot {
    return this.#pool().snapshot();
  }

  /** Who or what changed the state of keys, and why, as the store remembers it; newest first. */
  async record(most = 100): Promise<readonly AuditEntry[]> {
    const { name } = this.#pool();
    const entries = await this.#keeper().entries(most);
    return entries.filter(({ scope }) => scope.startsWith(`pool/${name}/`));
  }

  /**
   * Forgets whatever keeps a key from being used: its own rest, its project's, and those of the project's models.
   *
   * @throws SluiceError `not_found` for a key id that the pool does not have
   */
  async reset(keyId: string): Promise<void> {
    const { project, key } = this.#find(keyId);
    const pool = this.#pool();
    // Said before it is done: where a rest is gone and nobody has said so, it is written down again.
    await this.#keeper().record({ project, key }, 'reset', '');
    if (project.resting !== null) await this.#keeper().record({ project, key: null }, 'reset', '');
    await this.#keeper().revoke({ project, key });
    await this.#keeper().revoke({ project, key: null });
    pool.rests.end({ project, key }, 'reset');
    pool.rests.end({ project, key: null }, 'reset');
    for (const { model } of pool.lanes.coolingOf(project, Number.NEGATIVE_INFINITY)) {
      await this.#keeper().revoke({ project, key: null, model });
      pool.rests.end({ project, key: null, model }, 'reset');
    }
    pool.poke();
  }

  /**
   * Takes a key out of use until {@link PoolControl.enable}. What is under way with it ends as it would have.
   *
   * @param why - for the record
   * @throws SluiceError `not_found`, `storage_unavailable` when it cannot be made to last; then nothing has changed
   */
  async disable(keyId: string, why = ''): Promise<void> {
    await this.#putAway(keyId, disabledBy, 'disabled', why);
  }

  /** @throws SluiceError `not_found`, `storage_unavailable` */
  async enable(keyId: string): Promise<void> {
    const { project, key } = this.#find(keyId);
    await this.#keeper().record({ project, key }, 'enabled', '');
    await this.#keeper().revoke({ project, key });
    this.#pool().rests.end({ project, key }, 'enabled');
    this.#pool().poke();
  }

  /**
   * Adds a key to a project, which need not have been there before. It lasts as long as the process: what should stay
   * belongs into the options.
   *
   * @returns the key's id
   * @throws SluiceError `invalid_options` for a key that is blank or there already, `storage_unavailable`
   */
  async add({ project, key: secret }: { project: string; key: string }): Promise<string> {
    const pool = this.#pool();
    const isKnown = pool.roll.findSecret(secret) !== null;
    if (isKnown || !/^[\x21-\x7e]+$/.test(secret) || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(project)) {
      const fault = isKnown ? 'the key is in the pool already' : 'project must be a name and key a text without blanks';
      throw new SluiceError('invalid_options', `The key was not added: ${fault}.`, { faults: [fault] });
    }
    const added = pool.add(project, secret);
    try {
      // Who was taken out for good before is wanted again.
      await this.#keeper().revoke(added);
      await this.#keeper().record(added, 'added', '');
    } catch (error) {
      pool.roll.takeBack(added);
      throw error;
    }
    pool.poke();
    return added.key.id;
  }

  /**
   * Takes a key out: it does not come back with options that still hold it, but shows as `removed` there until they do
   * not, and only `enable` or `add` brings it back.
   *
   * @throws SluiceError `not_found`, `storage_unavailable`
   */
  async remove(keyId: string): Promise<void> {
    this.#pool().roll.remove(await this.#putAway(keyId, removedBy, 'removed', ''));
  }

  async #putAway(keyId: string, reason: string, what: string, why: string): Promise<Enrolled> {
    const found = this.#find(keyId);
    const pool = this.#pool();
    const resting = { reason, sinceMs: pool.nowMs, untilMs: null, endedBy: 'operator' } as const;
    await this.#keeper().record(found, what, why);
    try {
      await this.#keeper().decide(found, resting);
    } catch (error) {
      this.#keeper().takeBack(found, found.key.resting);
      throw error;
    }
    pool.rests.replace(found.project, found.key, resting);
    return found;
  }

  #find(keyId: string): Enrolled {
    const found = this.#pool().roll.find(keyId);
    if (found !== null) return found;
    const pool = this.#pool();
    const ids = pool.roll.projects.flatMap(({ keys }) => keys.map(({ id }) => id));
    const some = ids.slice(0, 5).join(', ');
    // Who pastes the key itself in the place of its id does not want to see it repeated.
    const asked = /^[^#]{1,32}#\d{1,6}$/.test(keyId) ? JSON.stringify(keyId) : 'of that id';
    throw new SluiceError(
      'not_found',
      `The pool "${pool.name}" has no key ${asked}; it has ${some}${ids.length > 5 ? ', …' : ''}.`,
    );
  }
}
