/**
 * Every example compiles: ```ts fences of the pages and `@example` of doc comments, each as a module of its own, against
 * the sources. What cannot be compiled is marked ```ts no-check: reason.
 *
 * The modules lie in `reports/examples/` beside a `node_modules` of links to whatever any package of the workspace
 * depends on. Links rather than `paths`, because `paths` would pass by the `exports` of those packages.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { type Example, findExamples } from './docs/examples.ts';
import { linkDependencies } from './docs/linked-modules.ts';
import { missingImports, moduleNames, type PublicName, publicNames } from './docs/public-names.ts';
import { isMain, type Outcome, report, rootOf } from './outcome.ts';

interface Module {
  readonly example: Example;
  /** Lines that were put before the example. */
  readonly added: number;
}

export async function checkDocs(root: string): Promise<Outcome> {
  const { examples, problems } = findExamples(root);
  const notes = [`${examples.length} examples`];
  if (examples.length === 0) return { problems, notes };
  const folder = join(root, 'reports', 'examples');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  linkDependencies(root, folder);
  const modules = new Map<string, Module>();
  for (const [index, example] of examples.entries()) {
    const name = `example-${index + 1}.ts`;
    const code = example.parts.map((part) => part.code).join('\n');
    const imports = example.from === 'docstring' ? missingImports(code, namesFor(root, example.file)) : [];
    writeFileSync(join(folder, name), `${[...imports, code].join('\n')}\n`);
    modules.set(name, { example, added: imports.length });
  }
  writeFileSync(join(folder, 'tsconfig.json'), configuration);
  const { code, output } = await run(['tsc', '-p', folder, '--pretty', 'false'], { cwd: folder });
  return { problems: [...problems, ...(code === 0 ? [] : translate(output, modules))], notes };
}

/** As for the sources. Every file counts as a module, and what an example declares it need not use. */
const configuration = JSON.stringify({
  extends: '../../tsconfig.check.json',
  compilerOptions: { moduleDetection: 'force', noUnusedLocals: false, noUnusedParameters: false },
  include: ['*.ts'],
  exclude: [],
});

/** What an example in a doc comment may use without an import: its package's public names, then its own module's. */
function namesFor(root: string, file: string): Map<string, PublicName> {
  const own = moduleNames(join(root, file), `../../${file}`);
  return new Map([...own, ...publicNames(join(root, file.split('/').slice(0, 2).join('/')))]);
}

/** Puts the place in the page or the source where the compiler names the place in the module. */
function translate(output: string, modules: ReadonlyMap<string, Module>): string[] {
  const found: string[] = [];
  for (const line of output.trimEnd().split('\n')) {
    const [, name = '', row = '', column = '', message = ''] = /^([^(]+)\((\d+),(\d+)\): (.*)$/.exec(line) ?? [];
    const module = modules.get(name.replace(/^.*\//, ''));
    if (module) {
      found.push(`${module.example.file}:${originalLine(module, Number(row))}:${column}: ${message}`);
    } else if (/^error /.test(line)) found.push(line);
    else if (/^\s/.test(line) && found.length > 0) found.push(`${found.pop()}\n${line}`);
    // What is wrong in the sources themselves is found, with its place, by the check of the types.
  }
  return found;
}

/** An error in a line that we added is about a name that the whole example uses. */
function originalLine({ example, added }: Module, row: number): number {
  let left = Math.max(0, row - 1 - added);
  for (const { line, code } of example.parts) {
    const count = code.split('\n').length;
    if (left < count) return line + left;
    left -= count;
  }
  return example.parts[0]?.line ?? 1;
}

if (isMain(import.meta.url)) report('examples in docs', await checkDocs(rootOf(process.argv)));
