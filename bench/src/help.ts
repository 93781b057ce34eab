/** What there is to measure, for who asks the command. */

import { type FigureName, figureNames } from './command-line.ts';
import { variantNames } from './variants.ts';

const figures: Readonly<Record<FigureName, string>> = {
  unary: 'CPU per request and answer of 1 kB',
  gzip: 'the same with a compressed answer',
  stream: 'CPU per stream of 200 events in a burst',
  chunk: 'CPU per event at human speed',
  latency: 'what is added to the latency of 500 requests a second',
  held: 'memory, CPU and delays with 1,000 and 5,000 open streams',
  stalled: 'memory with 100 readers that do not read',
  adapters: 'CPU per request and per stream in Express, Fastify, Hono and Next, beside a bare proxy in each',
  'in-process': 'CPU per gateway.fetch, beside the call to the provider that it makes',
  cache: 'CPU per answer and per stream out of the cache, beside a server that has nothing else to say',
  upload: 'speed, CPU and memory of files on their way up',
  live: 'delay, CPU and memory of live sessions',
  'slow-readers': 'what 500 clients that read nothing cost the others',
  'big-event': 'what an event of 20 MB costs the others',
  overload: 'goodput and refusals at three times the load',
  cancel: 'from a client that leaves to the end of the call',
  drain: 'what becomes of 1,000 streams when the proxy is told to go down',
};

/** How the command is used. */
export function help(): string {
  const width = Math.max(...figureNames.map((name) => name.length));
  return [
    'npm run bench -- [FIGURE...] [VARIANT...] [--quick] [--write] [--profile] [--keep NAME]',
    '',
    'Figures:',
    ...figureNames.map((name) => `  ${name.padEnd(width)}  ${figures[name]}`),
    '',
    `Variants: ${variantNames().join(', ')}, and core@NAME after --keep NAME.`,
    '',
    'See bench/README.md.',
    '',
  ].join('\n');
}
