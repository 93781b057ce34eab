/** The frameworks that a gateway is mounted in: each twice, with the bare proxy in it and with the gateway. */

import { hasAdapter } from './build.ts';
import { nextAppFolder } from './next-app.ts';

/** One of them. */
export interface Framework {
  readonly name: string;
  readonly title: string;
  /** How the gateway gets in. */
  readonly by: string;
  /** What both of its processes need to know, by the word for what is in it. */
  envOf?(way: string): Readonly<Record<string, string>>;
}

/** In the order of the tables. A framework whose adapter this checkout does not have is left out. */
export const frameworks: readonly Framework[] = [
  { name: 'express', title: 'Express 5', by: '@sluice/express' },
  { name: 'fastify', title: 'Fastify 5', by: '@sluice/fastify' },
  { name: 'hono', title: 'Hono on @hono/node-server', by: '`fetchHandler` of @sluice/core/web' },
  {
    name: 'next',
    title: 'a route of the app router of Next 16, on Node',
    by: '@sluice/next',
    envOf: (way) => ({ NODE_ENV: 'production', BENCH_NEXT_APP: nextAppFolder, BENCH_WAY: way }),
  },
];

/** Those that can be measured here with a gateway in them. */
export function frameworksHere(): Framework[] {
  return frameworks.filter(({ name }) => name === 'hono' || hasAdapter(name));
}

/** The packages that have to be built for some variants. */
export function adaptersOf(variants: readonly { readonly name: string }[]): string[] {
  return frameworksHere()
    .map(({ name }) => name)
    .filter((name) => hasAdapter(name) && variants.some((variant) => variant.name === name));
}
