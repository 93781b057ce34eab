/** The lines of the pages compile against the declarations that are published, and those declarations are right in themselves. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';
import { linkInto, needsOf } from './shelf.ts';

/** A file as it was pasted. */
export interface PastedFile {
  readonly page: string;
  readonly code: string;
}

/** What frameworks are written against, and where the workspace has it. */
const others: Readonly<Record<string, string>> = {
  '@types/node': 'packages/core',
  '@types/express': 'packages/express',
  hono: 'examples/hono-edge',
  '@hono/node-server': 'examples/hono-edge',
};

const strict = {
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023', 'dom', 'dom.iterable', 'esnext.disposable'],
  types: ['node'],
  jsx: 'preserve',
  strict: true,
  noEmit: true,
  skipLibCheck: false,
};

/**
 * @param project - where our packages are installed
 * @returns what went wrong in the pasted lines and in our own declarations; those of others are theirs
 */
export async function checkTypes(root: string, project: string, files: readonly PastedFile[]): Promise<string[]> {
  for (const [name, folder] of Object.entries(others)) {
    const from = { names: [name], from: [join(root, folder)] };
    const { packed } = needsOf([], new Set(), from);
    linkInto(project, packed);
  }
  const folder = join(project, 'pasted');
  mkdirSync(folder);
  for (const [index, { code }] of files.entries()) writeFileSync(join(folder, `page-${index}.ts`), code);
  const options = { compilerOptions: strict, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
  const { output } = await run(['tsc', '-p', folder, '--pretty', 'false'], { cwd: project });
  return output.split('\n').flatMap((line) => {
    const index = /^pasted\/page-(\d+)\.ts/.exec(line)?.[1];
    const page = index === undefined ? undefined : files[Number(index)]?.page;
    if (page !== undefined) return [`${page}, pasted: ${line}`];
    return /^(node_modules\/@sluice\/|error )/.test(line) ? [line] : [];
  });
}
