/** Where the runtimes are: each in a package for one platform, beside the package that names it. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export type RuntimeName = 'workerd' | 'bun' | 'deno';

/** Packages as their own installers look for them, by platform. */
const candidates: Readonly<Record<RuntimeName, (platform: string) => readonly string[]>> = {
  workerd: (platform) => [`@cloudflare/workerd-${platform.replace('x64', '64')}/bin/workerd`],
  bun: (platform) => [`@oven/bun-${platform}/bin/bun`, `@oven/bun-${platform}-musl/bin/bun`],
  deno: (platform) => [`@deno/${platform}-glibc/deno`, `@deno/${platform}/deno`],
};

/** @returns null where the platform's package is not installed */
export function binaryOf(name: RuntimeName): string | null {
  const require = createRequire(import.meta.url);
  // pnpm puts it beside the package, not beside us.
  const home = dirname(dirname(require.resolve(`${name}/package.json`)));
  const found = candidates[name](`${process.platform}-${process.arch}`)
    .map((path) => join(home, path))
    .find((path) => existsSync(path));
  return found ?? null;
}
