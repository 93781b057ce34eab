/**
 * Compares every literal `@default` of `options.ts` with what `settings.ts` really makes of minimal options, so that
 * the documentation cannot promise what the code does not do.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate } from './evaluate.ts';
import type { Section } from './option-sections.ts';

/** The least that a gateway accepts; short forms show that they end in the same settings. */
const minimal = { keys: 'a-key-for-the-documentation', callers: 'anyone' };

/** Which function of `settings.ts` completes which interface. */
type Resolver = 'resolveSettings' | 'readConfiguration';

/** @returns one line per option whose documentation is wrong */
export async function wrongDefaults(root: string, resolver: Resolver, sections: readonly Section[]): Promise<string[]> {
  const file = join(root, 'packages/core/src/settings.ts');
  if (!existsSync(file)) throw new Error('packages/core/src/settings.ts is missing, so no default can be verified');
  const settings = await evaluate(root, file, `module.${resolver}(${JSON.stringify(minimal)})`);
  return sections.flatMap(({ path, rows }) => {
    const values = valuesAt(settings, path);
    return rows.flatMap((row) => {
      const documented = literal(row.default);
      if (documented === undefined) return [];
      const name = path ? `${path}.${row.name}` : row.name;
      return values.flatMap((value) => {
        const real = JSON.stringify((value as Record<string, unknown> | undefined)?.[row.name]);
        if (real === documented) return [];
        return [`options.ts: ${name}: \`@default ${row.default}\`, but the settings have ${real ?? 'nothing'}`];
      });
    });
  });
}

/** The JSON of a literal such as `30_000`, `'least-busy'`, `[]`; undefined for prose. */
export function literal(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^-?[\d_]+(\.\d+)?$/.test(text)) return text.replaceAll('_', '');
  if (/^'[^']*'$/.test(text)) return JSON.stringify(text.slice(1, -1));
  return ['true', 'false', 'null', '[]', '{}'].includes(text) ? text : undefined;
}

/** All values at `pools.<name>.projects[]`; none where minimal options have no such entry. */
function valuesAt(settings: unknown, path: string): unknown[] {
  const steps = path === '' ? [] : path.replaceAll('[]', '.[]').split('.');
  return steps.reduce<unknown[]>(
    (values, step) =>
      values.flatMap((value) => {
        if (step === '[]' || step === '<name>')
          return typeof value === 'object' && value !== null ? Object.values(value) : [];
        return [(value as Record<string, unknown> | undefined)?.[step]];
      }),
    [settings],
  );
}
