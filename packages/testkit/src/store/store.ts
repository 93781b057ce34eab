/** The contract of stores: whatever keeps the state, a gateway cannot tell. */

import { describe } from 'vitest';
import { admitsExactly } from './admission.ts';
import { claimsOnce } from './claims.ts';
import { countsDays } from './days.ts';
import { countsInFlight } from './in-flight.ts';
import { countsMinutes } from './minutes.ts';
import { remembersOwners } from './owners.ts';
import { sharesExactly } from './races.ts';
import { keepsTheRecord } from './record.ts';
import { letsRest } from './rests.ts';
import { type StoreSubject, setStage } from './stage.ts';
import { survives } from './survival.ts';

export type { Race, StoreProcesses, StoreSubject } from './stage.ts';

/**
 * Describes everything that a store must keep.
 *
 * @example
 * import { memoryStore } from '@sluice/core';
 *
 * describeStore('memory', { open: memoryStore });
 */
export function describeStore(name: string, subject: StoreSubject): void {
  describe(`the contract of stores: ${name}`, () => {
    const stage = setStage(subject);
    admitsExactly(stage);
    countsMinutes(stage);
    countsDays(stage);
    countsInFlight(stage);
    letsRest(stage);
    remembersOwners(stage);
    claimsOnce(stage);
    keepsTheRecord(stage);
    survives(stage);
    sharesExactly(stage);
  });
}
