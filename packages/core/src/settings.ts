/** Options made complete: the one schema, the only place with defaults, and every rule that options must keep. */

import * as z from 'zod';
import type { LimitSettings } from './attempt/errand.ts';
import type { TimeoutSettings } from './attempt/patience.ts';
import type { RetrySettings } from './attempt/verdict.ts';
import type { CallerLookup } from './auth/auth.ts';
import type { ListedCaller } from './auth/callers.ts';
import type { Clock } from './clock.ts';
import type { OverloadSettings } from './door/overload.ts';
import { SluiceError } from './errors.ts';
import type { BreakerSettings } from './health/breaker.ts';
import type { LiveSettings } from './live/live-stations.ts';
import type { Configuration, GatewayOptions } from './options.ts';
import type { PoolSettings, StickyBy } from './pool/pool.ts';
import type { ProjectSettings } from './pool/project.ts';
import type { WaitingSettings } from './pool/waiting-room.ts';
import { describeFaults } from './settings/faults.ts';
import { crossFaults, isRecord } from './settings/rules.ts';
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

/** Complete options: nothing is missing, nothing changes any more. */
export interface Settings {
  readonly pool: PoolSettings;
  readonly callers: readonly ListedCaller[] | CallerLookup | 'anyone';
  readonly routes: ReadonlyMap<string, string>;
  readonly retry: RetrySettings;
  readonly breaker: BreakerSettings;
  readonly timeouts: TimeoutSettings;
  readonly queue: WaitingSettings;
  readonly limits: LimitSettings;
  readonly overload: OverloadSettings;
  readonly server: DoorSettings;
  readonly live: LiveSettings;
  readonly affinity: { readonly unknown: 'search' | 'refuse' };
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

const name = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'a name of letters, digits, ".", "_" and "-"');
/** A whole number within bounds; what is asked for is said whole, whatever was wrong. */
const whole = (from = 0, to = Number.MAX_SAFE_INTEGER): z.ZodType<number> =>
  z.custom<number>(
    (value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
    `a whole number from ${from} ${to === Number.MAX_SAFE_INTEGER ? 'up' : `to ${to}`}`,
  );
const share = z.custom<number>(
  (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  'a number above 0',
);
const heapShare = z.custom<number>(
  (value) => typeof value === 'number' && value >= 0 && value <= 1,
  'a share from 0 to 1',
);
/** It stands in a path, after `models/`. */
const model = z.string().regex(/^(?:models\/)?[A-Za-z0-9][\w.-]{0,127}$/, 'the name of a model, without a path');
const origin = z.string().refine(isOrigin, { message: 'an origin like https://host:port, without a path' });
const addressRange = z
  .string()
  .refine(isAddressRange, { message: 'an IP address or a range of them, like 10.0.0.0/8' });
const section = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  });

const useLimits = {
  requestsPerMinute: whole().default(0),
  tokensPerMinute: whole().default(0),
  requestsPerDay: whole().default(0),
  maxInFlight: whole().default(0),
};
const modelName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,127}$/, 'the name of a model, without models/');

const project = section({
  id: name,
  weight: share.default(1),
  tier: z.string().min(1).max(64).optional(),
  isGuessed: z.boolean().default(false),
  keys: z.array(z.string()).min(1),
  limits: section({ ...useLimits, models: z.record(modelName, section(useLimits)).default({}) }).optional(),
});

const pool = section({
  provider: z.literal('gemini').default('gemini'),
  baseUrl: origin.default('https://generativelanguage.googleapis.com'),
  strategy: z.enum(['least-busy', 'round-robin', 'weighted', 'sticky']).default('least-busy'),
  stickyBy: z.custom<StickyBy>(isStickyBy, '"conversation", "caller" or "header:NAME"').default('conversation'),
  projects: z.array(project).min(1),
});

const door = {
  maxBodyBytes: whole().default(104_857_600),
  maxBufferedBytes: whole().default(268_435_456),
  bodyInMs: whole().default(30_000),
  cors: z.array(z.string().refine(isCorsOrigin, { message: '"*" or an origin like https://host' })).default([]),
  publicOrigin: origin
    .transform((text) => new URL(text).origin)
    .nullable()
    .default(null),
  trustedProxies: z.array(addressRange).default([]),
};

const gatewayShape = {
  keys: z.string().optional(),
  pools: z.record(z.string(), pool).optional(),
  callers: z
    .union([
      z.string(),
      z.array(section({ id: name, key: z.string(), limits: section(useLimits).optional() })),
      z.custom<CallerLookup>((value) => typeof value === 'function', 'a function'),
    ])
    .optional(),
  routes: z.record(z.string(), section({ model })).default({}),
  retry: section({
    maxAttempts: whole(1).default(3),
    maxKeyFailovers: whole().default(5),
    maxUpstreamCalls: whole(1).default(6),
    baseDelayMs: whole().default(50),
    throttleDelayMs: whole().default(1_000),
    maxDelayMs: whole().default(20_000),
  }).prefault({}),
  breaker: section({
    consecutiveFailures: whole(1).default(5),
    consecutiveSpanMs: whole().default(1_000),
    windowOutcomes: whole(1).default(50),
    windowFailures: whole(1).default(30),
    windowMs: whole(1).default(30_000),
    openMs: whole(1).default(2_000),
    maxOpenMs: whole(1).default(60_000),
    panicMs: whole().default(0),
  }).prefault({}),
  timeouts: section({
    connectMs: whole().default(5_000),
    headersMs: whole().default(600_000),
    firstEventMs: whole().default(300_000),
    idleMs: whole().default(60_000),
    totalMs: whole().default(1_800_000),
    slowReaderMs: whole().default(60_000),
    afterTerminalMs: whole().default(2_000),
    heartbeatMs: whole().default(15_000),
  }).prefault({}),
  queue: section({ maxEntries: whole().default(100), maxWaitMs: whole().default(1_000) }).prefault({}),
  limits: section({
    maxEventBytes: whole().default(33_554_432),
    maxAnswerBytes: whole().default(67_108_864),
    maxErrorBytes: whole(1).default(65_536),
  }).prefault({}),
  overload: section({
    queueDelayMs: whole().default(25),
    refuseDelayMs: whole().default(50),
    queueHeapShare: heapShare.default(0.8),
    refuseHeapShare: heapShare.default(0.88),
    endHeapShare: heapShare.default(0.94),
    maxStreams: whole().default(0),
  }).prefault({}),
  live: section({
    maxSessions: whole().default(0),
    setupInMs: whole().default(10_000),
    maxFrameBytes: whole().default(16_777_216),
    pingMs: whole().default(20_000),
  }).prefault({}),
  affinity: section({ unknown: z.enum(['search', 'refuse']).default('search') }).prefault({}),
};

const storeAddress = section({ url: z.string().min(1).default('memory:') });

const gatewaySchema = section({
  ...gatewayShape,
  store: z
    .union([
      z.custom<Store>((value) => typeof (value as Store | null)?.reserve === 'function', 'a store'),
      section({ url: z.literal('memory:').default('memory:') }),
    ])
    .prefault({}),
  server: section(door).prefault({}),
  upstream: z
    .custom<Upstream>((value) => typeof (value as Upstream | null)?.send === 'function', 'an Upstream')
    .optional(),
  clock: z.custom<Clock>((value) => typeof (value as Clock | null)?.now === 'function', 'a Clock').optional(),
});

const configurationSchema = section({
  ...gatewayShape,
  store: storeAddress.prefault({}),
  server: section({
    ...door,
    host: z.string().min(1).default('127.0.0.1'),
    port: whole(0, 65_535).default(8_787),
    drainMs: whole().default(10_000),
    drainGraceMs: whole().default(0),
    headersInMs: whole().default(10_000),
  }).prefault({}),
  log: section({
    level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    format: z.enum(['json', 'pretty']).default('json'),
    requests: z.enum(['all', 'failed', 'none']).default('all'),
  }).prefault({}),
});

type Parsed = z.output<typeof gatewaySchema> | z.output<typeof configurationSchema>;

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
  const { server, log, store } = parsedBy(configurationSchema, value);
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

function parsedBy<Schema extends typeof gatewaySchema | typeof configurationSchema>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value);
  const shapeFaults = result.success ? [] : describeFaults(result.error.issues, value);
  // What has the right shape is judged even where something else has not: all is said at once.
  const faults = [...shapeFaults, ...(isRecord(value) ? crossFaults(value) : [])];
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
  const { retry, breaker, timeouts, queue, limits, overload, server, live, affinity } = options;
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
    store: 'store' in options && 'reserve' in options.store ? options.store : null,
    warnings,
  };
}

function isStickyBy(value: unknown): value is StickyBy {
  return value === 'conversation' || value === 'caller' || (typeof value === 'string' && /^header:[!-~]+$/.test(value));
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && pathname === '/' && `${search}${hash}${username}${password}` === '';
}

function isAddressRange(text: string): boolean {
  return [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()].some((shape) => shape.safeParse(text).success);
}

function isCorsOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && (new URL(text).origin === text || !/^https?:/.test(text)));
}

/** Data alone. */
function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (Array.isArray(inner) || isPlain(inner)) freeze(inner as object);
  return Object.freeze(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
