/** What every scenario needs: a stage that is taken down, and the checks that hold whatever was played. */

import type { Driver } from '@sluice/testkit';
import { checkLeftovers, checkReservations, checkSecrets, checkStates } from '../check-aftermath.ts';
import type { Asked } from '../clients/client.ts';
import type { Aftermath, CaseOptions, ProviderPlan } from '../row.ts';
import type { SeenBytes } from '../seen.ts';
import { type Stage, setStage } from '../stage.ts';

/** Sets a stage, plays on it, and takes it down. */
export async function onStage<Result>(
  driver: Driver,
  plan: ProviderPlan,
  more: CaseOptions,
  act: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const stage = await setStage(driver, plan, more);
  try {
    return await act(stage);
  } finally {
    await stage.close();
  }
}

/**
 * States, reservations, leftovers and secrets at the end of a scenario.
 *
 * @throws Error that names everything that is not as it should be
 */
export async function expectCleared(
  stage: Stage,
  expected: Aftermath & { readonly calls: number },
  transcript: string,
): Promise<void> {
  expectAll([
    ...(await checkLeftovers(stage)),
    ...checkStates(stage, expected),
    ...checkReservations(stage, { is: 'refused', status: 0, reason: null, ...expected }, 0),
    ...checkSecrets(stage, transcript),
  ]);
}

/** @throws Error that names all of them */
function expectAll(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.join('; '));
}

/** @throws Error with `what` */
export function expectThat(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

/** A question of a client of bytes. */
export function askBytes(stage: Stage, form: 'stream' | 'unary'): Asked<SeenBytes> {
  return stage.bytes.ask(form, 'Why is the sky?') as Asked<SeenBytes>;
}
