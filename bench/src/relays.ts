/** Measures what is passed on as it comes: uploads, and the frames of live sessions. */

import type { Command, FigureName } from './command-line.ts';
import { measureTalk } from './figures/live.ts';
import { measureSessionMemory } from './figures/session-memory.ts';
import { measureUploads } from './figures/upload.ts';
import { measureUploadMemory } from './figures/upload-memory.ts';
import { sessionTable, talkTable } from './relay-tables.ts';
import type { Table } from './table.ts';
import { uploadMemoryTable, uploadTable } from './upload-tables.ts';
import type { Variant } from './variants.ts';

const names = ['upload', 'live'] as const;

/** The figures of relays. */
export type RelayName = (typeof names)[number];

/** Whether a figure is one of them. */
export function isRelay(figure: FigureName): figure is RelayName {
  return (names as readonly string[]).includes(figure);
}

const mebibyte = 2 ** 20;
const sessions = 200;
/** What a single session takes shows better among many. */
const manySessions = 1_000;
/** As a client sends sound: every tenth of a second. */
const perSecond = 10;

/** @param say - hears what is going on, for who watches */
export async function runRelay(
  figure: RelayName,
  variants: readonly Variant[],
  { isQuick, isProfiled }: Command,
  say: (line: string) => void,
): Promise<Table[]> {
  switch (figure) {
    case 'live': {
      const amounts = isQuick
        ? { pairs: 2, slicesPerPair: 4, sliceMs: 500 }
        : { pairs: 7, slicesPerPair: 5, sliceMs: 1_000 };
      const plan = { sessions, perSecond, warmUpMs: 1_000, isProfiled, ...amounts };
      const talks = await measureTalk(variants, plan, (pair) => say(`${figure}: pair ${pair} of ${plan.pairs}`));
      const memory = {
        rounds: isQuick ? 1 : 3,
        sessions: [sessions, manySessions],
        framesPerSecond: sessions * perSecond,
        talkMs: 1_500,
        isProfiled: false,
      };
      const found = await measureSessionMemory(aloneOf(variants), memory, (round, name) =>
        say(`${figure}: memory of ${name}: round ${round}`),
      );
      return [talkTable(plan, talks), sessionTable(memory, found)];
    }
    case 'upload': {
      const amounts = isQuick
        ? { pairs: 2, slicesPerPair: 2, sliceBytes: 64 * mebibyte }
        : { pairs: 7, slicesPerPair: 5, sliceBytes: 256 * mebibyte };
      const plan = { atOnce: [1, 8], isProfiled, ...amounts };
      const uploads = await measureUploads(variants, plan, (pair) => say(`${figure}: pair ${pair} of ${plan.pairs}`));
      const memory = {
        rounds: isQuick ? 1 : 3,
        way: 'resumable',
        atOnce: 8,
        bytes: 256 * mebibyte,
        holdMs: 1_000,
        isProfiled: false,
      } as const;
      const found = await measureUploadMemory(aloneOf(variants), memory, (round, name) =>
        say(`${figure}: memory of ${name}: round ${round}`),
      );
      return [uploadTable(plan, uploads), uploadMemoryTable(memory, found)];
    }
  }
}

/** A second process of the same tells nothing more where each is alone. */
function aloneOf(variants: readonly Variant[]): Variant[] {
  return variants.filter(({ name }) => name !== 'raw-again');
}
