/**
 * How much of each figure is measured: long enough to be published in a whole run, and under a minute in a quick one.
 *
 * Variants are measured in groups of at most four processes, each with its base in it: a slice and the slice of the base
 * that it is compared with are then never more than a second apart.
 */

import type { Command, FigureName } from './command-line.ts';
import { frameworksHere } from './frameworks.ts';
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
  // What a gateway costs without a framework stands beside each, so that what is the adapter's own can be told.
  adapters: [['raw', 'raw-again', 'core'], ...frameworksHere().map(({ name }) => ['raw', 'core', `${name}-raw`, name])],
  'in-process': [
    ['calls-undici', 'calls-undici-again', 'calls-gateway'],
    ['calls-undici', 'calls-fetch', 'calls-gateway-fetch'],
  ],
  cache: [['known', 'known-again', 'core-cached', 'core']],
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

/** What one figure alone can measure: it has no port, or does not ask the provider each time. */
const onlyIn: readonly (readonly [names: RegExp, figure: FigureName])[] = [
  [/^core-in-process$/, 'cancel'],
  [/^calls-/, 'in-process'],
  [/^(?:known|core-cached)/, 'cache'],
];

const relays = /^(?:raw|raw-again|core|core@.*|proxy|proxy-log)$/;
/** The variants that a figure can measure, where it cannot measure all. */
const measures: Readonly<Partial<Record<FigureName, RegExp>>> = {
  upload: relays,
  live: relays,
  adapters: new RegExp(
    `^(?:raw|core|(?:${frameworksHere()
      .map(({ name }) => name)
      .join('|')})(?:-raw)?)$`,
  ),
  'in-process': /^calls-/,
  cache: /^(?:known|known-again|core-cached|core)$/,
};

const isCompared = new Set<FigureName>(['unary', 'gzip', 'stream', 'chunk', 'upload', 'live']);
const isGrouped = new Set<FigureName>(['adapters', 'in-process', 'cache']);
const mostInGroup = 4;

/** The variants of a figure, group by group. @throws Error for a name that no variant has */
export function groupsOf(figure: FigureName, command: Command): Variant[][] {
  const { variants } = command;
  if (variants.length === 0) return wholeRun[figure].map((names) => variantsNamed(names));
  for (const name of variants) assertFits(figure, name);
  const whole = wholeRun[figure];
  // Their groups are made by hand: of these, those with something in them that was asked for.
  if (isGrouped.has(figure))
    return whole
      .filter((names, at) => at === 0 || names.some((name) => variants.includes(name)))
      .map((names) => variantsNamed(names));
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

function assertFits(figure: FigureName, name: string): void {
  const home = onlyIn.find(([names]) => names.test(name))?.[1] ?? figure;
  if (home !== figure) throw new Error(`${name} is measured by \`${home}\` alone, and not by \`${figure}\``);
  variantsNamed([name]);
  if (measures[figure]?.test(name) === false) throw new Error(`\`${figure}\` is not measured with ${name}`);
}

/** The amounts of a cost figure. */
export interface Amounts {
  readonly pairs: number;
  readonly slicesPerPair: number;
  readonly sliceMs: number;
  readonly warmUpRequests: number;
}

/** V8 compiles in threads of its own, most of it between 10,000 and 15,000 requests: 48 µs a request of core, and 2 after 20,000. */
const warmUps: Readonly<Record<string, number>> = { unary: 40_000, gzip: 20_000, stream: 1_000, chunk: 1_000 };

/** For a figure that is compared slice by slice. */
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
