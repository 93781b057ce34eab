/** Tables, for the terminal and for a page. */

/** A table with a title above it and what has to be known beneath it. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** Columns side by side, the first to the left and the others to the right. */
export function toText({ title, columns, rows, notes }: Table): string {
  for (const cells of rows) {
    if (cells.length !== columns.length)
      throw new Error(`"${cells[0]}" has ${cells.length} cells, not ${columns.length}`);
  }
  const all = [columns, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('**', '')));
  const widths = columns.map((_, at) => Math.max(...all.map((cells) => (cells[at] as string).length)));
  const lines = all.map((cells) =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number)))
      .join('  ')
      .trimEnd(),
  );
  return [title, ...lines, ...notes, ''].join('\n');
}

/** The same in Markdown. */
export function toMarkdown({ title, columns, rows, notes }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = line(columns.map((_, at) => (at === 0 ? '---' : '---:')));
  return [`### ${title}`, '', line(columns), rule, ...rows.map(line), '', ...notes, ''].join('\n');
}
