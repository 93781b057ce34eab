/**
 * Pages and snapshots that are made from the sources: `npm run docs` (`--write`) rewrites them; without `--write` the
 * pages are compared and a difference fails. The API snapshots are compared by `tools/check-api.ts`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkApi } from './check-api.ts';
import { wrongDefaults } from './docs/defaults.ts';
import { errorsPage } from './docs/errors-page.ts';
import { fileSections, gatewaySections, optionsPage } from './docs/options-page.ts';
import { lineDiff } from './line-diff.ts';
import { isMain, type Outcome, report, rootOf } from './outcome.ts';

const pages: Readonly<Record<string, (root: string) => string | Promise<string>>> = {
  'docs/options.md': (root) => optionsPage(gatewaySections(root), fileSections(root)),
  'docs/errors.md': errorsPage,
};

/** One that fails does not hide what the others would say. */
export async function generate(root: string, write: boolean): Promise<Outcome> {
  const problems: string[] = [];
  const attempt = async (step: () => Promise<string[]>): Promise<void> => {
    try {
      problems.push(...(await step()));
    } catch (error) {
      problems.push((error as Error).message);
    }
  };
  for (const [file, make] of Object.entries(pages)) {
    await attempt(async () => {
      const page = await make(root);
      if (write) save(join(root, file), page);
      return write ? [] : outdated(root, file, page);
    });
  }
  await attempt(() => wrongDefaults(root, 'resolveSettings', gatewaySections(root)));
  await attempt(async () => {
    const sections = fileSections(root);
    return sections.length > 0 ? wrongDefaults(root, 'readConfiguration', sections) : [];
  });
  return { problems: [...new Set(problems)], notes: [] };
}

function outdated(root: string, file: string, page: string): string[] {
  const path = join(root, file);
  const current = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const diff = lineDiff(current, page);
  return diff ? [`${file} is not what the sources say; \`npm run docs\` rewrites it:\n${diff}`] : [];
}

function save(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

if (isMain(import.meta.url)) {
  const root = rootOf(process.argv);
  const write = process.argv.includes('--write');
  report(write ? 'pages written' : 'generated docs', await generate(root, write));
  if (write) report('API snapshots written', await checkApi(root, true));
}
