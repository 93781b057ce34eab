import { defineConfig } from 'tsup';

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/node.ts',
    'src/web.ts',
    'src/live.ts',
    'src/upstream/fetch.ts',
    'src/upstream/undici.ts',
    'src/platform/node.ts',
    'src/platform/web.ts',
  ],
  format: 'esm',
  target: 'node22',
  platform: 'node',
  dts: false,
  clean: true,
  sourcemap: true,
  // `#upstream` and `#platform` stay as they are: the consumer's conditions decide, not our build.
  external: [/^#/],
});
