/** What is measured: each variant by its name, how its process is started, and what it is compared with. */

import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder, packagesFolder, root } from './build.ts';
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
}

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
    ...(existsSync(join(root, 'packages', 'express', 'tsup.config.ts')) ? expressVariants() : []),
    proxy('proxy', 'none', 'examples/proxy as npm start starts it, metrics on, no line per request'),
    proxy('proxy-log', 'all', 'the same with a log line per request, into a file'),
  ];
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
    throw new Error(`there is no variant "${name}"; there are ${all.map((variant) => variant.name).join(', ')}`);
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

function expressVariants(): Variant[] {
  const bare = subject('express-raw', 'express.ts', ['raw'], 'Express 5 with the raw proxy in it');
  const ours = subject('express', 'express.ts', ['sluice'], 'Express 5 with @sluice/express');
  return [bare, { ...ours, base: bare.name }];
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
  const BENCH_OPTIONS = JSON.stringify(tuning);
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
