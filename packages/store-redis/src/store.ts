/** State that all processes share by one Redis, Valkey or cluster of them. Limits hold across them, to the request. */

import { randomUUID } from 'node:crypto';
import {
  type Admission,
  type AuditEntry,
  type Eventually,
  type Meter,
  type Need,
  type Owned,
  pacificDays,
  type Reservation,
  type Rest,
  SluiceError,
  type Spent,
  type Store,
} from '@sluice/core';
import { connect, placeOf } from './connection.ts';
import { Heartbeat } from './heartbeat.ts';
import { Keys, meterKeys, openOf, restsOf } from './keys.ts';
import { renewLua, reserveLua, settleLua } from './lua/reserve.ts';
import { coolLua, indexLua, restsLua, wakeLua } from './lua/rests.ts';
import { appendLua, claimLua, ownLua } from './lua/things.ts';
import { Opening } from './opening.ts';
import { type RedisClient, Script, Scripts } from './script.ts';

/** Which Redis: a client of yours, or an address. */
export type RedisStoreOptions = {
  /** What all keys begin with; gateways that share limits share it. `sluice` unless told otherwise. */
  readonly prefix?: string;
} & (
  | {
      /** A client of ioredis. It stays yours: `close` leaves it open. */
      readonly client: RedisClient;
    }
  | {
      /** `redis://host:port/db`, `rediss://…`, `redis+cluster://host:port,host:port`; a user and a password may stand before the host. */
      readonly url: string;
    }
);

/**
 * Shares limits, rests and owners by Redis (6 or later), Valkey, or a cluster of either.
 *
 * @example
 * const store = redisStore({ url: 'redis://127.0.0.1:6379' });
 */
export function redisStore(options: RedisStoreOptions): Store {
  const keys = new Keys(options.prefix ?? 'sluice');
  return 'client' in options
    ? new RedisStore(options.client, keys, false)
    : new RedisStore(connect(options.url), keys, true);
}

const scripts = {
  reserve: new Script(reserveLua),
  settle: new Script(settleLua),
  renew: new Script(renewLua),
  cool: new Script(coolLua),
  wake: new Script(wakeLua),
  rests: new Script(restsLua),
  index: new Script(indexLua),
  own: new Script(ownLua),
  claim: new Script(claimLua),
  append: new Script(appendLua),
};

const mostEntries = 1_000;
const mostLost = 1_000;
/** How long `close` waits for the server to hear of it. */
const farewellMs = 250;

interface Held extends Reservation {
  readonly second: number;
  readonly dayEndsAtMs: number;
  /** The meters that count something, and as what the tokens were counted on each; -1 where they were not. */
  readonly meters: readonly Meter[];
  readonly tokens: number;
  /** The server forgets what is settled, so only here it is known that nothing is to be renewed. */
  isSettled: boolean;
}

class RedisStore implements Store {
  readonly isShared = true;
  readonly #scripts: Scripts;
  readonly #keys: Keys;
  readonly #heartbeat: Heartbeat;
  readonly #opening: Opening;
  readonly #isOwnClient: boolean;
  readonly #dayOf = pacificDays();
  readonly #instance: string = randomUUID().slice(0, 13);
  /** Reservations whose answer got lost: perhaps made, and then nobody else would ever give them back. */
  readonly #lost: Held[] = [];
  readonly #beat = (): void => void this.#heartbeat.beat();
  #count = 0;
  /** How far the server's clock is ahead of this machine's. */
  #aheadMs = 0;

  constructor(client: RedisClient, keys: Keys, isOwnClient: boolean) {
    this.#scripts = new Scripts(client);
    this.#keys = keys;
    this.#isOwnClient = isOwnClient;
    this.#opening = new Opening(client, isOwnClient);
    this.#heartbeat = new Heartbeat(this.#scripts, keys, (serverMs) => this.#heard(serverMs));
    // Also after every break: reservations may have got lost in it.
    client.on('ready', this.#beat);
    if (client.status === 'ready') this.#beat();
  }

  get name(): string {
    return placeOf(this.#scripts.client);
  }

  reserve(need: Need): Eventually<Admission> {
    const { scope, subjects } = need;
    const meters = need.meters.filter(({ limits }) => isLimited(limits));
    const id = `${this.#instance}-${++this.#count}`;
    const dayEndsAtMs = this.#dayOf(Date.now() + this.#aheadMs);
    const held: Held = { id, scope, meters, dayEndsAtMs, tokens: whole(need.tokens), second: -1, isSettled: false };
    if (meters.length === 0 && subjects.length === 0) return { reservation: held, shortage: null };
    return this.#reserve(held, need);
  }

  async #reserve(held: Held, { subjects, leaseMs }: Need): Promise<Admission> {
    const { id, meters, dayEndsAtMs, tokens } = held;
    const scope = this.#keys.scope(held.scope);
    const keys = [restsOf(scope), openOf(scope)];
    const values: (string | number)[] = [id, Math.ceil(leaseMs), tokens, subjects.length, dayEndsAtMs, ...subjects];
    for (const { name, limits } of meters) {
      keys.push(...meterKeys(scope, name, dayEndsAtMs));
      values.push(limits.requestsPerMinute, limits.tokensPerMinute, limits.requestsPerDay, limits.maxInFlight);
    }
    const reply = await this.#run(scripts.reserve, keys, values).catch((error: unknown) => {
      if (meters.length > 0 && this.#lost.length < mostLost) this.#lost.push(held);
      throw error;
    });
    const [by, place, wait, reason, nowMs] = reply as readonly [string, number, string, string, number];
    this.#aheadMs = Number(nowMs) - Date.now();
    if (by === '')
      return { reservation: { ...held, second: Number(place) } satisfies Held as Reservation, shortage: null };
    const isRest = by === 'rest';
    const index = Number(place) - 1;
    const name = (isRest ? subjects[index] : meters[index]?.name) ?? '';
    const shortage = {
      by: by as keyof Meter['limits'] | 'rest',
      name,
      retryAfterMs: wait === '' ? null : Number(wait),
      reason: isRest ? reason : null,
    };
    return { reservation: null, shortage };
  }

  settle(reservation: Reservation, spent: Spent): Eventually<void> {
    const held = reservation as Partial<Held> & Reservation;
    // Nothing was counted, or it was made elsewhere.
    if ((held.meters?.length ?? 0) === 0) return;
    held.isSettled = true;
    return this.#settle(held as Held, spent);
  }

  /** Each by itself: in a cluster they lie apart. */
  renew(reservations: readonly Reservation[], leaseMs: number): Eventually<void> {
    const running = (reservations as readonly Held[]).filter(({ meters, isSettled }) => !isSettled && isAtOnce(meters));
    if (running.length === 0) return;
    return Promise.all(running.map((held) => this.#renew(held, leaseMs))).then(() => {});
  }

  async #renew({ id, scope, meters, dayEndsAtMs }: Held, leaseMs: number): Promise<void> {
    const key = this.#keys.scope(scope);
    const inFlight = meters.filter(({ limits }) => limits.maxInFlight > 0);
    const keys = inFlight.map(({ name }) => meterKeys(key, name, dayEndsAtMs)[2]);
    await this.#run(scripts.renew, [openOf(key), ...keys], [id, Math.ceil(leaseMs)]);
  }

  async #settle({ id, scope, meters, dayEndsAtMs, tokens, second }: Held, spent: Spent): Promise<void> {
    const key = this.#keys.scope(scope);
    const keys = [openOf(key)];
    const values: (string | number)[] = [id, spent.requests, whole(spent.tokens), second];
    for (const { name, limits } of meters) {
      keys.push(...meterKeys(key, name, dayEndsAtMs));
      const counted = limits.tokensPerMinute > 0 ? Math.min(tokens, limits.tokensPerMinute) : -1;
      values.push(limits.requestsPerMinute > 0 ? 1 : 0, counted, limits.requestsPerDay > 0 ? 1 : 0);
    }
    await this.#run(scripts.settle, keys, values);
  }

  async cool({ scope, subject, reason, sinceMs, untilMs }: Rest): Promise<void> {
    const until = untilMs === null ? '' : untilMs;
    // Listed first: a scope that is listed and has no rests does no harm.
    await this.#run(scripts.index, [this.#keys.scopesAtRest], [scope, until]);
    await this.#run(scripts.cool, [restsOf(this.#keys.scope(scope))], [subject, until, sinceMs, reason]);
  }

  async wake(scope: string, subject: string): Promise<void> {
    await this.#run(scripts.wake, [restsOf(this.#keys.scope(scope))], [subject]);
  }

  async rests(): Promise<Rest[]> {
    const scopes = await this.#ask((client) => client.zrange(this.#keys.scopesAtRest, '0', '-1'));
    const found = await Promise.all(
      scopes.map(async (scope) => {
        const reply = await this.#run(scripts.rests, [restsOf(this.#keys.scope(scope))], []);
        return restsIn(scope, reply as readonly string[]);
      }),
    );
    return found.flat();
  }

  /** Each thing by itself: in a cluster they lie apart. */
  async own(things: readonly Owned[]): Promise<void> {
    await Promise.all(
      things.map(({ name, project, caller, untilMs }) => {
        const value = JSON.stringify({ project, caller, untilMs });
        const until = untilMs === null ? '' : Math.ceil(untilMs);
        return this.#run(scripts.own, [this.#keys.thing(name)], [caller ?? '', value, until]);
      }),
    );
  }

  async find(names: readonly string[]): Promise<(Owned | null)[]> {
    const found = await Promise.all(names.map((name) => this.#ask((client) => client.get(this.#keys.thing(name)))));
    return found.map((value, index) =>
      value === null ? null : { name: names[index] as string, ...(JSON.parse(value) as Omit<Owned, 'name'>) },
    );
  }

  async disown(name: string): Promise<void> {
    await this.#ask((client) => client.del(this.#keys.thing(name)));
  }

  async claim(name: string, choice: string, ttlMs: number, instead?: string): Promise<string> {
    const values = [choice, Math.max(1, Math.ceil(ttlMs)), ...(instead === undefined ? [] : [instead])];
    return String(await this.#run(scripts.claim, [this.#keys.claim(name)], values));
  }

  async append(entry: AuditEntry): Promise<void> {
    await this.#run(scripts.append, [this.#keys.record], [JSON.stringify(entry), mostEntries]);
  }

  async entries(most: number): Promise<AuditEntry[]> {
    if (most <= 0) return [];
    const lines = await this.#ask((client) => client.lrange(this.#keys.record, 0, most - 1));
    return lines.map((line) => JSON.parse(line) as AuditEntry);
  }

  instances(): number {
    return this.#heartbeat.count;
  }

  async close(): Promise<void> {
    const farewell = this.#heartbeat.stop().catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([farewell, new Promise<void>((resolve) => (timer = setTimeout(resolve, farewellMs)))]);
    clearTimeout(timer);
    this.#scripts.client.off('ready', this.#beat);
    if (this.#isOwnClient) this.#scripts.client.disconnect();
  }

  #run(script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    return this.#ask(() => this.#scripts.run(script, keys, values));
  }

  async #ask<Value>(question: (client: RedisClient) => Promise<Value>): Promise<Value> {
    if (this.#opening.isUnderWay) await this.#opening.whenTried();
    try {
      return await question(this.#scripts.client);
    } catch (error) {
      const why = this.#opening.whyClosed ?? (error instanceof Error ? error.message : String(error));
      // No cause: an error of ioredis carries the command with all that was in it.
      throw new SluiceError('storage_unavailable', `${this.name}: ${why}`);
    }
  }

  #heard(serverMs: number): void {
    this.#aheadMs = serverMs - Date.now();
    const lost = this.#lost.splice(0);
    for (const held of lost) {
      // It is not known whether the call was made; counted is the safer side, and its place is free again.
      this.#settle(held, { requests: 1, tokens: held.tokens }).catch(() => {
        if (this.#lost.length < mostLost) this.#lost.push(held);
      });
    }
  }
}

function isLimited({ requestsPerMinute, tokensPerMinute, requestsPerDay, maxInFlight }: Meter['limits']): boolean {
  return requestsPerMinute > 0 || tokensPerMinute > 0 || requestsPerDay > 0 || maxInFlight > 0;
}

/** Nobody else's has meters here. */
function isAtOnce(meters: readonly Meter[] | undefined): boolean {
  return meters?.some(({ limits }) => limits.maxInFlight > 0) ?? false;
}

/** Redis adds whole numbers. */
function whole(amount: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.ceil(amount)));
}

function restsIn(scope: string, reply: readonly string[]): Rest[] {
  const rests: Rest[] = [];
  for (let index = 0; index < reply.length; index += 2) {
    const [, until, since, reason] = /^([^|]*)\|([^|]*)\|(.*)$/s.exec(reply[index + 1] as string) ?? [];
    rests.push({
      scope,
      subject: reply[index] as string,
      reason: reason ?? '',
      sinceMs: Number(since),
      untilMs: until === '' ? null : Number(until),
    });
  }
  return rests;
}
