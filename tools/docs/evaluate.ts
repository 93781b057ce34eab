/** Evaluates an expression over a module of the sources, in a process of its own, and gives back what JSON can carry. */
import { pathToFileURL } from 'node:url';
import { run } from '../command.ts';

/** @throws Error with what the other process printed */
export async function evaluate(root: string, file: string, expression: string): Promise<unknown> {
  const code = `
    const module = await import(${JSON.stringify(pathToFileURL(file).href)});
    process.stdout.write('\\u0000' + (JSON.stringify(${expression}, plain) ?? 'null'));
    // Instances of classes are not data; some of them hold themselves.
    function plain(_key, value) {
      if (value instanceof Map) return Object.fromEntries(value);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      return [Object.prototype, null].includes(Object.getPrototypeOf(value)) ? value : undefined;
    }`;
  const command = ['node', '--conditions=@sluice/source', '--input-type=module', '--eval', code];
  const { code: exit, output, stdout } = await run(command, { cwd: root });
  if (exit !== 0) throw new Error(`${file} could not be evaluated:\n${output.trim()}`);
  // Whatever the module itself prints stands before the mark.
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\u0000') + 1));
}
