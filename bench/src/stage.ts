/** The processes of one round: fake provider, generator, and the gateways between them, fresh each time. */

import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder } from './build.ts';
import { otherCores, pin } from './pinning.ts';
import { type Child, startChild } from './side-channel.ts';
import { announcement } from './subjects/announce.ts';
import { providerKeys } from './traffic.ts';
import type { Seen } from './upstream.ts';
import { type Asks, standardOutput, type Variant } from './variants.ts';
import type { Vitals } from './vitals.ts';

/** A gateway that runs. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  /** How often it asks the provider. */
  readonly asks: Asks;
  /** The process itself. */
  readonly child: Child;
  vitals(): Promise<Vitals>;
  /** Collects garbage and tells what is left, in bytes. */
  liveBytes(): Promise<number>;
}

/** How the processes are started. */
export interface StageOptions {
  /** Write a CPU profile of each gateway when it ends. */
  readonly isProfiled: boolean;
  /** Processes that make load, each with what it has to do. @default 1 */
  readonly generators?: number | undefined;
  /** Gateways get a provider that takes connections and never finishes a handshake. @default false */
  readonly isProviderDeaf?: boolean | undefined;
  /** Another provider than the one of requests that generate: a file of `providers`, without its ending. */
  readonly provider?: 'live' | 'uploads' | undefined;
  /** Gateways have the first core for themselves, and everybody else has the others. @default false */
  readonly isPinned?: boolean | undefined;
}

/** @see {@link openStage} */
export interface Stage {
  /** The first of {@link loads}. */
  readonly load: Child;
  readonly loads: readonly Child[];
  readonly upstream: Child;
  readonly upstreamPort: number;
  readonly subjects: readonly Subject[];
  /** @throws Error when the provider has seen what it should not have seen, or not as many calls as it should */
  checkUpstream(calls: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a provider, a generator, and a process for each variant. */
export async function openStage(
  variants: readonly Variant[],
  { isProfiled, generators = 1, isProviderDeaf = false, provider, isPinned = false }: StageOptions,
): Promise<Stage> {
  const children: Child[] = [];
  try {
    const providerFile = provider === undefined ? 'upstream.ts' : join('providers', `${provider}.ts`);
    const upstream = startChild({ name: 'upstream', args: [join(import.meta.dirname, providerFile)] });
    const loads = Array.from({ length: generators }, (_, at) =>
      startChild({ name: at === 0 ? 'load' : `load-${at + 1}`, args: [join(import.meta.dirname, 'load.ts')] }),
    );
    const [load] = loads as [Child];
    children.push(upstream, ...loads);
    const upstreamPort = await upstream.ask<number>('port');
    const origin = isProviderDeaf
      ? `https://127.0.0.1:${await upstream.ask<number>('deaf-port')}`
      : `http://127.0.0.1:${upstreamPort}`;
    if (isPinned) for (const child of children) pin(child, otherCores());
    const subjects: Subject[] = [];
    for (const variant of variants) {
      const { child, port } = await startSubject(variant, origin, isProfiled);
      children.push(child);
      if (isPinned) pin(child, '0');
      subjects.push({
        name: variant.name,
        port,
        asks: variant.asks ?? 'each',
        child,
        vitals: () => child.ask<Vitals>('vitals'),
        liveBytes: () => child.ask<number>('live-bytes'),
      });
    }
    return {
      load,
      loads,
      upstream,
      upstreamPort,
      subjects,
      async checkUpstream(calls) {
        const { callsByKey, problems } = await upstream.ask<Seen>('seen');
        if (problems.length > 0) throw new Error(`the provider saw: ${problems[0]}`);
        const seen = [...callsByKey.values()].reduce((sum, some) => sum + some, 0);
        if (seen !== calls) throw new Error(`${calls} requests were answered and ${seen} calls went up`);
      },
      close: () => endAll(children),
    };
  } catch (error) {
    await endAll(children);
    throw error;
  }
}

async function endAll(children: readonly Child[]): Promise<void> {
  await Promise.all(children.map((child) => child.end()));
}

async function startSubject(
  variant: Variant,
  origin: string,
  isProfiled: boolean,
): Promise<{ child: Child; port: number }> {
  const vitals = join(import.meta.dirname, 'vitals.ts');
  const folder = join(benchFolder, 'profiles');
  const profile = isProfiled
    ? ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${variant.name}.cpuprofile`]
    : [];
  const stdout = standardOutput(variant);
  const child = startChild({
    name: variant.name,
    args: [...profile, `--import=${vitals}`, ...variant.args],
    env: {
      ...variant.env,
      BENCH_UPSTREAM: origin,
      BENCH_PROVIDER_KEY: providerKeys[0] as string,
      GEMINI_BASE_URL: origin,
    },
    stdout,
    readsErrors: true,
  });
  if (stdout !== 'ignore') closeSync(stdout);
  return { child, port: await portOf(child) };
}

/** Reads what a gateway says until it names its port; what it says later goes to our own standard error. */
function portOf(child: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    let isFound = false;
    child.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const port = announcement.exec(said)?.[1];
      if (isFound) process.stderr.write(`${child.name}: ${text}`);
      else if (port !== undefined) {
        // A banner comes in one piece with the port in it.
        isFound = true;
        resolve(Number(port));
      }
    });
    child.process.once('exit', () => reject(new Error(`${child.name} did not start:\n${said}`)));
  });
}
