import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { failure } from '../../src/failure.ts';
import type { Lease } from '../../src/pool/lease.ts';
import type { KeyPool } from '../../src/pool/pool.ts';
import { aPool, mustTake, seeded } from './a-pool.ts';

let clock: FakeClock;
beforeEach(() => {
  clock = fakeClock();
});

const named = (...ids: string[]): { id: string }[] => ids.map((id) => ({ id }));
const rests = (restMs: number) =>
  failure('quota_minute', 'quota_exhausted', 'x', { scope: 'quota', again: 'other-project', restMs });

async function projectsOf(pool: KeyPool, calls: number, model = 'flash'): Promise<string[]> {
  const projects: string[] = [];
  for (let call = 0; call < calls; call++) {
    const lease = await mustTake(pool, { model });
    projects.push(lease.project);
    lease.settle(null);
  }
  return projects;
}

/** Takes leases until one of the project comes, and settles it so; the others go well. */
async function restOf(pool: KeyPool, project: string, restMs: number, stickyKey: string | null = null): Promise<void> {
  const others: Lease[] = [];
  for (;;) {
    const lease = await mustTake(pool, { stickyKey });
    if (lease.project !== project) {
      others.push(lease);
      continue;
    }
    lease.settle(rests(restMs));
    for (const other of others) other.settle(null);
    return;
  }
}

describe('round-robin', () => {
  test('takes the projects in the order of the options, whatever their weights and however busy they are', async () => {
    const pool = aPool({
      clock,
      strategy: 'round-robin',
      projects: [{ id: 'a', weight: 9 }, { id: 'b' }, { id: 'c' }],
    });
    const busy = await mustTake(pool);
    expect(busy.project).toBe('a');
    expect(await projectsOf(pool, 6)).toEqual(['b', 'c', 'a', 'b', 'c', 'a']);
  });

  test('takes turns for each model by itself, so that models that alternate do not share out the projects', async () => {
    const pool = aPool({ clock, strategy: 'round-robin', projects: named('a', 'b') });
    const [flash, pro] = [[] as string[], [] as string[]];
    for (let call = 0; call < 4; call++) {
      flash.push(...(await projectsOf(pool, 1, 'flash')));
      pro.push(...(await projectsOf(pool, 1, 'pro')));
    }
    expect([flash, pro]).toEqual([
      ['a', 'b', 'a', 'b'],
      ['a', 'b', 'a', 'b'],
    ]);
  });

  test('shares the turns of those who rest among the others, and takes them back', async () => {
    const pool = aPool({ clock, strategy: 'round-robin', projects: named('a', 'b', 'c', 'd') });
    for (const id of ['b', 'd']) await restOf(pool, id, 60_000);
    const meanwhile = count(await projectsOf(pool, 400));
    expect(meanwhile).toEqual({ a: expect.closeTo(200, -1), c: expect.closeTo(200, -1) });
    await clock.advance(60_000);
    expect(count(await projectsOf(pool, 400))).toEqual({ a: 100, b: 100, c: 100, d: 100 });
  });
});

describe('weighted', () => {
  test.each([1, 2, 3])('10,000 draws meet the weights within 10 % (seed %i)', async (seed) => {
    const weights = { a: 1, b: 2.5, c: 5, d: 1.5 };
    const projects = Object.entries(weights).map(([id, weight]) => ({ id, weight }));
    const pool = aPool({ clock, strategy: 'weighted', projects, random: seeded(seed) });
    const counts = count(await projectsOf(pool, 10_000));
    for (const [id, weight] of Object.entries(weights)) {
      expect(counts[id]).toBeGreaterThan(weight * 1_000 * 0.9);
      expect(counts[id]).toBeLessThan(weight * 1_000 * 1.1);
    }
  });

  test('the shares of those who rest go to the others, by weight', async () => {
    const projects = [
      { id: 'a', weight: 1 },
      { id: 'b', weight: 3 },
      { id: 'heavy', weight: 20 },
    ];
    const pool = aPool({ clock, strategy: 'weighted', projects, random: seeded(7) });
    await restOf(pool, 'heavy', 60_000);
    const { a = 0, b = 0, heavy } = count(await projectsOf(pool, 10_000));
    expect(heavy).toBeUndefined();
    expect(b / a).toBeGreaterThan(2.7);
    expect(b / a).toBeLessThan(3.3);
  });

  test('a project that comes later has its share, also where all others weigh less', async () => {
    const projects = [
      { id: 'a', weight: 0.1 },
      { id: 'b', weight: 0.1 },
    ];
    const pool = aPool({ clock, strategy: 'weighted', projects, random: seeded(8) });
    pool.add('late', 'canary-late');
    const { a = 0, late = 0 } = count(await projectsOf(pool, 5_000));
    expect(late / a).toBeGreaterThan(8);
    expect(late / a).toBeLessThan(12.5);
  });
});

describe('sticky', () => {
  const keys = Array.from({ length: 200 }, (_, at) => `conversation-${at}`);
  const homes = async (pool: KeyPool): Promise<string[]> => {
    const found: string[] = [];
    for (const stickyKey of keys) found.push((await mustTake(pool, { stickyKey })).project);
    return found;
  };

  test('one key comes to one project, however busy that is, and in every process with the same options', async () => {
    const wishes = { clock, strategy: 'sticky', projects: named('a', 'b', 'c', 'd', 'e') } as const;
    const pool = aPool({ ...wishes, random: seeded(1) });
    const first = await homes(pool);
    expect(await homes(pool)).toEqual(first);
    expect(await homes(aPool({ ...wishes, random: seeded(2) }))).toEqual(first);
    // Written down: other versions come to the same projects.
    expect(first.slice(0, 8)).toEqual(['c', 'd', 'a', 'b', 'd', 'e', 'b', 'c']);
  });

  test('keys are spread over all projects', async () => {
    const pool = aPool({ clock, strategy: 'sticky', projects: named('a', 'b', 'c', 'd', 'e') });
    for (const share of Object.values(count(await homes(pool)))) {
      expect(share).toBeGreaterThan(20);
      expect(share).toBeLessThan(60);
    }
  });

  test('the next in order serves while that one rests, always the same, and then that one again', async () => {
    const pool = aPool({ clock, strategy: 'sticky', projects: named('a', 'b', 'c') });
    const stickyKey = 'one conversation';
    const home = (await mustTake(pool, { stickyKey })).project;
    const next = { a: 'b', b: 'c', c: 'a' }[home] as string;
    await restOf(pool, home, 10_000, stickyKey);
    for (let call = 0; call < 5; call++) expect((await mustTake(pool, { stickyKey })).project).toBe(next);
    await clock.advance(10_000);
    expect((await mustTake(pool, { stickyKey })).project).toBe(home);
  });

  test('a call of which nothing is known goes to the least busy one', async () => {
    const pool = aPool({ clock, strategy: 'sticky', projects: named('a', 'b', 'c') });
    const leases = [await mustTake(pool), await mustTake(pool), await mustTake(pool)];
    expect(new Set(leases.map(({ project }) => project)).size).toBe(3);
  });

  test('serves as long as anybody can, however many in a row rest', async () => {
    const ids = Array.from({ length: 100 }, (_, at) => `p${at}`);
    const pool = aPool({ clock, strategy: 'sticky', projects: named(...ids) });
    const stickyKey = 'one conversation';
    const used = new Set<string>();
    for (let call = 0; call < 100; call++) {
      const lease = await mustTake(pool, { stickyKey });
      used.add(lease.project);
      lease.settle(rests(60_000));
    }
    expect(used.size).toBe(100);
  });
});

describe('least-busy', () => {
  test.each([10, 1_000])('is even among %i projects', async (size) => {
    const ids = Array.from({ length: size }, (_, at) => `p${at}`);
    const pool = aPool({ clock, projects: named(...ids), random: seeded(3) });
    for (let call = 0; call < size * 10; call++) await mustTake(pool);
    const inFlight = pool.roll.projects.map((project) => project.inFlight);
    expect(Math.min(...inFlight)).toBeGreaterThanOrEqual(9);
    expect(Math.max(...inFlight)).toBeLessThanOrEqual(12);
  });

  test('one slow answer after the other collects no queue among 1,000 projects', async () => {
    const ids = Array.from({ length: 1_000 }, (_, at) => `p${at}`);
    const pool = aPool({ clock, projects: named(...ids), random: seeded(4) });
    const random = seeded(5);
    const running: Lease[] = [];
    for (let call = 0; call < 5_000; call++) {
      running.push(await mustTake(pool));
      if (running.length > 500) running.splice(Math.floor(random() * running.length), 1)[0]?.settle(null);
    }
    expect(Math.max(...pool.roll.projects.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(3);
  });
});

function count(projects: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const project of projects) counts[project] = (counts[project] ?? 0) + 1;
  return counts;
}
