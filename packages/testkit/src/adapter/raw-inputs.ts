/** What no proper client sends is answered as it has to be, byte for byte over raw sockets, and nothing is the worse for it. */

import { describe, expect, test } from 'vitest';
import { hastyMs } from '../raw/input.ts';
import { rawInputs } from '../raw/inputs.ts';
import { nameOf, type PlayedCase, playRow, rawGateway } from '../raw/play.ts';
import { openStage } from './stage.ts';
import type { AdapterSuite } from './suite.ts';

/** Long enough for a body of megabytes on a busy machine. */
const patientMs = 60_000;

export function takesRawInputs({ subject, takeDown }: AdapterSuite): void {
  const { hasLive = false, ownAnswers = {} } = subject;
  const played = rawInputs.filter(({ cases, needs }) => cases.length > 0 && (hasLive || needs !== 'live'));

  describe('raw inputs', () => {
    test.each(played.map((row) => [row.id, row.what, row] as const))(
      '%s, %s',
      { timeout: patientMs },
      async (_id, _what, row) => {
        const door = { headersInMs: row.needs === 'hasty' ? hastyMs : 10_000 };
        const stage = await openStage(subject, { path: '/', gateway: rawGateway(row), door }, takeDown);
        const place = { port: Number(new URL(stage.app).port), prefix: '', simulator: stage.simulator };
        expect(wrongIn(await playRow(row, place), ownAnswers)).toEqual([]);
      },
    );
  });
}

/** What the framework says for itself is wrong only when it says something else. */
export function wrongIn(played: readonly PlayedCase[], ownAnswers: Readonly<Record<string, number>>): string[] {
  return played.flatMap(({ row, one, seen, wrong }) => {
    const name = nameOf(row, one);
    const own = ownAnswers[name] ?? ownAnswers[row.id];
    if (own === undefined) return wrong.map((what) => `${name}: ${what}`);
    const status = seen.heard.replies[0]?.status ?? 0;
    return status === own ? [] : [`${name}: ${status} instead of the framework’s own ${own}`];
  });
}
