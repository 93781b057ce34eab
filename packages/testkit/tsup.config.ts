import { defineConfig } from 'tsup';

export default defineConfig({
  entry: ['src/adapters.ts'],
  format: 'esm',
  target: 'node22',
  platform: 'node',
  dts: false,
  clean: true,
  sourcemap: true,
});
