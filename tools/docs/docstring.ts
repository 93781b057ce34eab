/** Reads doc comments as we write them: prose, then tags, where a tag may also follow on the same line (`Text. @default 5`). */
import ts from 'typescript';

const tag = /(?:^|\s)@(default|example|param|returns|throws|see)\b[ \t]*/g;

export interface Docstring {
  /** Everything before the first tag, on one line. */
  readonly text: string;
  /** What follows `@default`, on one line. */
  readonly default: string | undefined;
}

/** The doc comment that stands directly before a declaration. */
export function docstringOf(node: ts.Node, source: ts.SourceFile): Docstring {
  const start = node.getFullStart();
  // On the line of the `{` before it, the comment trails that brace.
  const trailing = ts.getTrailingCommentRanges(source.text, start) ?? [];
  const comments = [...trailing, ...(ts.getLeadingCommentRanges(source.text, start) ?? [])];
  const own = comments.map(({ pos, end }) => source.text.slice(pos, end)).findLast((text) => text.startsWith('/**'));
  const body = stripStars(own ?? '');
  const tags = [...body.matchAll(tag)];
  const ends = [...tags.slice(1).map((match) => match.index), body.length];
  const at = tags.findIndex((match) => match[1] === 'default');
  const found = tags[at];
  return {
    text: oneLine(body.slice(0, tags[0]?.index)),
    default: found && oneLine(body.slice(found.index + found[0].length, ends[at])),
  };
}

function stripStars(comment: string): string {
  return comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();
}

function oneLine(text: string): string {
  return text
    .replace(/\{@link\s+([^}\s]+)[^}]*\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();
}
