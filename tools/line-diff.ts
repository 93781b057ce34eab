/** The difference of two texts as people read it in a pull request: `-` and `+` lines with a little around them. */

type Line = readonly [mark: ' ' | '-' | '+', text: string];

const around = 2;

/** @returns '' when both are equal */
export function lineDiff(before: string, after: string): string {
  if (before === after) return '';
  const lines = align(before.split('\n'), after.split('\n'));
  const near = (index: number): boolean =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(([mark]) => mark !== ' ');
  const shown: string[] = [];
  for (const [index, [mark, text]] of lines.entries()) {
    if (near(index)) shown.push(`${mark} ${text}`);
    else if (shown.at(-1) !== '  …') shown.push('  …');
  }
  return shown.join('\n');
}

/** Longest common subsequence; quadratic, which for pages of some hundred lines is nothing. */
function align(before: readonly string[], after: readonly string[]): Line[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const at = (row: number, column: number): number => lengths[row]?.[column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      const line = lengths[row] as Uint32Array;
      line[column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      lines.push([' ', before[row++] as string]);
      column++;
    } else if (column >= after.length || (row < before.length && at(row + 1, column) >= at(row, column + 1))) {
      lines.push(['-', before[row++] as string]);
    } else lines.push(['+', after[column++] as string]);
  }
  return lines;
}
