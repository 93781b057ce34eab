/** Lines of a page, as a reader pastes them: the install line, and the examples as files. */
import { readFileSync } from 'node:fs';

/** What a page tells a new user to do. */
export interface Page {
  /** The names in its `npm i` line. */
  readonly installs: readonly string[];
  /** The fences of TypeScript, in their order. */
  readonly fences: readonly string[];
}

/** The one thing that differs from the page: the pool is a simulator in the place of Google. */
const swap = ['keys: process.env.GEMINI_API_KEYS', "pools: JSON.parse(process.env.POOLS ?? '{}')"] as const;

/** @param adapter - the page's package: of several install lines that one counts which names it */
export function readPage(file: string, adapter: string): Page {
  const text = readFileSync(file, 'utf8');
  const lines = [...text.matchAll(/^npm (?:i|install) (.+)$/gm)].map(([, names = '']) => names.split(/\s+/));
  const installs = lines.find((names) => names.includes(adapter) && !names.some((name) => name.endsWith('.tgz'))) ?? [];
  const fences = [...text.matchAll(/^```tsx?(?: [^\n]*)?\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  return { installs: installs.filter((name) => !name.startsWith('-')), fences };
}

/** @throws Error when no example has all of `marks`: the page has changed, and nobody would notice that nothing is tried */
export function exampleWith({ fences }: Page, marks: readonly string[]): string {
  const code = fences.find((fence) => marks.every((mark) => fence.includes(mark)));
  if (code === undefined) throw new Error(`no example has ${marks.join(' and ')}`);
  return code;
}

/** @throws Error when it takes no keys from the environment */
export function onSimulator(code: string): string {
  if (!code.includes(swap[0])) throw new Error(`the example has no \`${swap[0]}\``);
  return code.replace(...swap);
}
