/** Finds the examples that readers will copy: ```ts fences in Markdown, and `@example` in doc comments. */
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** What is compiled as one module: a fence, and those on the same page that are marked as its continuation. */
export interface Example {
  readonly file: string;
  readonly parts: readonly Part[];
  readonly from: 'page' | 'docstring';
}

export interface Part {
  /** Line of the first line of `code` in the file, from 1. */
  readonly line: number;
  readonly code: string;
}

export interface Found {
  readonly examples: readonly Example[];
  readonly problems: readonly string[];
}

const pages = ['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md'];
/** Ours may also follow on a line of prose, as in `Doubles it. @example double(2)`. */
const exampleTag = /^(.*\s)?@example\b\s*/;
const sources = ['packages/*/src/**/*.ts'];

export function findExamples(root: string): Found {
  const list = (patterns: readonly string[]): string[] =>
    globSync([...patterns], { cwd: root, exclude: (path) => path.includes('node_modules') })
      .map((path) => path.replaceAll(sep, '/'))
      .sort();
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  const fromPages = list(pages).map((file) => fences(file, read(file)));
  const fromSources = list(sources).map((file) => docstringExamples(file, read(file)));
  return {
    examples: [...fromPages.flatMap((found) => found.examples), ...fromSources.flat()],
    problems: fromPages.flatMap((found) => found.problems),
  };
}

/**
 * A fence marked `ts no-check: reason` is left out; without a reason it is a problem. One marked `ts continued` goes on
 * where the example before it ended.
 */
export function fences(file: string, text: string): Found {
  const examples: (Example & { parts: Part[] })[] = [];
  const problems: string[] = [];
  let open: { marker: string; info: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*(`{3,}|~{3,})\s*(.*?)\s*$/.exec(line);
    if (!open && fence?.[1]) open = { marker: fence[1], info: fence[2] ?? '', line: index + 2, lines: [] };
    else if (open && fence?.[1]?.startsWith(open.marker) && fence[2] === '') {
      const skip = /\bno-check\b(:\s*\S)?/.exec(open.info);
      const part = { line: open.line, code: open.lines.join('\n') };
      const isTypeScript = /^(ts|typescript)\b/.test(open.info) && !skip;
      const before = /\bcontinued\b/.test(open.info) ? examples.at(-1) : undefined;
      if (isTypeScript && before) before.parts.push(part);
      else if (isTypeScript) examples.push({ file, parts: [part], from: 'page' });
      if (skip && !skip[1]) problems.push(`${file}:${open.line - 1}: no-check wants a reason: \`ts no-check: reason\``);
      open = undefined;
    } else open?.lines.push(line);
  }
  if (open) problems.push(`${file}:${open.line - 1}: this fence is never closed`);
  return { examples, problems };
}

/** An `@example` ends at the next tag or with its comment. Stars are cut off; of one with fences only these count. */
export function docstringExamples(file: string, text: string): Example[] {
  // A doc comment begins its line; `/**` elsewhere is a glob in a string.
  return [...text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap((comment) => {
    const firstLine = text.slice(0, comment.index).split('\n').length;
    const lines = comment[0]
      .split('\n')
      .map((line) => line.replace(/^\s*(\/\*\*|\*(?!\/))? ?/, '').replace(/\s*\*\/$/, ''));
    const starts = lines.flatMap((line, index) => (exampleTag.test(line) ? [index] : []));
    return starts.flatMap((start) => {
      const after = lines.slice(start + 1).findIndex((line) => /^@[a-z]/.test(line));
      const end = after < 0 ? lines.length : start + 1 + after;
      const body = [lines[start]?.replace(exampleTag, '') ?? '', ...lines.slice(start + 1, end)];
      const inner = fences(file, body.join('\n')).examples.flatMap(({ parts }) => parts);
      const line = firstLine + start;
      const parts = inner.map((part) => ({ ...part, line: line + part.line - 1 }));
      return [
        { file, parts: parts.length > 0 ? parts : [{ line, code: body.join('\n') }], from: 'docstring' as const },
      ];
    });
  });
}
