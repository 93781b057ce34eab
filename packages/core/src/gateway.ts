/** The composition root: options become settings, settings become stations, and requests travel between them. */

import { defaultUpstream } from '#upstream';
import { Alarms } from './attempt/alarms.ts';
import type { Workshop } from './attempt/errand.ts';
import { Scrubber } from './attempt/scrub.ts';
import type { Auth } from './auth/auth.ts';
import { anyCaller, askedCallers, listedCallers } from './auth/callers.ts';
import { Cancellation } from './cancellation.ts';
import { webExchange } from './client/web.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { corsRules } from './door/cors.ts';
import { Gate } from './door/gate.ts';
import { SluiceError } from './errors.ts';
import { Emitter, type GatewayEvents } from './events.ts';
import { Health } from './health/health.ts';
import { type Stations, travel } from './journey.ts';
import type { GatewayOptions } from './options.ts';
import { KeyPool } from './pool/pool.ts';
import { geminiProvider } from './provider/gemini/provider.ts';
import { type DoorSettings, resolveSettings, type Settings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import { geminiSurfaces } from './surface/gemini.ts';
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
   * Callers sign as they would over the network. Aborting the signal ends the provider's call.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Listens to what happens. @returns a function that stops listening */
  on<Name extends keyof GatewayEvents>(name: Name, listener: (event: GatewayEvents[Name]) => void): () => void;
  /** A picture of pools, breakers and requests under way. */
  snapshot(): Snapshot;
  /** Lets nobody in any more, and resolves when nobody is inside. New requests are answered 503 `draining`. */
  drain(options: DrainOptions): Promise<void>;
  /** Lets nobody in any more, and lets go of all connections to providers. */
  close(): Promise<void>;
  /** What a driver must keep to. */
  readonly settings: { readonly server: DoorSettings };
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
  const settings = resolveSettings(options);
  const clock = options.clock ?? systemClock;
  const emitter = new Emitter();
  const stations = build(settings, options, clock, emitter);
  const { gate, pool, health, workshop } = stations;

  return {
    settings,
    handle: (exchange) => travel(exchange, stations),
    fetch(input, init) {
      const { exchange, response } = webExchange(new Request(absolute(input), init), '');
      void travel(exchange, stations);
      return response;
    },
    on: (name, listener) => emitter.on(name, listener),
    snapshot: () => ({
      pools: [pool.snapshot()],
      breakers: health.snapshot(),
      open: gate.open,
      streams: gate.streams,
      waiting: pool.waiting,
      bufferedBytes: gate.bufferedBytes,
      isDraining: gate.isShut,
    }),
    async drain({ withinMs, graceMs = 0 }) {
      if (graceMs > 0) await sleep(clock, graceMs, new Cancellation());
      gate.shut();
      const cancel = clock.after(withinMs, () => {
        gate.expelAll(new SluiceError('draining', 'The gateway is shutting down and this took too long to finish.'));
      });
      await gate.empty();
      cancel();
    },
    close() {
      gate.shut();
      return workshop.upstream.close();
    },
  };
}

function build(settings: Settings, options: GatewayOptions, clock: Clock, emitter: Emitter): Stations {
  const { pool, retry, server, timeouts } = settings;
  const health = new Health(settings.breaker, clock, emitter);
  const { origin, host } = new URL(pool.baseUrl);
  const workshop: Workshop = {
    upstream: options.upstream ?? defaultUpstream({ connectMs: timeouts.connectMs }),
    provider: geminiProvider,
    origin,
    host,
    health,
    scrubber: new Scrubber(pool.projects.flatMap(({ keys }) => keys)),
    limits: settings.limits,
    timeouts,
    alarms: new Alarms(clock),
    clock,
    emitter,
  };
  return {
    gate: new Gate(server.maxBufferedBytes),
    cors: corsRules(server.cors),
    surfaces: geminiSurfaces(settings.routes),
    auth: authOf(settings.callers),
    pool: new KeyPool(pool, settings.queue, clock, emitter),
    health,
    workshop,
    retry,
    maxBodyBytes: server.maxBodyBytes,
    totalMs: timeouts.totalMs,
    clock,
    emitter,
  };
}

function authOf(callers: Settings['callers']): Auth {
  if (callers === 'anyone') return anyCaller();
  return typeof callers === 'function' ? askedCallers(callers) : listedCallers(callers);
}

/** SDKs may be given a base URL without an origin when they call in process. */
function absolute(input: string | URL | Request): string | URL | Request {
  return typeof input === 'string' && input.startsWith('/') ? `http://gateway${input}` : input;
}
