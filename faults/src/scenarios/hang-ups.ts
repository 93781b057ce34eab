/** F90 and F91: the client leaves, in each phase, and everything goes with it. */

import { setTimeout as pause } from 'node:timers/promises';
import type { StepName } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import type { CaseOptions, ScenarioCase } from '../row.ts';
import type { Stage } from '../stage.ts';
import { askBytes, expectCleared, expectThat, onStage } from './scene.ts';

interface Phase {
  readonly name: string;
  readonly step: StepName;
  readonly forms: readonly ('stream' | 'unary')[];
  /** The client leaves as soon as this is so. */
  readonly leaves: (stage: Stage, received: () => number) => boolean;
  readonly more?: CaseOptions;
  /** Somebody else holds the only place there is. */
  readonly isQueued?: boolean;
}

const both = ['stream', 'unary'] as const;
const onlyStream = ['stream'] as const;
const isAsked = ({ journal }: Stage): boolean => journal?.running === 1;
const isShown = (_stage: Stage, received: () => number): boolean => received() > 0;

const phases: readonly Phase[] = [
  {
    name: 'in the queue',
    step: 'no-answer',
    forms: both,
    leaves: ({ gateway }) => gateway.snapshot().waiting === 1,
    isQueued: true,
  },
  {
    name: 'in a pause',
    step: '503',
    forms: both,
    leaves: ({ events }) => events.some((event) => event.startsWith('retry')),
  },
  { name: 'before the head', step: 'no-answer', forms: both, leaves: isAsked },
  {
    name: 'before the first event',
    step: 'stall-before-first',
    forms: both,
    leaves: ({ upstream }) => upstream.calls[0]?.status === 200,
  },
  { name: 'in mid-stream', step: 'stall-mid-stream', forms: onlyStream, leaves: isShown },
  { name: 'behind the end', step: 'finish-then-hang', forms: onlyStream, leaves: isShown },
  { name: 'while ignores-fin goes on', step: 'ignores-fin', forms: onlyStream, leaves: isShown },
];

/** One case for each phase. */
export const hangUps: readonly ScenarioCase[] = phases.map((phase) => ({
  name: phase.name,
  forms: phase.forms,
  more: {},
  scenario: (driver, form) =>
    onStage(driver, { steps: [phase.step] }, limitsFor(phase), async (stage) => {
      const other = phase.isQueued ? askBytes(stage, form) : null;
      if (other !== null) await eventually('the other one is served', () => isAsked(stage), 5_000);
      const asked = askBytes(stage, form);
      await eventually(`the client is ${phase.name}`, () => phase.leaves(stage, () => asked.received), 5_000);
      // Whatever else was on its way has come now.
      await pause(1);
      asked.leave();
      await asked.answer;
      await eventually('the request is over', () => ends(stage).length === 1, 5_000);
      const [end = ''] = ends(stage);
      expectThat(end.includes('"outcome":"aborted"'), `the request ended otherwise: ${end.slice(0, 300)}`);
      if (phase.isQueued) expectThat(stage.upstream.calls.length === 1, 'somebody who waited was served all the same');
      other?.leave();
      await other?.answer;
      if (phase.name === 'in a pause') await expectCleared(stage, { calls: 1, model: 1, counted: 0 }, '');
      else await expectCleared(stage, { calls: 1 }, '');
      return 'let go in time';
    }),
}));

function limitsFor({ more = {}, isQueued }: Phase): CaseOptions {
  return isQueued ? { ...more, maxInFlight: 1 } : more;
}

function ends({ events }: Stage): string[] {
  return events.filter((event) => event.startsWith('request '));
}
