import { expect, test } from 'vitest';
import { Project, type Resting, restSnapshot } from '../../src/pool/project.ts';

const resting: Resting = { reason: 'key_invalid', sinceMs: 10, untilMs: null, endedBy: 'operator' };

test('keys of one project take turns', () => {
  const project = new Project({ id: 'main', weight: 1, keys: ['a', 'b', 'c'] });
  const six = Array.from({ length: 6 }, () => project.nextKey().secret);
  expect(six.slice(0, 3).sort()).toEqual(['a', 'b', 'c']);
  expect(six.slice(3)).toEqual(six.slice(0, 3));
});

test('a key that rests has no turn, and one that is back has', () => {
  const project = new Project({ id: 'main', weight: 1, keys: ['a', 'b'] });
  const [first] = project.keys;
  if (first === undefined) return expect.unreachable();
  project.rest(first, resting);
  project.rest(first, resting);
  expect([project.nextKey().secret, project.nextKey().secret]).toEqual(['b', 'b']);
  project.wake(first);
  project.wake(first);
  expect(new Set([project.nextKey().secret, project.nextKey().secret])).toEqual(new Set(['a', 'b']));
});

test('a project without a key that may be used is not usable', () => {
  const project = new Project({ id: 'main', weight: 1, keys: ['a'] });
  expect(project.isUsable).toBe(true);
  for (const key of project.keys) project.rest(key, resting);
  expect(project.isUsable).toBe(false);
});

test('a key is named by its place, never by a part of itself', () => {
  expect(new Project({ id: 'main', weight: 1, keys: ['canary', 'other'] }).keys.map(({ id }) => id)).toEqual([
    'main#1',
    'main#2',
  ]);
});

test('a rest is told in the time of the wall', () => {
  expect(restSnapshot({ ...resting, untilMs: 30, endedBy: 'time' }, 1_000)).toEqual({
    state: 'cooling',
    reason: 'key_invalid',
    sinceMs: 1_010,
    untilMs: 1_030,
    endedBy: 'time',
  });
  expect(restSnapshot(resting, 1_000)).toMatchObject({ state: 'disabled', untilMs: null });
  expect(restSnapshot(null, 1_000)).toEqual({
    state: 'ready',
    reason: null,
    sinceMs: null,
    untilMs: null,
    endedBy: null,
  });
});
