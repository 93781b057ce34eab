/** What options must look like: the one schema, and the only place with defaults. */

import * as z from 'zod';
import type { CallerLookup } from '../auth/auth.ts';
import type { Clock } from '../clock.ts';
import type { StickyBy } from '../pool/pool.ts';
import type { Store } from '../store/store.ts';
import type { Upstream } from '../wire.ts';

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

/** One project of a pool. */
export const projectSchema = section({
  id: name,
  weight: share.default(1),
  tier: z.string().min(1).max(64).optional(),
  isGuessed: z.boolean().default(false),
  keys: z.array(z.string()).min(1),
  limits: section({ ...useLimits, models: z.record(modelName, section(useLimits)).default({}) }).optional(),
});

/** One pool. */
export const poolSchema = section({
  provider: z.literal('gemini').default('gemini'),
  baseUrl: origin.default('https://generativelanguage.googleapis.com'),
  strategy: z.enum(['least-busy', 'round-robin', 'weighted', 'sticky']).default('least-busy'),
  stickyBy: z.custom<StickyBy>(isStickyBy, '"conversation", "caller" or "header:NAME"').default('conversation'),
  projects: z.array(projectSchema).min(1),
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
  pools: z.record(z.string(), poolSchema).optional(),
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

/** The options of a gateway. */
export const gatewaySchema = section({
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

/** The same as a file, with what belongs to the process around it. */
export const configurationSchema = section({
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

/** Options that have the right shape. */
export type Parsed = z.output<typeof gatewaySchema> | z.output<typeof configurationSchema>;

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
