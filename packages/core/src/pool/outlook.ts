/** When there will be a key, and what is said where there will be none. */

import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Lanes } from './lanes.ts';
import { longestGrownMs, type Rests } from './rests.ts';
import type { Roll } from './roll.ts';

/** What it looks at. */
export interface OutlookTools {
  readonly name: string;
  readonly roll: Roll;
  readonly lanes: Lanes;
  readonly rests: Rests;
  readonly clock: Clock;
}

/** The outlook of one pool. */
export class Outlook {
  readonly #tools: OutlookTools;

  constructor(tools: OutlookTools) {
    this.#tools = tools;
  }

  /** How long until a key is free for the plan, in ms, or null when that cannot be told. */
  waitMs({ model, pinned }: Plan): number | null {
    const { roll, lanes, rests, clock } = this.#tools;
    const lane = lanes.of(model);
    const project = pinned === null ? null : roll.byId(pinned);
    const nextMs =
      project === null
        ? Math.min(lane.nextReturnMs() ?? Number.POSITIVE_INFINITY, rests.nextWakeMs)
        : // It has to be back in both: as a project, and for the model.
          Math.max(lane.returnMsOf(project) ?? 0, endOf(project.resting));
    const waitsForNothing = project !== null && nextMs === 0;
    return nextMs === Number.POSITIVE_INFINITY || waitsForNothing ? null : Math.max(0, nextMs - clock.now());
  }

  /** `quota_exhausted`, `no_usable_key`, or `resource_key_unavailable` where a project alone will do. */
  refusal(plan: Plan): SluiceError {
    const { name, lanes } = this.#tools;
    const waitMs = this.waitMs(plan);
    const { model, pinned } = plan;
    const forModel = model === null ? '' : ` for the model ${JSON.stringify(model)}`;
    if (pinned !== null && waitMs === null) return unreachable(name);
    if (pinned === null && (lanes.of(model).nextReturnMs() === undefined || waitMs === null)) {
      return new SluiceError(
        'no_usable_key',
        `No key of the pool "${name}" can be used${forModel}: the provider refuses it, or an operator has put it away. The gateway's snapshot and log say why, key by key.`,
        { retryAfterMs: waitMs ?? longestGrownMs },
      );
    }
    const seconds = Math.ceil((waitMs ?? 0) / 1000);
    const whose =
      pinned === null ? `No project of the pool "${name}" has` : "The project of this request's resources has no";
    const message = `${whose} quota left${forModel}; ${pinned === null ? 'the next' : 'it'} is back in ${seconds} s.`;
    return new SluiceError('quota_exhausted', message, { retryAfterMs: waitMs ?? 0 });
  }
}

function endOf(resting: { readonly untilMs: number | null } | null): number {
  return resting === null ? 0 : (resting.untilMs ?? Number.POSITIVE_INFINITY);
}

/** Which project it is stays with the operator. */
function unreachable(pool: string): SluiceError {
  return new SluiceError(
    'resource_key_unavailable',
    `The resources of this request live in a project of the pool "${pool}" that has no usable key. The gateway's log says why.`,
  );
}
