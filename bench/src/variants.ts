/** What is measured: each variant by its name, how its process is started, and what it is compared with. */

import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder, packagesFolder, root } from './build.ts';
import { type Framework, frameworksHere } from './frameworks.ts';
import type { Tuning } from './subjects/options.ts';
import { callerKey, providerKeys } from './traffic.ts';

/** A gateway to be started. */
export interface Variant {
  readonly name: string;
  readonly what: string;
  /** The name of the variant that it is compared with. */
  readonly base: string;
  /** Arguments of its Node process. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it writes to standard output is kept in this file. */
  readonly logFile: string | null;
  /** How often it asks the provider: with each request, with the first of a kind, or never. @default 'each' */
  readonly asks?: Asks | undefined;
}

/** @see {@link Variant.asks} */
export type Asks = 'each' | 'first' | 'never';

const pairs: readonly (readonly [name: string, surface: string, way: string])[] = [
  ['core', 'node', 'undici'],
  ['core-node-fetch', 'node', 'fetch'],
  ['core-web-undici', 'web', 'undici'],
  ['core-web-fetch', 'web', 'fetch'],
];

/** Every variant that this checkout can run. */
function allVariants(): Variant[] {
  return [
    subject('raw', 'raw.ts', [], 'node:http → undici.dispatch → res.write, the key swapped'),
    subject('raw-again', 'raw.ts', [], 'the same a second time: what differs is noise'),
    ...pairs.map(([name, surface, way]) =>
      subject(name, 'core.ts', [surface, way], `@sluice/core: ${surface} surface, ${way} upstream`),
    ),
    subject(
      'core-in-process',
      'in-process.ts',
      [],
      '@sluice/core: gateway.fetch, called by who lives in the same process',
    ),
    ...inProcessVariants(),
    ...knowingVariants(),
    ...frameworksHere().flatMap(frameworkVariants),
    proxy('proxy', 'none', 'examples/proxy as npm start starts it, metrics on, no line per request'),
    proxy('proxy-log', 'all', 'the same with a log line per request, into a file'),
  ];
}

/** The names of all that this checkout can run. */
export function variantNames(): string[] {
  return allVariants().map(({ name }) => name);
}

/**
 * Finds variants by their names; `core@NAME` is the core that an earlier run has kept by `--keep NAME`.
 *
 * @throws Error that lists the names there are
 */
export function variantsNamed(names: readonly string[]): Variant[] {
  const all = allVariants();
  return names.map((name) => {
    const found = all.find((variant) => variant.name === name) ?? kept(name);
    if (found !== null) return found;
    throw new Error(`there is no variant "${name}"; there are ${variantNames().join(', ')}`);
  });
}

function kept(name: string): Variant | null {
  const [plain, build] = name.split('@');
  const folder = packagesFolder(build);
  if (build === undefined || plain !== 'core' || !existsSync(folder)) return null;
  return {
    ...subject(name, 'core.ts', ['node', 'undici'], `the core kept as ${build}`),
    env: { BENCH_PACKAGES: folder },
  };
}

function frameworkVariants({ name, title, by, envOf }: Framework): Variant[] {
  const one = (variant: string, way: string, what: string): Variant => {
    const plain = subject(variant, `${name}.ts`, [way], `${title} with ${what}`);
    return { ...plain, env: { ...plain.env, ...envOf?.(way) } };
  };
  const bare = one(`${name}-raw`, 'raw', 'the raw proxy in it');
  return [bare, { ...one(name, 'sluice', by), base: bare.name }];
}

/** Clients that live in the process of what they call. */
function inProcessVariants(): Variant[] {
  const one = (name: string, way: string, what: string): Variant => ({
    ...subject(name, 'calls.ts', [way], what),
    base: 'calls-undici',
  });
  return [
    one('calls-undici', 'undici', '`undici.request`, straight to the provider'),
    one('calls-undici-again', 'undici', 'the same a second time: what differs is noise'),
    one('calls-fetch', 'fetch', 'the global `fetch`, straight to the provider'),
    one('calls-gateway', 'gateway', '`gateway.fetch`, undici upstream'),
    one('calls-gateway-fetch', 'gateway-fetch', '`gateway.fetch`, fetch upstream'),
  ];
}

/** Who answers without asking. */
function knowingVariants(): Variant[] {
  const one = (name: string, what: string): Variant => ({
    ...subject(name, 'known.ts', [], what),
    base: 'known',
    asks: 'never',
  });
  const cached = tuned(
    subject('core-cached', 'core.ts', ['node', 'undici'], 'core, which has the answer in its cache'),
    {
      cache: { ttlMs: 3_600_000 },
    },
  );
  return [
    one('known', 'node:http → the same bytes, without asking anybody'),
    one('known-again', 'the same a second time: what differs is noise'),
    { ...cached, base: 'known', asks: 'first' },
  ];
}

function subject(name: string, file: string, args: readonly string[], what: string): Variant {
  return {
    name,
    what,
    base: 'raw',
    args: [join(import.meta.dirname, 'subjects', file), ...args],
    env: { BENCH_PACKAGES: packagesFolder() },
    logFile: null,
  };
}

/** The same variant with other options, in files of its own: what the plain one says stays. */
export function tuned(variant: Variant, tuning: Tuning): Variant {
  const before = JSON.parse(variant.env.BENCH_OPTIONS ?? '{}') as Tuning;
  const BENCH_OPTIONS = JSON.stringify({ ...before, ...tuning });
  const { SLUICE_CONFIG } = variant.env;
  if (SLUICE_CONFIG === undefined) return { ...variant, env: { ...variant.env, BENCH_OPTIONS } };
  const { onlyProject, ...options } = tuning;
  if (onlyProject !== undefined) throw new Error('the proxy gets its projects from the environment');
  const plain = JSON.parse(readFileSync(SLUICE_CONFIG, 'utf8')) as object;
  const config = SLUICE_CONFIG.replace(/\.json$/, '.tuned.json');
  writeFileSync(config, JSON.stringify({ ...plain, ...options }));
  return { ...variant, env: { ...variant.env, SLUICE_CONFIG: config } };
}

/** Whether {@link watched} shows anything of it. */
export function canBeWatched({ name }: Variant): boolean {
  return /^core(?:-|@|$)/.test(name);
}

/** The same variant, which answers questions about its gateway: what is under way, and how requests have ended. */
export function watched(variant: Variant): Variant {
  return canBeWatched(variant) ? { ...variant, env: { ...variant.env, BENCH_WATCH: '1' } } : variant;
}

/** The same variant as it relays live sessions. The proxy always does. */
export function talking(variant: Variant): Variant {
  if (isRaw(variant)) return { ...variant, args: [join(import.meta.dirname, 'subjects', 'raw-live.ts')] };
  return { ...variant, env: { ...variant.env, BENCH_LIVE: '1' } };
}

/** The same variant as it passes uploads on: what is nothing but a proxy has to know that it may not collect them. */
export function uploading(variant: Variant): Variant {
  return isRaw(variant) ? { ...variant, args: [...variant.args, 'pipe'] } : variant;
}

function isRaw({ name }: Variant): boolean {
  return /^raw(?:-again)?$/.test(name);
}

function proxy(name: string, requests: string, what: string): Variant {
  const folder = join(benchFolder, name);
  const config = join(folder, 'sluice.config.json');
  mkdirSync(folder, { recursive: true });
  writeFileSync(config, JSON.stringify({ log: { requests, format: 'json' } }));
  return {
    name,
    what,
    base: 'raw',
    args: ['--conditions=@sluice/source', join(root, 'examples', 'proxy', 'src', 'server.ts')],
    env: {
      PORT: '0',
      SLUICE_CONFIG: config,
      SLUICE_DATA_DIR: join(folder, 'data'),
      SLUICE_API_KEYS: `alice=alice-0123456789abcdef,bench=${callerKey}`,
      GEMINI_API_KEYS: providerKeys.map((key, at) => `project-${Math.floor(at / 2)}=${key}`).join(','),
    },
    logFile: join(folder, 'log'),
  };
}

/** Opens the variant's log, empty, or throws away what it says. */
export function standardOutput({ logFile }: Variant): number | 'ignore' {
  return logFile === null ? 'ignore' : openSync(logFile, 'w');
}
