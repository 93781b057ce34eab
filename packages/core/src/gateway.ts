/** The composition root: options become settings, settings become stations, and requests travel between them. */

import { platform } from '#platform';
import { defaultUpstream } from '#upstream';
import { Alarms } from './attempt/alarms.ts';
import { Answers } from './cache/answers.ts';
import { Cancellation } from './cancellation.ts';
import { partingMs } from './client/reading-time.ts';
import { requestOf, webExchange } from './client/web.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { Gate } from './door/gate.ts';
import { Overload } from './door/overload.ts';
import { SluiceError } from './errors.ts';
import { Emitter, type GatewayEvents } from './events.ts';
import { BreakerControl } from './health/control.ts';
import { build, type GatewaySettings, type Ground, type House } from './house.ts';
import type { GatewayOptions } from './options.ts';
import type { Vitals } from './platform/platform.ts';
import { PoolControl } from './pool/control.ts';
import { Sessions } from './sessions.ts';
import { resolveSettings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import { type GuardedStore, guardedStore } from './store/guarded.ts';
import { memoryStore } from './store/memory.ts';
import type { Store } from './store/store.ts';
import { type TurnAwayOptions, TurnAways, type TurnedAway } from './turned-away.ts';
import type { Exchange } from './wire.ts';

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
   * Calls the gateway in process, in the place of the global `fetch`: only the path and query of the URL count.
   * Callers sign as they would over the network. Aborting the signal ends the provider's call. Arguments that `Request`
   * refuses reject with its error.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * Turns the next new request away where the process cannot keep up. A driver that can refuse at less cost than by an
   * exchange asks here first, once, and says so by `Exchange.wasLetIn`; the others need not.
   *
   * @returns what to answer, and what to do with the connection then; null when the request may come in
   */
  turnAway(caller: TurnAwayOptions): TurnedAway | null;
  /**
   * Listens to what happens. A listener that throws or rejects disturbs neither requests nor other listeners: its first
   * error is a warning of the process (`process.on('warning')`; where there is no Node, `console.error`).
   *
   * @returns a function that stops listening
   */
  on<Name extends keyof GatewayEvents>(name: Name, listener: (event: GatewayEvents[Name]) => void): () => void;
  /** A picture of pools, breakers and requests under way. */
  snapshot(): Snapshot;
  /** False while memory runs out: then drivers let each connection end with its answer. */
  readonly keepsConnections: boolean;
  /** Lets nobody in any more, and resolves when nobody is inside and what was said last has left. New requests are answered 503 `draining`. */
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
   * known of keys, quotas and breakers stays. Live sessions of whoever is no caller any more are ended. `store`, `upstream` and `clock` stay as they were.
   *
   * @throws SluiceError `invalid_options` that lists every fault; then nothing has changed
   */
  reload<Host = unknown>(options: GatewayOptions<Host>): Promise<void>;
  /** What a driver must keep to, and what was odd in the options and put right. */
  readonly settings: GatewaySettings;
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
export function createGateway<Host = unknown>(options: GatewayOptions<Host>): Gateway {
  // Whoever makes it knows where it will be mounted, and so what its own `callers` will be shown.
  return gatewayWith(options as GatewayOptions, { vitals: platform.vitals });
}

/** By name, and not by identity: a host may have loaded core twice, or again, and keeps the gateway that it had. */
const houseKey: unique symbol = Symbol.for('sluice.house');

/** What entries find in a gateway that bring a story of their own. */
interface Housed {
  readonly [houseKey]: House;
}

/** The house that whoever comes now comes into. */
export function houseOf(gateway: Gateway): House {
  return (gateway as Gateway & Housed)[houseKey];
}

/** What only tests bring. */
export interface Seams {
  /** How the process is. */
  readonly vitals: () => Vitals | null;
}

/** @see createGateway */
export function gatewayWith(options: GatewayOptions, { vitals }: Seams): Gateway & Housed {
  const settings = resolveSettings(options);
  const clock = options.clock ?? systemClock;
  const emitter = new Emitter(platform.warn);
  const gate = new Gate({
    clock,
    emitter,
    vitals,
    overload: new Overload(settings.overload),
    maxBufferedBytes: settings.server.maxBufferedBytes,
  });
  const ground: Ground = {
    clock,
    emitter,
    gate,
    sessions: new Sessions(),
    alarms: new Alarms(clock),
    upstream: options.upstream ?? defaultUpstream({ connectMs: settings.timeouts.connectMs }),
    store: openStore(settings.store, clock, emitter),
    answers: new Answers(settings.cache, { room: gate.room, clock, emitter }),
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
    get [houseKey]() {
      return house;
    },
    get settings() {
      return house.shown;
    },
    pools: { [settings.pool.name]: control },
    breakers,
    handle: (exchange) => house.travel(exchange),
    turnAway(caller) {
      if (!ground.gate.turnsAway()) return null;
      const { surfaces, cors } = house.stations;
      return turnAways.turnAway(caller, surfaces, cors.headersFor(caller.headers), ground.gate.holdBack);
    },
    fetch(input, init) {
      try {
        const { exchange, response } = webExchange(requestOf(absolute(input), init), '');
        void house.travel(exchange);
        return response;
      } catch (error) {
        return Promise.reject(error); // what is wrong with the arguments is told as `fetch` tells it
      }
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
        cache: { entries: ground.answers.entries, bytes: ground.answers.bytes },
        isDraining: gate.isShut,
        overload: gate.level,
        store: { name: ground.store.name, isDegraded: isDegraded(ground.store) },
      };
    },
    ready: () => house.ready,
    async reload(next) {
      const changed = resolveSettings({ ...(next as GatewayOptions), store: undefined });
      if (changed.pool.name !== house.settings.pool.name) throw renamed(house.settings.pool.name, changed.pool.name);
      ground.gate.keepTo(changed.server.maxBufferedBytes, changed.overload);
      ground.answers.keepTo(changed.cache);
      house = build(changed, ground, house);
      await ground.sessions.keepTo(house.stations.auth);
      return house.ready;
    },
    async drain({ withinMs, graceMs = 0 }) {
      const { gate, sessions } = ground;
      if (graceMs > 0) await sleep(clock, graceMs, new Cancellation());
      gate.shut();
      sessions.goAway(withinMs);
      let hasExpelled = false;
      const cancel = clock.after(withinMs, () => {
        hasExpelled = gate.open > 0;
        gate.expelAll(new SluiceError('draining', 'The gateway is shutting down and this took too long to finish.'));
      });
      await gate.empty();
      ground.answers.close();
      cancel();
      // Hosts exit after it, and the drivers are not done yet.
      if (hasExpelled) await new Promise((resolve) => setTimeout(resolve, partingMs));
    },
    async close() {
      ground.gate.shut();
      ground.sessions.expelAll(new SluiceError('draining', 'The gateway was closed.'));
      ground.answers.close();
      await ground.upstream.close();
      // A store that was given belongs to whoever made it.
      if ('letGo' in ground.store) await ground.store.letGo();
      else await ground.store.close();
    },
  };
}

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

/** SDKs may be given a base URL without an origin when they call in process. */
function absolute(input: string | URL | Request): string | URL | Request {
  return typeof input === 'string' && input.startsWith('/') ? `http://gateway${input}` : input;
}
