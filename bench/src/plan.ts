/**
 * How much of each figure is measured: long enough to be published in a whole run, and under a minute in a quick one.
 *
 * Variants are measured in groups of at most four processes, each with its base in it: a slice and the slice of the base
 * that it is compared with are then never more than a second apart.
 */

import type { Command, FigureName } from './command-line.ts';
import { isRelay } from './relays.ts';
import { type Variant, variantsNamed } from './variants.ts';

/** What a whole run measures. The first group of a cost has the raw proxy twice: the A/A check. */
const wholeRun: Readonly<Record<FigureName, readonly (readonly string[])[]>> = {
  unary: [
    ['raw', 'raw-again', 'core', 'core-node-fetch'],
    ['raw', 'core-web-undici', 'core-web-fetch'],
    ['express-raw', 'express'],
    ['raw', 'proxy', 'proxy-log'],
  ],
  gzip: [['raw', 'raw-again', 'core']],
  stream: [
    ['raw', 'raw-again', 'core', 'core-node-fetch'],
    ['raw', 'core-web-undici', 'core-web-fetch', 'proxy'],
  ],
  chunk: [['raw', 'raw-again', 'core', 'proxy']],
  latency: [['raw', 'core', 'proxy']],
  held: [['raw', 'core', 'proxy']],
  stalled: [['raw', 'core', 'proxy']],
  upload: [['raw', 'raw-again', 'core', 'proxy']],
  live: [['raw', 'raw-again', 'core', 'proxy']],
  'slow-readers': [['raw', 'core', 'proxy']],
  'big-event': [['raw', 'core', 'proxy']],
  overload: [['raw', 'core', 'proxy']],
  cancel: [['raw', 'core', 'core-in-process', 'proxy']],
  drain: [['proxy']],
};

/** Only a process that somebody runs can be told to go down. */
const isOfProxy = new Set<FigureName>(['drain']);
/** It has no port: only clients that live in its process can ask it. */
const inProcess = 'core-in-process';

/** Variants that uploads and live sessions go through. */
const canRelay = /^(?:raw|raw-again|core|core@.*|proxy|proxy-log)$/;

const isCompared = new Set<FigureName>(['unary', 'gzip', 'stream', 'chunk', 'upload', 'live']);
const mostInGroup = 4;

/** The variants of a figure, group by group. @throws Error for a name that no variant has */
export function groupsOf(figure: FigureName, command: Command): Variant[][] {
  const { variants } = command;
  if (variants.length === 0) return wholeRun[figure].map((names) => variantsNamed(names));
  if (variants.includes(inProcess) && figure !== 'cancel')
    throw new Error(`${inProcess} is measured by \`cancel\` alone, and not by \`${figure}\``);
  if (isRelay(figure)) {
    const mute = variants.find((name) => !canRelay.test(name));
    if (mute !== undefined) throw new Error(`\`${figure}\` is not measured with ${mute}`);
  }
  if (isOfProxy.has(figure)) {
    const some = variantsNamed(variants).filter(({ name }) => name.startsWith('proxy'));
    return some.length === 0 ? groupsOf(figure, { ...command, variants: [] }) : [some];
  }
  const first = isCompared.has(figure) ? ['raw', 'raw-again'] : ['raw'];
  const groups = [[...first]];
  for (const { name, base } of variantsNamed(variants)) {
    const last = groups.at(-1) as string[];
    const missing = [base, name].filter((one) => !last.includes(one));
    if (last.length + missing.length <= mostInGroup) last.push(...missing);
    else groups.push([...new Set(['raw', base, name])]);
  }
  return groups.map((names) => variantsNamed(names));
}

/** The amounts of a cost figure. */
export interface Amounts {
  readonly pairs: number;
  readonly slicesPerPair: number;
  readonly sliceMs: number;
  readonly warmUpRequests: number;
}

const warmUps: Readonly<Record<string, number>> = { unary: 10_000, gzip: 10_000, stream: 400, chunk: 400 };

/** For a figure that is compared slice by slice; 400 streams are 80,000 events, which is what they have to warm. */
export function amountsOf(figure: FigureName, { isQuick }: Command): Amounts {
  const warmUpRequests = warmUps[figure] as number;
  if (isQuick) return { pairs: 3, slicesPerPair: 8, sliceMs: 250, warmUpRequests };
  return {
    pairs: 7,
    slicesPerPair: figure === 'chunk' ? 4 : 5,
    sliceMs: figure === 'chunk' ? 400 : 200,
    warmUpRequests,
  };
}
