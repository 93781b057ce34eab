import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * `vitest bench --run --config packages/store-sqlite/bench/vitest.config.ts`. Apart from the tests, for benches want Node
 * to load the sources itself: the getters that vitest puts around exports cost as much as what is measured.
 */
export default defineConfig({
  root: join(import.meta.dirname, '..'),
  test: {
    include: [],
    benchmark: { include: ['bench/**/*.bench.ts'] },
    experimental: { viteModuleRunner: false },
    execArgv: ['--conditions=@sluice/source'],
    testTimeout: 60_000,
    fileParallelism: false,
  },
});
