import { fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import { Emitter, type ProjectEvent } from '../../src/events.ts';
import { failure } from '../../src/failure.ts';
import { newCourse } from '../../src/plan/plan.ts';
import type { Lease } from '../../src/pool/lease.ts';
import type { KeyPool } from '../../src/pool/pool.ts';
import { aPlan, aPool } from './a-pool.ts';

const guessed = (id: string) => ({ id, isGuessed: true });

describe('keys whose project nobody has told', () => {
  test('are put together when the provider names the same consumer for both, and that is told', () => {
    const { pool, told } = pooled([guessed('p1'), guessed('p2'), guessed('p3')]);
    refuse(pool, 'p1', 'projects/111');
    refuse(pool, 'p2', 'projects/222');
    refuse(pool, 'p3', 'projects/111');
    expect(told).toEqual([{ pool: 'gemini', project: 'p3', into: 'p1', consumer: 'projects/111' }]);
    const projects = pool.snapshot().projects.map(({ id, keys }) => [id, keys.map((key) => key.id)]);
    expect(projects).toEqual([
      ['p1', ['p1#1', 'p3#1']],
      ['p2', ['p2#1']],
    ]);
  });

  test('share from then on what is refused: the quota of one is the quota of both', () => {
    const { pool } = pooled([guessed('p1'), guessed('p2')]);
    refuse(pool, 'p1', 'projects/111', 0);
    refuse(pool, 'p2', 'projects/111', 60_000);
    expect(pool.snapshot().projects).toMatchObject([{ id: 'p1', cooling: [{ model: 'flash' }] }]);
    expect(pool.hasFree(aPlan(), newCourse())).toBe(false);
  });

  test('are found by their old ids: what stands in a log still means something', () => {
    const { pool } = pooled([guessed('p1'), guessed('p2')]);
    refuse(pool, 'p1', 'projects/111');
    refuse(pool, 'p2', 'projects/111');
    expect(pool.roll.find('p2#1')?.project.id).toBe('p1');
    expect(pool.roll.byId('p2')?.id).toBe('p1');
  });

  test('what is under way in the project that was given up is settled there', () => {
    const { pool } = pooled([guessed('p1'), guessed('p2')]);
    refuse(pool, 'p1', 'projects/111');
    const running = take(pool, 'p2');
    refuse(pool, 'p2', 'projects/111');
    running.settle(null);
    expect(pool.roll.projects.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
  });
});

test('what the options say is taken for true', () => {
  const { pool, told } = pooled([{ id: 'a' }, { id: 'b' }]);
  refuse(pool, 'a', 'projects/111');
  refuse(pool, 'b', 'projects/111');
  expect(told).toEqual([]);
  expect(pool.snapshot().projects.map(({ id }) => id)).toEqual(['a', 'b']);
});

function pooled(projects: readonly { id: string; isGuessed?: boolean }[]): { pool: KeyPool; told: ProjectEvent[] } {
  const emitter = new Emitter();
  const told: ProjectEvent[] = [];
  emitter.on('project', (event) => told.push(event));
  return { pool: aPool({ clock: fakeClock(), projects, emitter }), told };
}

function take(pool: KeyPool, project: string): Lease {
  return pool.take(aPlan({ pinned: project }), newCourse(), new Cancellation()) as Lease;
}

function refuse(pool: KeyPool, project: string, consumer: string, restMs = 0): void {
  take(pool, project).settle(
    failure('quota_minute', 'quota_exhausted', 'out of quota', {
      scope: 'quota',
      again: 'other-project',
      restMs,
      consumer,
    }),
  );
}
