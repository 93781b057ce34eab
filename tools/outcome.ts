/** What a check found, and how it says so. Every `tools/check-*.ts` runs alone as well: `node tools/check-size.ts`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Outcome {
  /** Each one fails the check. */
  readonly problems: readonly string[];
  /** Worth reading, fails nothing. */
  readonly notes: readonly string[];
}

/** The folder that is checked: `--root DIR`, else this repository. Tests point it at small trees. */
export function rootOf(args: readonly string[]): string {
  const at = args.indexOf('--root');
  const given = at < 0 ? undefined : args[at + 1];
  return given === undefined ? fileURLToPath(new URL('..', import.meta.url)) : resolve(given);
}

/** `import.meta.main` of Node 24, for Node 22 as well. */
export function isMain(moduleUrl: string): boolean {
  return process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(moduleUrl);
}

/** Prints an outcome and sets the exit code; the process ends by itself, so nothing that is still printed is lost. */
export function report(what: string, { problems, notes }: Outcome): void {
  for (const note of notes) console.log(`note: ${note}`);
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? `${what}: ok` : `${what}: ${problems.length} found`);
  if (problems.length > 0) process.exitCode = 1;
}
