/** What was asked for on the command line. */

import { parseArgs } from 'node:util';

/** The figures there are, in the order of a whole run. */
export const figureNames = [
  'unary',
  'gzip',
  'stream',
  'chunk',
  'latency',
  'held',
  'stalled',
  'adapters',
  'in-process',
  'cache',
  'upload',
  'live',
  'slow-readers',
  'big-event',
  'overload',
  'cancel',
  'drain',
] as const;

/** Left out of a run that names no figure, which has to end within twenty minutes. */
const onlyByName: readonly FigureName[] = [
  'gzip',
  'adapters',
  'in-process',
  'cache',
  'upload',
  'live',
  'slow-readers',
  'big-event',
  'overload',
  'cancel',
  'drain',
];

/** One of them. */
export type FigureName = (typeof figureNames)[number];

/** A run. */
export interface Command {
  readonly figures: readonly FigureName[];
  /** Empty: all there are. */
  readonly variants: readonly string[];
  readonly isQuick: boolean;
  readonly isWritten: boolean;
  readonly isProfiled: boolean;
  readonly keepAs: string | null;
  /** Nothing is measured then. */
  readonly asksForHelp: boolean;
}

/** @throws Error for words that are no figure where one has to be, and for unknown options */
export function readCommand(words: string[]): Command {
  const { values, positionals } = parseArgs({
    args: words.filter((word) => word !== '--'),
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      keep: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const isFigure = (word: string): word is FigureName => (figureNames as readonly string[]).includes(word);
  const figures = positionals.filter(isFigure);
  const variants = positionals.filter((word) => !isFigure(word));
  return {
    figures: figures.length === 0 ? figureNames.filter((name) => !onlyByName.includes(name)) : figures,
    variants,
    isQuick: values.quick,
    isWritten: values.write,
    isProfiled: values.profile,
    keepAs: values.keep ?? null,
    asksForHelp: values.help,
  };
}
