import { expect, test } from 'vitest';
import { Lanes } from '../../src/pool/lanes.ts';
import { type Key, Project, type Resting } from '../../src/pool/project.ts';
import { leastBusy } from '../../src/pool/strategy/least-busy.ts';

const resting: Resting = { reason: 'quota_minute', sinceMs: 0, untilMs: 60_000, endedBy: 'time' };
const ask = { turn: 0, key: null, heaviest: 1, random: () => 0 };
const nobody = (): void => expect.unreachable('nobody was cooling');

test('a model keeps its lane, and calls without a model have one', () => {
  const lanes = new Lanes([new Project({ id: 'main', weight: 1, keys: ['k'] })], leastBusy);
  expect(lanes.of('flash')).toBe(lanes.of('flash'));
  expect(lanes.of('flash')).not.toBe(lanes.of('pro'));
  expect(lanes.of(null)).toBe(lanes.of(null));
});

test('names of models come from callers: only 64 lanes are kept, and the one used longest ago goes', () => {
  const lanes = new Lanes([new Project({ id: 'main', weight: 1, keys: ['k'] })], leastBusy);
  const first = lanes.of('m0');
  const second = lanes.of('m1');
  for (let at = 2; at < 64; at++) lanes.of(`m${at}`);
  expect(lanes.of('m0')).toBe(first);
  lanes.of('one more');
  expect(lanes.of('m0')).toBe(first);
  expect(lanes.of('m1')).not.toBe(second);
});

test('a lane in use, or with somebody at rest, outlives those that are idle', () => {
  const projects = [
    new Project({ id: 'a', weight: 1, keys: ['k'] }),
    new Project({ id: 'b', weight: 1, keys: ['l'] }),
  ] as const;
  const lanes = new Lanes(projects, leastBusy);
  const busy = lanes.of('busy');
  const seat = busy.best(0, [], ask, nobody);
  if (seat !== undefined) busy.take(seat);
  const cooling = lanes.of('cooling');
  cooling.cool(projects[0], resting);
  for (let at = 0; at < 1_000; at++) lanes.of(`made-up-${at}`);
  expect(lanes.of('busy')).toBe(busy);
  expect(lanes.of('cooling')).toBe(cooling);
  expect(lanes.coolingOf(projects[0], 0)).toEqual([{ model: 'cooling', resting }]);
});

test('when none is idle the oldest goes all the same: memory is bounded', () => {
  const project = new Project({ id: 'main', weight: 1, keys: ['k'] });
  const lanes = new Lanes([project], leastBusy);
  for (let at = 0; at < 200; at++) lanes.of(`m${at}`).cool(project, resting);
  expect(lanes.coolingOf(project, 0)).toHaveLength(64);
});

test('what rests is told by model, and no longer than it rests', () => {
  const project = new Project({ id: 'main', weight: 1, keys: ['k'] });
  const lanes = new Lanes([project], leastBusy);
  lanes.of(null).cool(project, resting);
  expect(lanes.coolingOf(project, 59_999)).toEqual([{ model: null, resting }]);
  expect(lanes.coolingOf(project, 60_000)).toEqual([]);
});

test('nothing is back with a project that no key opens, however soon its rest is over', () => {
  const projects = ['a', 'b'].map((id) => new Project({ id, weight: 1, keys: ['k'] })) as [Project, Project];
  const lane = new Lanes(projects, leastBusy).of('flash');
  lane.cool(projects[0], resting);
  lane.cool(projects[1], { ...resting, untilMs: 90_000 });
  expect(lane.nextReturnMs()).toBe(60_000);
  projects[0].rest(projects[0].keys[0] as Key, { reason: 'disabled', sinceMs: 0, untilMs: null, endedBy: 'operator' });
  expect(lane.nextReturnMs()).toBe(90_000);
  projects[1].resting = { reason: 'disabled', sinceMs: 0, untilMs: null, endedBy: 'operator' };
  expect(lane.nextReturnMs()).toBeUndefined();
});
