/**
 * Puts results into the README: between two marks each figure has a section with marks of its own. A run replaces the
 * sections of what it has measured; those of other figures, and what people have written around them, stay to the byte.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { type FigureName, figureNames } from './command-line.ts';

const begin = '<!-- results: written by pnpm bench --write -->';
const end = '<!-- end of results -->';

/** What was measured of one figure. */
export interface Section {
  readonly figure: FigureName;
  /** Tables, or why there are none. */
  readonly text: string;
  /** Machine, versions, date, command: those of this figure, for others may be from another day. */
  readonly facts: readonly string[];
}

/** @throws Error when the marks are not there */
export function withResults(page: string, sections: readonly Section[]): string {
  return sections.reduce(withSection, page);
}

/** Writes them into a file. */
export function writeResults(file: string, sections: readonly Section[]): void {
  writeFileSync(file, withResults(readFileSync(file, 'utf8'), sections));
}

function withSection(page: string, { figure, text, facts }: Section): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page needs the lines "${begin}" and "${end}"`);
  const section = `${beginOf(figure)}\n\n${text.trim()}\n\nMeasured with ${facts.join('; ')}.\n\n${endOf(figure)}`;
  const old = placeOf(page, figure);
  if (old !== null) return page.slice(0, old.from) + section + page.slice(old.to);
  const at = placeFor(page, figure) ?? from + begin.length;
  return `${page.slice(0, at)}\n\n${section}${page.slice(at)}`;
}

/** Figures stand in the order in which they are run: after the last one there is of those before. */
function placeFor(page: string, figure: FigureName): number | null {
  const before = figureNames.slice(0, figureNames.indexOf(figure));
  const ends = before.map((name) => placeOf(page, name)?.to ?? -1).filter((at) => at >= 0);
  return ends.at(-1) ?? null;
}

function placeOf(page: string, figure: FigureName): { from: number; to: number } | null {
  const from = page.indexOf(beginOf(figure));
  if (from < 0) return null;
  const to = page.indexOf(endOf(figure), from);
  if (to < 0) throw new Error(`the section of ${figure} has no end: "${endOf(figure)}" is missing`);
  return { from, to: to + endOf(figure).length };
}

function beginOf(figure: FigureName): string {
  return `<!-- figure: ${figure} -->`;
}

function endOf(figure: FigureName): string {
  return `<!-- end of figure: ${figure} -->`;
}
