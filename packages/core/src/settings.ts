/** Options made complete: the one schema, the only place with defaults, and every rule that options must keep. */

import * as z from 'zod/mini';
import type { LimitSettings } from './attempt/errand.ts';
import type { TimeoutSettings } from './attempt/patience.ts';
import type { RetrySettings } from './attempt/verdict.ts';
import type { CallerLookup } from './auth/auth.ts';
import type { ListedCaller } from './auth/callers.ts';
import type { CacheSettings } from './cache/answers.ts';
import type { Clock } from './clock.ts';
import type { OverloadSettings } from './door/overload.ts';
import { SluiceError } from './errors.ts';
import type { BreakerSettings } from './health/breaker.ts';
import { isFields } from './json.ts';
import type { Configuration, GatewayOptions } from './options.ts';
import type { PoolSettings, StickyBy } from './pool/pool.ts';
import type { ProjectSettings } from './pool/project.ts';
import type { WaitingSettings } from './pool/waiting-room.ts';
import type { LiveSettings } from './sessions.ts';
import { describeFaults } from './settings/faults.ts';
import { crossFaults } from './settings/rules.ts';
import {
  addressRange,
  corsOrigin,
  heapShare,
  model,
  modelName,
  name,
  origin,
  share,
  whole,
} from './settings/shapes.ts';
import { parseCallers, parseKeys } from './settings/short-forms.ts';
import type { Limits, Store } from './store/store.ts';
import type { Upstream } from './wire.ts';

/** What the client's side keeps to. */
export interface DoorSettings {
  readonly maxBodyBytes: number;
  readonly maxBufferedBytes: number;
  readonly bodyInMs: number;
  readonly cors: readonly string[];
  readonly publicOrigin: string | null;
  readonly trustedProxies: readonly string[];
}

/** Those of a call to a provider, and what the host is given. */
interface AllTimeouts extends TimeoutSettings {
  readonly callersMs: number;
}

/** Complete options: nothing is missing, nothing changes any more. */
export interface Settings {
  readonly pool: PoolSettings;
  readonly callers: readonly ListedCaller[] | CallerLookup | 'anyone';
  readonly routes: ReadonlyMap<string, string>;
  readonly retry: RetrySettings;
  readonly breaker: BreakerSettings;
  readonly timeouts: AllTimeouts;
  readonly queue: WaitingSettings;
  readonly limits: LimitSettings;
  readonly overload: OverloadSettings;
  readonly server: DoorSettings;
  readonly live: LiveSettings;
  readonly affinity: { readonly unknown: 'search' | 'refuse' };
  readonly cache: CacheSettings;
  /** Null: in memory. */
  readonly store: Store | null;
  /** What is odd and was put right; for the log. */
  readonly warnings: readonly string[];
}

/** The process's side of a configuration, complete. */
export interface ServerSettings extends DoorSettings {
  readonly host: string;
  readonly port: number;
  readonly drainMs: number;
  readonly drainGraceMs: number;
  readonly headersInMs: number;
}

/** A configuration that has been read: what the process needs, and the options for `createGateway`. */
export interface ResolvedConfiguration {
  readonly server: ServerSettings;
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
    readonly format: 'json' | 'pretty';
    readonly requests: 'all' | 'failed' | 'none';
  };
  /** Where state is kept; whoever runs the process opens it and gives it to `createGateway`. */
  readonly store: { readonly url: string };
  readonly gateway: GatewayOptions;
}

const section = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  });

/** One that may be left out: all that it holds may be. */
const optionalSection = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.prefault(section(shape), {} as z.input<ReturnType<typeof section<Shape>>>);

const useLimits = {
  requestsPerMinute: z._default(whole(), 0),
  tokensPerMinute: z._default(whole(), 0),
  requestsPerDay: z._default(whole(), 0),
  maxInFlight: z._default(whole(), 0),
};

const project = section({
  id: name,
  weight: z._default(share, 1),
  tier: z.optional(z.string().check(z.minLength(1), z.maxLength(64, 'a text of at most 64 characters'))),
  isGuessed: z._default(z.boolean(), false),
  keys: z.array(z.string()).check(z.minLength(1)),
  limits: z.optional(section({ ...useLimits, models: z._default(z.record(modelName, section(useLimits)), {}) })),
});

const pool = section({
  provider: z._default(z.literal('gemini'), 'gemini'),
  baseUrl: z._default(origin, 'https://generativelanguage.googleapis.com'),
  strategy: z._default(z.enum(['least-busy', 'round-robin', 'weighted', 'sticky']), 'least-busy'),
  stickyBy: z._default(z.custom<StickyBy>(isStickyBy, '"conversation", "caller" or "header:NAME"'), 'conversation'),
  projects: z.array(project).check(z.minLength(1)),
});

const door = {
  maxBodyBytes: z._default(whole(), 104_857_600),
  maxBufferedBytes: z._default(whole(), 268_435_456),
  bodyInMs: z._default(whole(), 30_000),
  cors: z._default(z.array(corsOrigin), []),
  publicOrigin: z._default(
    z.nullable(
      z.pipe(
        origin,
        z.transform((text) => new URL(text).origin),
      ),
    ),
    null,
  ),
  trustedProxies: z._default(z.array(addressRange), []),
};

const gatewayShape = {
  keys: z.optional(z.string()),
  pools: z.optional(z.record(z.string(), pool)),
  callers: z.optional(
    z.union([
      z.string(),
      z.array(section({ id: name, key: z.string(), limits: z.optional(section(useLimits)) })),
      z.custom<CallerLookup>((value) => typeof value === 'function', 'a function'),
    ]),
  ),
  routes: z._default(z.record(z.string(), section({ model })), {}),
  retry: optionalSection({
    maxAttempts: z._default(whole(1), 3),
    maxKeyFailovers: z._default(whole(), 5),
    maxUpstreamCalls: z._default(whole(1), 6),
    baseDelayMs: z._default(whole(), 50),
    throttleDelayMs: z._default(whole(), 1_000),
    maxDelayMs: z._default(whole(), 20_000),
  }),
  breaker: optionalSection({
    consecutiveFailures: z._default(whole(1), 5),
    consecutiveSpanMs: z._default(whole(), 1_000),
    windowOutcomes: z._default(whole(1), 50),
    windowFailures: z._default(whole(1), 30),
    windowMs: z._default(whole(1), 30_000),
    openMs: z._default(whole(1), 2_000),
    maxOpenMs: z._default(whole(1), 60_000),
    panicMs: z._default(whole(), 0),
  }),
  timeouts: optionalSection({
    connectMs: z._default(whole(), 5_000),
    headersMs: z._default(whole(), 600_000),
    firstEventMs: z._default(whole(), 300_000),
    idleMs: z._default(whole(), 60_000),
    totalMs: z._default(whole(), 1_800_000),
    slowReaderMs: z._default(whole(), 60_000),
    afterTerminalMs: z._default(whole(), 2_000),
    heartbeatMs: z._default(whole(), 15_000),
    callersMs: z._default(whole(), 10_000),
  }),
  queue: optionalSection({ maxEntries: z._default(whole(), 100), maxWaitMs: z._default(whole(), 1_000) }),
  limits: optionalSection({
    maxEventBytes: z._default(whole(), 33_554_432),
    maxAnswerBytes: z._default(whole(), 67_108_864),
    maxErrorBytes: z._default(whole(1), 65_536),
    maxUploadBytes: z._default(whole(), 0),
  }),
  overload: optionalSection({
    queueDelayMs: z._default(whole(), 25),
    refuseDelayMs: z._default(whole(), 50),
    queueHeapShare: z._default(heapShare, 0.8),
    refuseHeapShare: z._default(heapShare, 0.88),
    endHeapShare: z._default(heapShare, 0.94),
    maxStreams: z._default(whole(), 0),
  }),
  live: optionalSection({
    maxSessions: z._default(whole(), 0),
    setupInMs: z._default(whole(), 10_000),
    maxFrameBytes: z._default(whole(), 16_777_216),
    pingMs: z._default(whole(), 20_000),
  }),
  affinity: optionalSection({ unknown: z._default(z.enum(['search', 'refuse']), 'search') }),
  cache: optionalSection({
    ttlMs: z._default(whole(), 0),
    maxBytes: z._default(whole(1), 67_108_864),
    singleFlight: z._default(z.boolean(), false),
  }),
};

const gatewaySchema = section({
  ...gatewayShape,
  store: z.prefault(
    z.union([
      z.custom<Store>((value) => typeof (value as Store | null)?.reserve === 'function', 'a store'),
      section({ url: z._default(z.literal('memory:'), 'memory:') }),
    ]),
    {},
  ),
  server: optionalSection(door),
  upstream: z.optional(
    z.custom<Upstream>((value) => typeof (value as Upstream | null)?.send === 'function', 'an Upstream'),
  ),
  clock: z.optional(z.custom<Clock>((value) => typeof (value as Clock | null)?.now === 'function', 'a Clock')),
});

/** Made when one is read: apps that give options have none. */
const configurationSchema = () =>
  section({
    ...gatewayShape,
    store: optionalSection({ url: z._default(z.string().check(z.minLength(1)), 'memory:') }),
    server: optionalSection({
      ...door,
      host: z._default(z.string().check(z.minLength(1)), '127.0.0.1'),
      port: z._default(whole(0, 65_535), 8_787),
      drainMs: z._default(whole(), 10_000),
      drainGraceMs: z._default(whole(), 0),
      headersInMs: z._default(whole(), 10_000),
    }),
    log: optionalSection({
      level: z._default(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), 'info'),
      format: z._default(z.enum(['json', 'pretty']), 'json'),
      requests: z._default(z.enum(['all', 'failed', 'none']), 'all'),
    }),
  });

type Parsed = z.output<typeof gatewaySchema> | z.output<ReturnType<typeof configurationSchema>>;

/**
 * Completes options, or says everything that is wrong with them.
 *
 * @throws SluiceError `invalid_options` that lists all faults, one a line
 */
export function resolveSettings(options: GatewayOptions): Settings {
  const { store, ...own } = settingsOf(parsedBy(gatewaySchema, options));
  // A store has a life of its own, however it was made.
  return Object.freeze({ ...freeze(own), store });
}

/**
 * Reads a configuration: a gateway's options with the sections `server` and `log` of the process around it.
 *
 * @throws SluiceError `invalid_options` that lists all faults, one a line
 * @example
 * const { server, log, gateway } = readConfiguration(JSON.parse('{"keys":"k1,k2","callers":"alice=s3cr3t-s3cr3t-s3cr3t"}'));
 * createGateway(gateway);
 */
export function readConfiguration(value: unknown): ResolvedConfiguration {
  const { server, log, store } = parsedBy(configurationSchema(), value);
  const { maxBodyBytes, maxBufferedBytes, bodyInMs, cors, publicOrigin, trustedProxies } = server;
  const { server: _server, log: _log, store: _store, ...rest } = value as Configuration;
  const door = { maxBodyBytes, maxBufferedBytes, bodyInMs, cors, publicOrigin, trustedProxies };
  const gateway = { ...rest, server: door };
  // What stands in the options is not ours to freeze.
  return Object.freeze({
    server: freeze(server),
    log: freeze(log),
    store: freeze(store),
    gateway: Object.freeze(gateway),
  });
}

function parsedBy<Schema extends typeof gatewaySchema | ReturnType<typeof configurationSchema>>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value);
  const shapeFaults = result.success ? [] : describeFaults(result.error.issues, value);
  // What has the right shape is judged even where something else has not: all is said at once.
  const faults = [...shapeFaults, ...(isFields(value) ? crossFaults(value) : [])];
  if (faults.length > 0 || !result.success) throw invalid(faults);
  return result.data as z.output<Schema>;
}

function invalid(faults: readonly string[]): SluiceError {
  const list = faults.map((fault) => `- ${fault}`).join('\n');
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new SluiceError('invalid_options', `The options have ${count}:\n${list}`, { faults });
}

function callersOf({ callers }: Parsed): readonly ListedCaller[] | CallerLookup | 'anyone' {
  if (callers === 'anyone' || typeof callers === 'function') return callers;
  if (typeof callers === 'string') return parseCallers(callers).map(({ id, key }) => ({ id, key }));
  return (callers ?? []).map(({ id, key, limits }) => ({ id, key, ...(limits === undefined ? {} : { limits }) }));
}

/** A key that stands twice in one project is one key. */
function projectOf(
  { id, weight, tier, isGuessed, keys, limits }: z.output<typeof project>,
  warnings: string[],
): ProjectSettings {
  const single = [...new Set(keys)];
  const twice = keys.length - single.length;
  if (twice > 0)
    warnings.push(`project "${id}" holds ${twice === 1 ? 'a key' : `${twice} keys`} twice; each counts once`);
  const { models, ...ofProject } = limits ?? { models: {} };
  const modelLimits = new Map(Object.entries(models).filter(([, some]) => limitsAnything(some)));
  const own = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0, ...ofProject };
  return {
    id,
    weight,
    tier: tier ?? null,
    keys: single,
    isGuessed,
    ...(limitsAnything(own) ? { limits: own } : {}),
    ...(modelLimits.size > 0 ? { modelLimits } : {}),
  };
}

function limitsAnything(limits: Limits): boolean {
  return Object.values(limits).some((limit) => limit > 0);
}

function settingsOf(options: Parsed): Settings {
  const [first] = Object.entries(options.pools ?? {});
  const [name, { provider, baseUrl, strategy, stickyBy, projects }] = first ?? [
    'gemini',
    pool.parse({ projects: parseKeys(options.keys ?? '') }),
  ];
  const { retry, breaker, timeouts, queue, limits, overload, server, live, affinity, cache } = options;
  const warnings: string[] = [];
  if (server.maxBufferedBytes > 0 && server.maxBodyBytes > server.maxBufferedBytes) {
    warnings.push(
      `server.maxBodyBytes (${server.maxBodyBytes}) is more than server.maxBufferedBytes (${server.maxBufferedBytes}); ` +
        'a body between the two never finds room',
    );
  }
  return {
    pool: {
      name,
      provider,
      baseUrl: new URL(baseUrl).origin,
      strategy,
      stickyBy,
      projects: projects.map((one) => projectOf(one, warnings)),
    },
    callers: callersOf(options),
    routes: new Map(
      Object.entries(options.routes).map(([alias, { model }]) => [alias, model.replace(/^models\//, '')]),
    ),
    retry,
    breaker,
    timeouts,
    queue,
    limits,
    overload,
    server,
    live,
    affinity,
    cache,
    store: 'store' in options && 'reserve' in options.store ? options.store : null,
    warnings,
  };
}

function isStickyBy(value: unknown): value is StickyBy {
  return value === 'conversation' || value === 'caller' || (typeof value === 'string' && /^header:[!-~]+$/.test(value));
}

/** Data alone. */
function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (Array.isArray(inner) || isPlain(inner)) freeze(inner as object);
  return Object.freeze(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
