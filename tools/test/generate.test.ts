import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { literal } from '../docs/defaults.ts';
import { generate } from '../generate.ts';
import { lineDiff } from '../line-diff.ts';
import { addToTree, makeTree } from './tree.ts';

const sources = {
  'package.json': '{ "type": "module" }',
  'packages/core/src/callers.ts':
    'export interface CallerOptions { /** Yours. */ id: string }\nexport interface Clock { now(): number }\n',
  'packages/core/src/options.ts': `import type { CallerOptions, Clock } from './callers.ts';
/** Everything. */
export interface GatewayOptions {
  /** Keys | more keys. */
  keys?: string | undefined;
  /** Pools by name. */
  pools?: Record<string, PoolOptions> | undefined;
  callers?: 'anyone' | CallerOptions[] | undefined;
  /** How often. */
  retry?: RetryOptions | undefined;
  /** Time. @default the system's */
  clock?: Clock | undefined;
}
export interface PoolOptions {
  /** @default 'least-busy' */
  strategy?: 'least-busy' | undefined;
  /** At least one. */
  projects: readonly ProjectOptions[];
}
export interface ProjectOptions {
  /** @default 1 */
  weight?: number | undefined;
}
/** Again and again. */
export interface RetryOptions {
  /**
   * The longest wait,
   * in ms; see {@link RetryOptions}.
   *
   * @default 20_000
   */
  maxDelayMs?: number | undefined;
}
`,
  'packages/core/src/settings.ts': `export function resolveSettings(options: { keys: string }) {
  const projects = [{ weight: 1, keys: [options.keys] }];
  return { pools: { gemini: { strategy: 'least-busy', projects } }, retry: { maxDelayMs: 20000 } };
}
`,
  'packages/core/src/error-table.ts': `export const errorTable = {
  not_found: { status: 404, rpc: 'NOT_FOUND', when: 'No such route.', help: 'Look | again.' },
};
`,
};

test('what was written is up to date, and says where it comes from', async () => {
  const root = makeTree(sources);
  expect((await generate(root, true)).problems).toEqual([]);
  expect((await generate(root, false)).problems).toEqual([]);
  const options = readFileSync(join(root, 'docs/options.md'), 'utf8');
  expect(options).toContain('generated from `packages/core/src/options.ts` by `npm run docs`');
  expect(options).toContain('| `keys` | `string` |  | Keys \\| more keys. |');
  expect(options).toContain("| `clock` | `Clock` | the system's | Time. |");
  expect(options).toContain(
    '## `callers[]`\n\n| option | type | default | what |\n| --- | --- | --- | --- |\n| `id` | `string` | required | Yours. |',
  );
  expect(options).toContain('## `pools.<name>.projects[]`');
  expect(options).toContain(
    '| `maxDelayMs` | `number` | `20000` (20 s) | The longest wait, in ms; see `RetryOptions`. |',
  );
  const errors = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  expect(errors).toContain('by `npm run docs`');
  expect(errors).toContain('| `not_found` | 404 | `NOT_FOUND` | No such route. | Look \\| again. |');
});

test('a page that somebody edited fails with the difference', async () => {
  const root = makeTree(sources);
  await generate(root, true);
  const page = join(root, 'docs/errors.md');
  writeFileSync(page, readFileSync(page, 'utf8').replace('404', '405'));
  const { problems } = await generate(root, false);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/docs\/errors\.md .*npm run docs.*\n(.*\n)*- .* 405 .*\n\+ .* 404 /);
});

test('a page that was never written fails', async () => {
  expect((await generate(makeTree(sources), false)).problems).toHaveLength(2);
});

test('a default that the settings do not have fails, at any depth', async () => {
  const root = makeTree(sources);
  await generate(root, true);
  const settings = sources['packages/core/src/settings.ts'].replace('20000', '30000').replace('weight: 1', 'weight: 2');
  addToTree(root, { 'packages/core/src/settings.ts': settings });
  expect((await generate(root, false)).problems).toEqual([
    'options.ts: pools.<name>.projects[].weight: `@default 1`, but the settings have 2',
    'options.ts: retry.maxDelayMs: `@default 20_000`, but the settings have 30000',
  ]);
});

test('the configuration file has a part of its own, and its defaults are compared too', async () => {
  const file = `export interface Configuration extends Omit<GatewayOptions, 'clock'> {
  /** Listens. */
  server?: ServerOptions | undefined;
}
export interface ServerOptions extends RetryOptions {
  /** @default 8_787 */
  port?: number | undefined;
}
`;
  const read = 'export const readConfiguration = () => ({ server: { port: 8788, maxDelayMs: 20000 } });\n';
  const root = makeTree({
    ...sources,
    'packages/core/src/options.ts': sources['packages/core/src/options.ts'] + file,
    'packages/core/src/settings.ts': sources['packages/core/src/settings.ts'] + read,
  });
  expect((await generate(root, true)).problems).toEqual([
    'options.ts: server.port: `@default 8_787`, but the settings have 8788',
  ]);
  const page = readFileSync(join(root, 'docs/options.md'), 'utf8');
  expect(page).toContain('| `server` | `ServerOptions` |  | Listens. See [`server`](#server-in-the-file). |');
  expect(page).toMatch(/### `server` in the file\n[\s\S]*\| `port` [\s\S]*\| `maxDelayMs` /);
});

test('missing and broken sources are named', async () => {
  const root = makeTree({ ...sources, 'packages/core/src/error-table.ts': 'export const other = 1;\n' });
  await generate(root, true);
  expect((await generate(root, false)).problems).toEqual(['packages/core/src/error-table.ts exports no `errorTable`']);
  expect((await generate(makeTree({}), true)).problems).toEqual([
    'packages/core/src/options.ts is missing',
    'packages/core/src/error-table.ts is missing',
  ]);
});

test.each([
  ['30_000', '30000'],
  ["'least-busy'", '"least-busy"'],
  ['[]', '[]'],
  ['null', 'null'],
  ['a few sentences', undefined],
  [undefined, undefined],
])('the literal %s is %s in JSON', (text, json) => {
  expect(literal(text)).toBe(json);
});

test('a difference shows the changed lines with a little around them', () => {
  expect(lineDiff('a\nb', 'a\nb')).toBe('');
  expect(lineDiff('1\n2\n3\n4\n5\n6', '1\n2\n3\n4\n5\nsix')).toBe('  …\n  4\n  5\n- 6\n+ six');
});
