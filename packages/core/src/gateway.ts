/** The composition root: options become settings, settings become stations, and requests travel between them. */

import { platform } from '#platform';
import { defaultUpstream } from '#upstream';
import type { Probe } from './affinity/affinity.ts';
import { Ledger } from './affinity/ledger.ts';
import { PageTokens } from './affinity/page-tokens.ts';
import { Places } from './affinity/places.ts';
import { Search } from './affinity/search.ts';
import { Alarms } from './attempt/alarms.ts';
import type { Workshop } from './attempt/errand.ts';
import { probe, probeResource } from './attempt/probe.ts';
import { Scrubber } from './attempt/scrub.ts';
import { Allowances } from './auth/allowance.ts';
import type { Auth } from './auth/auth.ts';
import { anyCaller, askedCallers, listedCallers } from './auth/callers.ts';
import { Cancellation } from './cancellation.ts';
import type { Dial, Opening } from './channel.ts';
import { requestOf, webExchange } from './client/web.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { corsRules } from './door/cors.ts';
import { Gate } from './door/gate.ts';
import { Overload } from './door/overload.ts';
import { SluiceError } from './errors.ts';
import { Emitter, type GatewayEvents } from './events.ts';
import { BreakerControl } from './health/control.ts';
import { Health } from './health/health.ts';
import { type Stations, travel } from './journey.ts';
import { converse } from './live/converse.ts';
import type { LiveStations } from './live/live-stations.ts';
import { Sessions } from './live/sessions.ts';
import type { GatewayOptions } from './options.ts';
import { ownLimit } from './plan/time-limit.ts';
import type { Vitals } from './platform/platform.ts';
import { PoolControl } from './pool/control.ts';
import { Keeper } from './pool/keeper.ts';
import { KeyPool } from './pool/pool.ts';
import { ProbeRound } from './pool/probes.ts';
import { geminiProvider } from './provider/gemini/provider.ts';
import { type DoorSettings, resolveSettings, type Settings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import { type GuardedStore, guardedStore } from './store/guarded.ts';
import { memoryStore } from './store/memory.ts';
import type { Store } from './store/store.ts';
import { geminiSurfaces } from './surface/gemini.ts';
import { type TurnAwayOptions, TurnAways, type TurnedAway } from './turned-away.ts';
import type { Exchange, Upstream } from './wire.ts';

/** How a gateway goes down. */
export interface DrainOptions {
  /** How long running requests may take to finish, in ms. What still runs then is ended with an error in its own dialect. */
  withinMs: number;
  /** How long new requests are still served first, in ms. @default 0 */
  graceMs?: number | undefined;
}

/** An AI gateway. It is made by {@link createGateway}, mounted by `nodeListener` or `fetchHandler`, or called as `fetch`. */
export interface Gateway {
  /** Takes one request all the way. Never rejects; drivers call it. */
  handle(exchange: Exchange): Promise<void>;
  /**
   * Holds one session of the Live API, from the knock to the last good-bye. Never rejects; drivers call it.
   *
   * @param dial - how the provider is reached
   */
  converse(opening: Opening, dial: Dial): Promise<void>;
  /**
   * Calls the gateway in process, in the place of the global `fetch`: only the path and query of the URL count.
   * Callers sign as they would over the network. Aborting the signal ends the provider's call.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * Turns the next new request away where the process cannot keep up. A driver that can refuse at less cost than by an
   * exchange asks here first, once, and says so by `Exchange.wasLetIn`; the others need not.
   *
   * @returns what to answer; null when the request may come in
   */
  turnAway(caller: TurnAwayOptions): TurnedAway | null;
  /** Listens to what happens. @returns a function that stops listening */
  on<Name extends keyof GatewayEvents>(name: Name, listener: (event: GatewayEvents[Name]) => void): () => void;
  /** A picture of pools, breakers and requests under way. */
  snapshot(): Snapshot;
  /** False while memory runs out: then drivers let each connection end with its answer. */
  readonly keepsConnections: boolean;
  /** Lets nobody in any more, and resolves when nobody is inside. New requests are answered 503 `draining`. */
  drain(options: DrainOptions): Promise<void>;
  /** Lets nobody in any more, and lets go of all connections to providers. */
  close(): Promise<void>;
  /** What an operator can do with each pool, by its name. */
  readonly pools: Readonly<Record<string, PoolControl>>;
  /** What an operator can do with breakers. */
  readonly breakers: BreakerControl;
  /** Resolves when what the store knows of keys is known here. Requests are served before, too. */
  ready(): Promise<void>;
  /**
   * Goes on with other options, all at once: requests under way finish with those that they came in under, and what is
   * known of keys, quotas and breakers stays. `store`, `upstream` and `clock` stay as they were.
   *
   * @throws SluiceError `invalid_options` that lists every fault; then nothing has changed
   */
  reload(options: GatewayOptions): Promise<void>;
  /** What a driver must keep to, and what was odd in the options and put right. */
  readonly settings: {
    readonly server: DoorSettings;
    /** How long a client may take nothing of an answer, in ms. */
    readonly slowReaderMs: number;
    readonly warnings: readonly string[];
  };
}

/**
 * Makes a gateway.
 *
 * @throws SluiceError `invalid_options` that lists every fault; a missing `callers` is one, and the message says what to do
 * @example
 * const gateway = createGateway({
 *   pools: { gemini: { projects: [{ id: 'main', keys: ['AIza…'] }] } },
 *   callers: [{ id: 'alice', key: 'a-long-random-string' }],
 * });
 */
export function createGateway(options: GatewayOptions): Gateway {
  return gatewayWith(options, { vitals: platform.vitals });
}

/** What only tests bring. */
export interface Seams {
  /** How the process is. */
  readonly vitals: () => Vitals | null;
}

/** @see createGateway */
export function gatewayWith(options: GatewayOptions, { vitals }: Seams): Gateway {
  const settings = resolveSettings(options);
  const clock = options.clock ?? systemClock;
  const emitter = new Emitter();
  const ground: Ground = {
    clock,
    emitter,
    gate: new Gate({
      clock,
      emitter,
      vitals,
      overload: new Overload(settings.overload),
      maxBufferedBytes: settings.server.maxBufferedBytes,
    }),
    sessions: new Sessions(),
    alarms: new Alarms(clock),
    upstream: options.upstream ?? defaultUpstream({ connectMs: settings.timeouts.connectMs }),
    store: openStore(settings.store, clock, emitter),
  };
  const turnAways = new TurnAways(ground.gate.tooMuch, emitter);
  let house = build(settings, ground, null);
  const control = new PoolControl(
    () => house.stations.pool,
    () => house.keeper,
  );
  const breakers = new BreakerControl(
    () => house.stations.health,
    () => house.stations.workshop.host,
  );

  return {
    get settings() {
      return house.shown;
    },
    pools: { [settings.pool.name]: control },
    breakers,
    handle: (exchange) => house.travel(exchange),
    converse: (opening, dial) => house.converse(opening, dial),
    turnAway(caller) {
      if (!ground.gate.turnsAway()) return null;
      const { surfaces, cors } = house.stations;
      return turnAways.turnAway(caller, surfaces, cors.headersFor(caller.headers));
    },
    fetch(input, init) {
      const { exchange, response } = webExchange(requestOf(absolute(input), init), '');
      void house.travel(exchange);
      return response;
    },
    on: (name, listener) => emitter.on(name, listener),
    get keepsConnections() {
      return !ground.gate.overload.isHeapStrained;
    },
    snapshot: () => {
      house.keeper.sync();
      const { gate, pool, health } = house.stations;
      return {
        pools: [pool.snapshot()],
        breakers: health.snapshot(),
        open: gate.open,
        streams: gate.streams,
        waiting: pool.waiting,
        bufferedBytes: gate.room.heldBytes,
        isDraining: gate.isShut,
        overload: gate.level,
        store: { name: ground.store.name, isDegraded: isDegraded(ground.store) },
      };
    },
    ready: () => house.ready,
    async reload(next) {
      const changed = resolveSettings({ ...next, store: undefined });
      if (changed.pool.name !== house.settings.pool.name) throw renamed(house.settings.pool.name, changed.pool.name);
      ground.gate.keepTo(changed.server.maxBufferedBytes, changed.overload);
      house = build(changed, ground, house);
      return house.ready;
    },
    async drain({ withinMs, graceMs = 0 }) {
      const { gate, sessions } = ground;
      if (graceMs > 0) await sleep(clock, graceMs, new Cancellation());
      gate.shut();
      sessions.goAway(withinMs);
      const cancel = clock.after(withinMs, () => {
        gate.expelAll(new SluiceError('draining', 'The gateway is shutting down and this took too long to finish.'));
      });
      await gate.empty();
      cancel();
    },
    async close() {
      ground.gate.shut();
      ground.sessions.expelAll(new SluiceError('draining', 'The gateway was closed.'));
      await ground.upstream.close();
      // A store that was given belongs to whoever made it.
      if ('letGo' in ground.store) await ground.store.letGo();
      else await ground.store.close();
    },
  };
}

/** What stays when options change. */
interface Ground {
  readonly clock: Clock;
  readonly emitter: Emitter;
  readonly gate: Gate;
  /** Live sessions under way. */
  readonly sessions: Sessions;
  readonly alarms: Alarms;
  readonly upstream: Upstream;
  readonly store: GuardedStore | Store;
}

/** What is made from options, and anew when they change. Requests finish in the house that they came into. */
interface House {
  readonly settings: Settings;
  readonly shown: Gateway['settings'];
  readonly stations: Stations;
  readonly keeper: Keeper;
  /** Resolves when what the store knows of the pool is known here. */
  readonly ready: Promise<void>;
  travel(exchange: Exchange): Promise<void>;
  converse(opening: Opening, dial: Dial): Promise<void>;
}

function build(settings: Settings, ground: Ground, before: House | null): House {
  const { clock, emitter, gate, store } = ground;
  const { pool: poolSettings, retry, server, timeouts } = settings;
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
    auth: authOf(settings.callers),
    allowances: new Allowances(store, leaseMs),
    places: placesOf(settings, pool, workshop, store),
    pool,
    health,
    workshop,
    retry,
    stickyBy: poolSettings.strategy === 'sticky' ? (poolSettings.stickyBy ?? 'conversation') : null,
    maxBodyBytes: server.maxBodyBytes,
    limit: ownLimit(timeouts.totalMs),
    clock,
    desk: { clock, emitter, room: gate.room },
  };
  const { live, routes } = settings;
  const talking: LiveStations = { ...stations, sessions: ground.sessions, live, routes };
  const ready = store.isShared ? keeper.restore() : Promise.resolve();
  // Whoever does not wait for it is served all the same, and the store's guard tells what is wrong.
  ready.catch(() => {});
  return {
    settings,
    shown: { server, slowReaderMs: timeouts.slowReaderMs, warnings: settings.warnings },
    stations,
    keeper,
    ready,
    travel(exchange) {
      keeper.sync();
      return travel(exchange, stations);
    },
    converse(opening, dial) {
      keeper.sync();
      return converse(opening, dial, talking);
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

function openStore(given: Store | null, clock: Clock, emitter: Emitter): GuardedStore | Store {
  if (given === null) return memoryStore(clock);
  const onChange = (isDegraded: boolean, why: string): void => {
    emitter.emit('store', { store: given.name, isDegraded, why });
  };
  return guardedStore(given, { clock, local: () => memoryStore(clock), onChange });
}

function isDegraded(store: GuardedStore | Store): boolean {
  return 'isDegraded' in store && store.isDegraded;
}

function renamed(name: string, other: string): SluiceError {
  const fault = `the pool is called "${name}" and cannot become "${other}" while the gateway runs`;
  return new SluiceError('invalid_options', `The options have a fault:\n- ${fault}`, { faults: [fault] });
}

function isDeepEqual(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function authOf(callers: Settings['callers']): Auth {
  if (callers === 'anyone') return anyCaller();
  return typeof callers === 'function' ? askedCallers(callers) : listedCallers(callers);
}

/** SDKs may be given a base URL without an origin when they call in process. */
function absolute(input: string | URL | Request): string | URL | Request {
  return typeof input === 'string' && input.startsWith('/') ? `http://gateway${input}` : input;
}
