/** What settings make: the stations that requests pass, and the way between them. */

import type { Probe } from './affinity/affinity.ts';
import { Ledger } from './affinity/ledger.ts';
import { PageTokens } from './affinity/page-tokens.ts';
import { Places } from './affinity/places.ts';
import { Search } from './affinity/search.ts';
import type { Alarms } from './attempt/alarms.ts';
import type { Workshop } from './attempt/errand.ts';
import { probe, probeResource } from './attempt/probe.ts';
import { Scrubber } from './attempt/scrub.ts';
import { Allowances } from './auth/allowance.ts';
import type { Auth } from './auth/auth.ts';
import { anyCaller, listedCallers } from './auth/callers.ts';
import { askedCallers } from './auth/lookup.ts';
import type { Answers } from './cache/answers.ts';
import type { Clock } from './clock.ts';
import { corsRules } from './door/cors.ts';
import type { Gate } from './door/gate.ts';
import type { Emitter } from './events.ts';
import { Health } from './health/health.ts';
import { type Stations, travel } from './journey.ts';
import { ownLimit } from './plan/time-limit.ts';
import { Keeper } from './pool/keeper.ts';
import { KeyPool } from './pool/pool.ts';
import { ProbeRound } from './pool/probes.ts';
import { geminiProvider } from './provider/gemini/provider.ts';
import type { Sessions } from './sessions.ts';
import type { DoorSettings, Settings } from './settings.ts';
import type { GuardedStore } from './store/guarded.ts';
import type { Store } from './store/store.ts';
import { geminiSurfaces } from './surface/gemini.ts';
import type { Exchange, Upstream } from './wire.ts';

/** What stays when options change. */
export interface Ground {
  readonly clock: Clock;
  readonly emitter: Emitter;
  readonly gate: Gate;
  /** Live sessions under way. */
  readonly sessions: Sessions;
  readonly alarms: Alarms;
  readonly upstream: Upstream;
  readonly store: GuardedStore | Store;
  /** Answers that are known, whether they are asked for or not. */
  readonly answers: Answers;
}

/** What drivers are told of the settings. */
export interface GatewaySettings {
  readonly server: DoorSettings;
  /** How long a client may take nothing of an answer, in ms. */
  readonly slowReaderMs: number;
  readonly warnings: readonly string[];
}

/** What is made from options, and anew when they change. Requests finish in the house that they came into. */
export interface House {
  readonly settings: Settings;
  readonly shown: GatewaySettings;
  readonly stations: Stations;
  /** Live sessions under way, of this house and of those before it. */
  readonly sessions: Sessions;
  /** What the stations count in. */
  readonly store: Store;
  readonly keeper: Keeper;
  /** Resolves when what the store knows of the pool is known here. */
  readonly ready: Promise<void>;
  travel(exchange: Exchange): Promise<void>;
}

/** @param before - what was built before; what is known there is taken over */
export function build(settings: Settings, ground: Ground, before: House | null): House {
  const { clock, emitter, gate, store } = ground;
  const { pool: poolSettings, retry, server, timeouts, cache } = settings;
  const health = healthOf(settings, ground, before);
  const { origin, host } = new URL(poolSettings.baseUrl);
  const scrubber = new Scrubber(poolSettings.projects.flatMap(({ keys }) => keys));
  const workshop: Workshop = {
    upstream: ground.upstream,
    provider: geminiProvider,
    origin,
    host,
    health,
    scrubber,
    limits: settings.limits,
    timeouts,
    bodyInMs: server.bodyInMs,
    alarms: ground.alarms,
    clock,
    emitter,
  };
  const leaseMs = timeouts.totalMs === 0 ? longestLeaseMs : timeouts.totalMs + leaseGraceMs;
  const pool = new KeyPool(poolSettings, {
    waiting: settings.queue,
    mayWait: () => !gate.isCrowded,
    store,
    clock,
    emitter,
    leaseMs,
    onKey: (secret) => scrubber.learn(secret),
  });
  if (before !== null) pool.takeOver(before.stations.pool);
  const probes = new ProbeRound(pool, (key, reason) => probe(workshop, key.secret, reason), clock);
  const keeper = new Keeper(pool, store, clock, probes);
  const stations: Stations = {
    gate,
    cors: corsRules(server.cors),
    surfaces: geminiSurfaces(settings.routes),
    auth: authOf(settings, clock),
    allowances: new Allowances(store, leaseMs),
    places: placesOf(settings, pool, workshop, store),
    pool,
    health,
    workshop,
    retry,
    stickyBy: poolSettings.strategy === 'sticky' ? (poolSettings.stickyBy ?? 'conversation') : null,
    maxBodyBytes: server.maxBodyBytes,
    limit: ownLimit(timeouts.totalMs),
    answers: cache.ttlMs > 0 || cache.singleFlight ? ground.answers : null,
    clock,
    desk: { clock, emitter, room: gate.room },
  };
  const ready = store.isShared ? keeper.restore() : Promise.resolve();
  // Whoever does not wait for it is served all the same, and the store's guard tells what is wrong.
  ready.catch(() => {});
  return {
    settings,
    shown: { server, slowReaderMs: timeouts.slowReaderMs, warnings: settings.warnings },
    stations,
    sessions: ground.sessions,
    store,
    keeper,
    ready,
    travel(exchange) {
      keeper.sync();
      return travel(exchange, stations);
    },
  };
}

/** The same as before, unless it has to go by other numbers: then it begins anew, and only what a person has done stays. */
function healthOf({ breaker }: Settings, { clock, emitter }: Ground, before: House | null): Health {
  const known = before?.stations.health;
  if (known !== undefined && isDeepEqual(before?.settings.breaker ?? {}, breaker)) return known;
  const health = new Health(breaker, clock, emitter);
  if (known !== undefined) health.takeOver(known);
  return health;
}

function placesOf(settings: Settings, pool: KeyPool, workshop: Workshop, store: GuardedStore | Store): Places {
  const { clock, host } = workshop;
  const ledger = new Ledger(store, pool.name, clock);
  const probeOf: Probe = (projectId, name, gone) => {
    const project = pool.roll.byId(projectId);
    // What is behind a closed door cannot be used: as long as there is another one, it does not exist here.
    if (project?.isClosed && pool.isUsable) return Promise.resolve('missing');
    const key = project?.isUsable ? project.nextKey() : undefined;
    return key === undefined ? Promise.resolve('failed') : probeResource(workshop, key.secret, name, gone);
  };
  const canTell = (): boolean => !('isUp' in store) || store.isUp;
  return new Places({
    ledger,
    tokens: new PageTokens({ store, pool: pool.name, clock, canTell }),
    search: new Search(() => (canTell() ? settings.affinity.unknown : 'wait'), probeOf, ledger, clock),
    projects: () => pool.roll.distinct.map(({ id }) => id),
    isClosed: (projectId) => pool.roll.byId(projectId)?.isClosed === true,
    hosts: new Set([host]),
    canTell,
    clock,
  });
}

/** A reservation outlives its request by this, in ms: nobody is counted out who is still at it. */
const leaseGraceMs = 60_000;
const longestLeaseMs = 86_400_000;

function isDeepEqual(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function authOf({ callers, timeouts: { callersMs } }: Settings, clock: Clock): Auth {
  if (callers === 'anyone') return anyCaller();
  return typeof callers === 'function' ? askedCallers(callers, { clock, callersMs }) : listedCallers(callers);
}
