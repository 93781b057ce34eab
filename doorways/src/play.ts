/** Plays every raw input against a doorway. */

import { startSimulator } from '@sluice/simulator';
import { type PlayedCase, playRow, type RawInput, rawInputs } from '@sluice/testkit';
import type { Doorway } from './doorway.ts';
import { startDoorway } from './running.ts';

/** What came of one row. */
export interface PlayedRow {
  readonly row: RawInput;
  readonly cases: readonly PlayedCase[];
  /** How late the loop of the doorway was at most, in ms. */
  readonly lateMs: number;
}

/** What came of a doorway. */
export interface PlayedDoorway {
  readonly doorway: Doorway;
  readonly rows: readonly PlayedRow[];
}

/** Node itself waits for headers for a minute and more, and nobody should wait for that here. */
const bareMs = 3_000;

/** Rejects when a doorway dies, or does not answer a proper request after a raw one. */
export async function playDoorway(doorway: Doorway): Promise<PlayedDoorway> {
  const simulator = await startSimulator();
  try {
    const door = await startDoorway(doorway, simulator.url);
    const rows: PlayedRow[] = [];
    const patience = doorway.isBare ? { patienceMs: bareMs } : {};
    try {
      for (const row of rawInputs) {
        const place = row.needs === 'hasty' ? door.places.hasty : door.places.usual;
        await door.lateMs();
        const cases = await playRow(row, { ...place, simulator, ...patience });
        rows.push({ row, cases, lateMs: await door.lateMs() });
      }
    } finally {
      await door.stop();
    }
    return { doorway, rows };
  } finally {
    await simulator.close();
  }
}
