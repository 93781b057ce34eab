/** Options made complete: what the schema makes of them, and every rule that they must keep. */

import type * as z from 'zod';
import type { LimitSettings } from './attempt/errand.ts';
import type { TimeoutSettings } from './attempt/patience.ts';
import type { RetrySettings } from './attempt/verdict.ts';
import type { CallerLookup } from './auth/auth.ts';
import type { ListedCaller } from './auth/callers.ts';
import type { OverloadSettings } from './door/overload.ts';
import { SluiceError } from './errors.ts';
import type { BreakerSettings } from './health/breaker.ts';
import type { LiveSettings } from './live/live-stations.ts';
import type { Configuration, GatewayOptions } from './options.ts';
import type { PoolSettings } from './pool/pool.ts';
import type { ProjectSettings } from './pool/project.ts';
import type { WaitingSettings } from './pool/waiting-room.ts';
import { describeFaults } from './settings/faults.ts';
import { crossFaults, isRecord } from './settings/rules.ts';
import { configurationSchema, gatewaySchema, type Parsed, poolSchema, type projectSchema } from './settings/schema.ts';
import { parseCallers, parseKeys } from './settings/short-forms.ts';
import type { Limits, Store } from './store/store.ts';

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
  { id, weight, tier, isGuessed, keys, limits }: z.output<typeof projectSchema>,
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
    poolSchema.parse({ projects: parseKeys(options.keys ?? '') }),
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

/** Data alone. */
function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (Array.isArray(inner) || isPlain(inner)) freeze(inner as object);
  return Object.freeze(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
