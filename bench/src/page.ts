/** Puts results into the README, between two marks; what people have written around them stays. */

import { readFileSync, writeFileSync } from 'node:fs';

const begin = '<!-- results: written by pnpm bench --write -->';
const end = '<!-- end of results -->';

/** @throws Error when the marks are not there */
export function withResults(page: string, results: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page needs the lines "${begin}" and "${end}"`);
  return `${page.slice(0, from + begin.length)}\n\n${results.trim()}\n\n${page.slice(to)}`;
}

/** Writes them into a file. */
export function writeResults(file: string, results: string): void {
  writeFileSync(file, withResults(readFileSync(file, 'utf8'), results));
}
