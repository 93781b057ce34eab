import { fakeClock } from '@sluice/testkit';
import { expect, test } from 'vitest';
import type { Failure } from '../../src/failure.ts';
import { ProbeRound } from '../../src/pool/probes.ts';
import type { Resting } from '../../src/pool/project.ts';
import { aPool } from './a-pool.ts';

const resting: Resting = { reason: 'key_invalid', sinceMs: 0, untilMs: 1, endedBy: 'probe' };

test('a hundred keys are looked at one at a time, and each once, however often somebody asks', async () => {
  const clock = fakeClock();
  const keys = Array.from({ length: 100 }, (_, at) => `canary-${at}`);
  const pool = aPool({ clock, projects: [{ id: 'main', keys }] });
  const project = pool.roll.byId('main');
  if (project === null) return expect.unreachable();
  for (const key of project.keys) pool.rests.set({ project, key }, resting);
  let running = 0;
  const asked: string[] = [];
  const ask = async ({ id }: { id: string }): Promise<Failure | null> => {
    asked.push(id);
    expect(++running).toBe(1);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    running--;
    return null;
  };
  const round = new ProbeRound(pool, ask, clock);
  for (let time = 0; time < 3; time++) for (const key of project.keys) round.look({ project, key }, resting);
  while (project.keys.some((key) => key.resting !== null)) await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual(project.keys.map(({ id }) => id));
});
