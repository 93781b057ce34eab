import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { Progress, wanted } from './tools/progress.ts';

// They reach Node as `--conditions` too, where `import` or `module` would hand ES modules to CommonJS's `require`, and
// break Express. Vite adds those by itself.
const conditions = ['@sluice/source', 'node'];
const projects = ['packages', 'examples'].flatMap((dir) => readdirSync(dir).map((name) => `${dir}/${name}`));

export default defineConfig({
  test: {
    reporters: [
      'default',
      ['json', { outputFile: 'reports/vitest.json' }],
      ...(process.env[wanted] === undefined ? [] : [new Progress()]),
    ],
    projects: [...projects, 'bench', 'doorways', 'faults', 'tools'].map((root) => ({
      extends: false as const,
      root,
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions } },
      test: {
        name: root.replace(/^packages\//, ''),
        environment: 'node',
        include: ['test/**/*.test.ts'],
        // Most need a hundredth of it. A machine that is shared may stand still for seconds, and that is no finding.
        testTimeout: 20_000,
        hookTimeout: 20_000,
        // What fails twice is a finding. At home once is enough.
        retry: process.env.CI === undefined ? 0 : 1,
        typecheck: {
          enabled: existsSync(`${root}/test-d`),
          include: ['test-d/**/*.test-d.ts'],
          tsconfig: 'tsconfig.test.json',
        },
      },
    })),
  },
});
