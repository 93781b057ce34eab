import { defineConfig } from 'tsup';

export default defineConfig([
  {
    entry: ['src/index.ts', 'src/preload.ts', 'src/renderer.ts'],
    format: 'esm',
    target: 'node22',
    platform: 'node',
    dts: false,
    clean: ['!preload.cjs'], // the other one's, which is built at the same time
    sourcemap: true,
    external: ['electron'],
  },
  {
    // A sandboxed preload script is one file of CommonJS that may require nothing but `electron`.
    entry: { preload: 'src/preload-script.ts' },
    format: 'cjs',
    target: 'chrome140',
    platform: 'browser',
    dts: false,
    clean: false,
    external: ['electron'],
  },
]);
