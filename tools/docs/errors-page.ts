/** `docs/errors.md`: every error code with its meaning, from `error-table.ts`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate } from './evaluate.ts';

interface Meaning {
  readonly status: number;
  readonly rpc: string;
  readonly when: string;
  readonly help: string;
}

const errorsFile = 'packages/core/src/error-table.ts';

/** @throws Error when `error-table.ts` is missing or exports no `errorTable` */
export async function errorsPage(root: string): Promise<string> {
  const file = join(root, errorsFile);
  if (!existsSync(file)) throw new Error(`${errorsFile} is missing`);
  const table = (await evaluate(root, file, 'module.errorTable')) as Record<string, Meaning> | null;
  if (!table) throw new Error(`${errorsFile} exports no \`errorTable\``);
  const rows = Object.entries(table).map(([code, { status, rpc, when, help }]) => {
    const cells = [`\`${code}\``, String(status), `\`${rpc}\``, when, help];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `# Errors

This page is generated from \`errorTable\` in \`${errorsFile}\` by \`npm run docs\`; change the table there.

These are the codes of Sluice itself. What a provider answers passes through as it is.

| code | HTTP status | gRPC status | when | what helps |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}
