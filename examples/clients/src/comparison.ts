/** One client in one scenario: the same call to Google itself and through the gateway. */

import type { Client, Connection } from './contract.ts';
import { directly, type OpenEndpoint, throughGateway } from './endpoints.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Scenario } from './scenarios.ts';

/** What came out of it. */
export interface Comparison {
  readonly client: Client;
  readonly scenario: Scenario;
  /** Null where the client has no such call. */
  readonly outcomes: { readonly direct: Outcome; readonly through: Outcome } | null;
  /** The keys that the Google behind the gateway saw. */
  readonly keysSeen: readonly (string | null)[];
}

/** Runs both, each against a Google of its own. */
export async function compare(client: Client, scenario: Scenario): Promise<Comparison> {
  const call = scenario.calls.find((name) => client.lacks?.[name] === undefined);
  if (call === undefined) return { client, scenario, outcomes: null, keysSeen: [] };
  const ends = [await directly(scenario.plan), await throughGateway(scenario.plan)] as const;
  try {
    const outcome = (end: OpenEndpoint) => lastOutcome(client, scenario, call, end);
    const [direct, through] = await Promise.all([outcome(ends[0]), outcome(ends[1])]);
    const keysSeen = ends[1].simulator.journal.requests.map(({ key }) => key);
    return { client, scenario, outcomes: { direct, through }, keysSeen };
  } finally {
    for (const end of ends) await end.close();
  }
}

async function lastOutcome(
  client: Client,
  { ask, hasWrongKey, times = 1 }: Scenario,
  call: keyof Connection,
  end: OpenEndpoint,
): Promise<Outcome> {
  const endpoint = hasWrongKey ? { ...end, key: 'a-key-that-nobody-has-ever-seen' } : end;
  let last: Outcome = { values: [], error: null };
  for (let time = 0; time < times; time += 1) last = await outcomeOf(client.connect(endpoint)[call](ask), end);
  return last;
}
