/**
 * All checks of this repository, then all tests: `npm test`. With `--no-suites` the checks alone: `npm run check`.
 *
 * One line per check, one every 20 s while the tests run, the whole output of what failed, and no early end, so that one run
 * shows everything. The last line counts checks and tests together.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, run } from './command.ts';
import { rootOf } from './outcome.ts';
import { progressIn, wanted } from './progress.ts';
import { type Counts, readCounts, summary } from './vitest-report.ts';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const checks: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.check.json'] },
  // Next's types make those of `process.env` others, for all who see them.
  { name: 'types, with those of Next', command: ['tsc', '-p', 'tsconfig.next.json'] },
  { name: 'lint and format', command: ['biome', 'check', '.'] },
  // The field would make other versions of pnpm refuse to start or reach for the network.
  { name: 'workspace rules', command: ['sherif', '-r', 'root-package-manager-field'] },
  { name: 'unused code and dependencies', command: ['knip'] },
  { name: 'file sizes', command: ['node', 'tools/check-size.ts'] },
  { name: 'file names', command: ['node', 'tools/check-names.ts'] },
  { name: 'adapters', command: ['node', 'tools/check-adapters.ts'] },
  { name: 'generated docs', command: ['node', 'tools/generate.ts'] },
  { name: 'examples in docs', command: ['node', 'tools/check-docs.ts'] },
  { name: 'public API', command: ['node', 'tools/check-api.ts'] },
  { name: 'packages', command: ['node', 'tools/check-package.ts'] },
];

const root = rootOf(process.argv);
const totals = { passed: 0, failed: 0, skipped: 0 };

await runChecks();
if (!process.argv.includes('--no-suites')) await runSuites();
console.log(summary(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;

/** In two lanes, because most checks keep one core busy; printed in the order of the list. */
async function runChecks(): Promise<void> {
  const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  const results = checks.map(({ command }, index) => {
    const ended = lanes[index % 2]?.then(() => run(command, { cwd: root })) as Promise<Ended>;
    lanes[index % 2] = ended;
    return ended;
  });
  for (const [index, { name }] of checks.entries()) count(name, (await results[index]) as Ended, undefined);
}

async function runSuites(): Promise<void> {
  const file = join(root, 'reports', 'vitest.json');
  rmSync(file, { force: true }); // an old report must not stand for a run that died
  const onLine = (line: string): void => {
    const progress = progressIn(line);
    if (progress !== null) console.log(`        tests  ${progress}`);
  };
  count('tests', await run(['vitest', 'run'], { cwd: root, env: { [wanted]: '1' }, onLine }), readCounts(file));
}

/** A check counts as one test, the suites as theirs; suites that failed without a failed test count as one failure. */
function count(name: string, { code, output, seconds }: Ended, tests: Counts | undefined): void {
  const ok = code === 0;
  console.log(`${ok ? 'ok    ' : 'failed'}  ${name}  ${seconds.toFixed(1)} s`);
  if (!ok) console.log(output.trimEnd());
  totals.passed += tests?.passed ?? (ok ? 1 : 0);
  totals.failed += Math.max(tests?.failed ?? 0, ok ? 0 : 1);
  totals.skipped += tests?.skipped ?? 0;
}
