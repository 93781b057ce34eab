/** What a trial comes to: the same, a difference with its reasons, or nothing that could be tried. */

import { isDeepStrictEqual } from 'node:util';
import { type Outcome, summaryOf } from '../outcome.ts';
import { projects } from './ends.ts';
import { differences, refusals } from './reasons.ts';
import type { Trial } from './trial.ts';
import { noCall } from './use.ts';

/** One cell of the second table. */
export interface Judgement {
  /** `none`: the client has no such call. `impossible`: it has, and it leads nowhere, direct as well. `fails`: only here. */
  readonly kind: 'same' | 'differs' | 'fails' | 'none' | 'impossible' | 'unexplained';
  readonly text: string;
  readonly reasons: readonly string[];
}

const poolKeys: ReadonlySet<string> = new Set(projects.flatMap(({ keys }) => keys));

/** Judges a trial. */
export function judgementOf(trial: Trial): Judgement {
  const { client, name, outcomes } = trial;
  const use = client.uses[name];
  if (use === noCall) return { kind: 'none', text: '–', reasons: [] };
  if ('lacks' in use) return { kind: 'impossible', text: 'no', reasons: [use.lacks] };
  if (outcomes === null) throw new Error(`${client.client.name} was not tried at "${name}"`);
  const { direct, through } = outcomes;
  const reasons = reasonsFor(trial, direct, through);
  if (reasons === null) return { kind: 'unexplained', text: 'unexplained', reasons: [] };
  if (direct.error !== null) return { kind: 'impossible', text: 'no', reasons };
  if (through.error !== null) return { kind: 'fails', text: 'fails', reasons };
  return reasons.length === 0 ? { kind: 'same', text: 'same', reasons } : { kind: 'differs', text: 'differs', reasons };
}

/** Requests that came to Google past the gateway: without a key, or with one that only the gateway knows. */
export function pastTheGateway({ asked }: Trial): readonly string[] {
  const isOurs = (key: string | null) => key !== null && (poolKeys.has(key) || key.startsWith('auth_tokens/'));
  return asked.through.filter(({ key }) => !isOurs(key)).map(({ method, target }) => `${method} ${target}`);
}

/** Null where no reason is known, or not for all of the difference. */
function reasonsFor(trial: Trial, direct: Outcome, through: Outcome): readonly string[] | null {
  if (direct.error !== null) {
    if (through.error === null || summaryOf(direct) !== summaryOf(through)) return null;
    const known = refusals.find(({ fits }) => fits(trial, direct, through));
    return known === undefined ? null : [known.reason(direct)];
  }
  const whole = differences.filter(({ fits }) => fits?.(trial, direct, through) === true);
  if (whole.length > 0) return whole.map(({ reason }) => reason);
  if (pastTheGateway(trial).length > 0) return null;
  if (isDeepStrictEqual(direct, through)) return [];
  const levelled = differences.filter(({ level }) => level !== undefined);
  const isLevel = (tried: typeof levelled) => {
    const flat = (outcome: Outcome) =>
      tried.reduce((values, { level }) => values.map((one) => level?.(one)), outcome.values);
    return isDeepStrictEqual(through.error, null) && isDeepStrictEqual(flat(direct), flat(through));
  };
  if (!isLevel(levelled)) return null;
  // Only those without which a difference is left.
  return levelled.filter((one) => !isLevel(levelled.filter((other) => other !== one))).map(({ reason }) => reason);
}
