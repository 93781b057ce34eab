/** One client at one capability: the same use of Google itself and of the pool behind the gateway. */

import type { RecordedRequest } from '@sluice/simulator';
import { type Outcome, outcomeOf } from '../outcome.ts';
import { type CapabilityName, capabilities } from './capability.ts';
import { directly, type OpenEnd, throughPool } from './ends.ts';
import { withNumberedNames } from './minted.ts';
import { type CapableClient, noCall, type Use } from './use.ts';

/** What came out of it. */
export interface Trial {
  readonly client: CapableClient;
  readonly name: CapabilityName;
  /** Null where there was nothing to try. */
  readonly outcomes: { readonly direct: Outcome; readonly through: Outcome } | null;
  /** What Google was asked directly, and by the gateway. */
  readonly asked: { readonly direct: readonly RecordedRequest[]; readonly through: readonly RecordedRequest[] };
}

/** Most are done in a tenth of a second; one that waits for something would wait for ever. */
const maxUseMs = 60_000;

/** All capabilities of one client, one after the other. */
export async function tryAll(client: CapableClient): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const name of Object.keys(capabilities) as CapabilityName[]) trials.push(await tried(client, name));
  return trials;
}

async function tried(client: CapableClient, name: CapabilityName): Promise<Trial> {
  const use = client.uses[name];
  if (use === noCall || typeof use !== 'function') {
    return { client, name, outcomes: null, asked: { direct: [], through: [] } };
  }
  const world = { ...client.worlds?.[name], startMs: Date.now() };
  const ends = await Promise.all([directly(world), throughPool(world)]);
  try {
    const [direct, through] = await Promise.all([outcome(use, ends[0]), outcome(use, ends[1])]);
    const asked = { direct: askedOf(ends[0]), through: askedOf(ends[1]) };
    return { client, name, outcomes: { direct, through }, asked };
  } finally {
    for (const end of ends) await end.close();
  }
}

async function outcome(use: Use, end: OpenEnd): Promise<Outcome> {
  return withNumberedNames(await outcomeOf(inTime(use(end)), end));
}

function askedOf({ simulator }: OpenEnd): readonly RecordedRequest[] {
  return [...simulator.journal.requests];
}

async function* inTime(pieces: AsyncIterable<unknown>): AsyncIterable<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${maxUseMs} ms`)), maxUseMs);
  });
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), late]);
      if (done === true) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
  }
}
