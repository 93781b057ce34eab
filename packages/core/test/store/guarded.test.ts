/** A guarded store never hangs a request, whatever the store does; and forgets nothing that has to be known. */

import { type FakeClock, fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { type GuardedStore, guardedStore } from '../../src/store/guarded.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Admission, Limits, Need, Reservation, Rest } from '../../src/store/store.ts';
import { type WaywardStore, waywardStore } from './wayward-store.ts';

const deadlineMs = 60;
/** Of a busy machine; still less than a second deadline would take. */
const slackMs = 50;

interface Stage {
  readonly clock: FakeClock;
  readonly wayward: WaywardStore;
  readonly guarded: GuardedStore;
  readonly changes: (readonly [isDegraded: boolean, why: string])[];
}

function setStage(mood: WaywardStore['mood'] = 'later'): Stage {
  const clock = fakeClock();
  const wayward = waywardStore(clock, mood);
  const changes: [boolean, string][] = [];
  const guarded = guardedStore(wayward.store, {
    clock,
    local: () => memoryStore(clock),
    deadlineMs,
    onChange: (isDegraded, why) => changes.push([isDegraded, why]),
  });
  return { clock, wayward, guarded, changes };
}

const noLimits: Limits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };

function need(limits: Partial<Limits> = {}, more: Partial<Need> = {}): Need {
  const meters = [{ name: 'project', limits: { ...noLimits, ...limits } }];
  return { scope: 'pool/gemini/main', meters, subjects: [], tokens: 10, leaseMs: 60_000, ...more };
}

function rest(subject: string, clock: FakeClock, forMs: number | null = 60_000): Rest {
  const sinceMs = clock.wallNow();
  return { scope: 'pool/gemini/main', subject, reason: 'quota', sinceMs, untilMs: forMs && sinceMs + forMs };
}

async function timesAdmitted(guarded: GuardedStore, wanted: Need, asks: number): Promise<number> {
  let count = 0;
  for (let ask = 0; ask < asks; ask++) if ((await guarded.reserve(wanted)).reservation !== null) count++;
  return count;
}

/** Until the breaker is open. */
async function breakDown({ guarded, wayward, changes }: Stage, mood: WaywardStore['mood'] = 'refuses'): Promise<void> {
  wayward.mood = mood;
  for (let call = 0; changes.at(-1)?.[0] !== true; call++) {
    if (call > 50) throw new Error('it does not break down');
    await guarded.find([]);
    if (mood === 'hangs') await new Promise((resolve) => setTimeout(resolve, deadlineMs));
  }
}

async function comeBack({ wayward, clock, changes }: Stage): Promise<void> {
  wayward.mood = 'later';
  await clock.advance(2_000);
  expect(changes.at(-1)).toEqual([false, 'it answers again']);
}

async function msFor(work: () => unknown): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

describe('a store that is well', () => {
  test('is asked, and nothing is changed on the way', async () => {
    const { guarded, wayward, clock, changes } = setStage();
    const { reservation } = await guarded.reserve(need({ maxInFlight: 1 }));
    expect((await guarded.reserve(need({ maxInFlight: 1 }))).shortage).toMatchObject({ by: 'maxInFlight' });
    await guarded.settle(reservation as Reservation, { requests: 1, tokens: 1 });
    await guarded.cool(rest('model:a', clock));
    await guarded.own([{ name: 'files/1', project: 'main', caller: 'alice', untilMs: null }]);
    expect(await guarded.rests()).toEqual(wayward.inside.rests());
    expect(await guarded.find(['files/1', 'x'])).toEqual(wayward.inside.find(['files/1', 'x']));
    expect(await guarded.claim('c', 'one', 1_000)).toBe('one');
    await guarded.append({ atMs: 1, scope: 's', subject: 'k', what: 'disabled', why: 'w' });
    expect(await guarded.entries(5)).toHaveLength(1);
    expect([guarded.name, guarded.isShared, guarded.isDegraded]).toEqual(['memory', true, false]);
    expect(changes).toEqual([]);
  });

  test('and answers at once is answered for at once, without a timer', () => {
    const { guarded, clock } = setStage('at once');
    expect(guarded.reserve(need())).toMatchObject({ shortage: null });
    expect(guarded.find(['x'])).toEqual([null]);
    expect(guarded.claim('c', 'one', 1_000)).toBe('one');
    expect(clock.pending).toBe(0);
    const timers = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
    guarded.rests();
    expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout')).toEqual(timers);
  });
});

describe('a store that hangs', () => {
  test('costs a request one deadline, however many verbs it needs', async () => {
    const { guarded, wayward, clock } = setStage();
    await guarded.find(['warm']);
    wayward.mood = 'hangs';
    const tookMs = await msFor(() => guarded.find(['files/1']));
    // Everything else is answered at once.
    expect(guarded.claim('caller/alice', 'main', 1_000)).toBe('main');
    const { reservation } = guarded.reserve(need()) as Admission;
    expect(guarded.settle(reservation as Reservation, { requests: 1, tokens: 5 })).toBeUndefined();
    expect(guarded.cool(rest('model:a', clock))).toBeUndefined();
    expect(guarded.own([])).toBeUndefined();
    expect(tookMs).toBeGreaterThan(deadlineMs - 2);
    expect(tookMs).toBeLessThan(deadlineMs + slackMs);
  });

  test('costs many requests at the same moment one deadline each, and those that follow nothing', async () => {
    const stage = setStage();
    stage.wayward.mood = 'hangs';
    expect(
      await msFor(() => Promise.all(Array.from({ length: 500 }, () => stage.guarded.reserve(need())))),
    ).toBeLessThan(deadlineMs + 5 * slackMs);
    expect(stage.guarded.isDegraded).toBe(true);
    const calls = stage.wayward.calls.length;
    for (let call = 0; call < 10_000; call++) expect(stage.guarded.reserve(need())).not.toBeInstanceOf(Promise);
    expect(stage.wayward.calls.length).toBe(calls);
    expect(stage.changes).toEqual([[true, `no answer within ${deadlineMs} ms`]]);
  });

  test('is found out by itself after one late verb, and told once', async () => {
    const stage = setStage('hangs');
    await stage.guarded.reserve(need());
    expect(stage.guarded.isDegraded).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 4 * deadlineMs + slackMs));
    expect(stage.changes).toEqual([[true, `no answer within ${deadlineMs} ms`]]);
    expect(stage.wayward.calls).toEqual(['reserve', 'claim', 'claim', 'claim', 'claim']);
  });

  test('makes nobody wait while it is tried again', async () => {
    const stage = setStage();
    await breakDown(stage, 'hangs');
    for (let turn = 0; turn < 3; turn++) {
      await stage.clock.advance(2_000);
      // The alarm has just gone off, and its knock is not answered.
      expect(stage.wayward.calls.at(-1)).toBe('claim');
      for (let call = 0; call < 100; call++) expect(stage.guarded.reserve(need())).not.toBeInstanceOf(Promise);
      await new Promise((resolve) => setTimeout(resolve, deadlineMs + 5));
    }
    expect(stage.changes).toHaveLength(1);
  });

  test('is let go within the deadline, and no alarm is left', async () => {
    const stage = setStage();
    await breakDown(stage, 'hangs');
    expect(stage.clock.pending).toBe(1);
    expect(await msFor(() => stage.guarded.close())).toBeLessThan(deadlineMs + slackMs);
    expect(stage.clock.pending).toBe(0);
  });
});

describe('a store that is late once', () => {
  test('is used again as soon as it answers, and nobody is told', async () => {
    const stage = setStage('hangs');
    const held = stage.guarded.reserve(need());
    await new Promise((resolve) => setTimeout(resolve, deadlineMs / 2));
    stage.wayward.mood = 'later';
    await held;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const calls = stage.wayward.calls.length;
    await stage.guarded.reserve(need());
    expect(stage.wayward.calls.slice(calls)).toEqual(['reserve']);
    expect(stage.changes).toEqual([]);
  });

  test('keeps the place of a call that it has admitted too late, and counts it once', async () => {
    const stage = setStage('held');
    const limits = { maxInFlight: 1, requestsPerMinute: 2 };
    const { reservation } = await stage.guarded.reserve(need(limits));
    stage.wayward.mood = 'later';
    stage.wayward.letGo();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(stage.wayward.inside.reserve(need(limits))).toMatchObject({ shortage: { by: 'maxInFlight' } });
    await stage.guarded.settle(reservation as Reservation, { requests: 1, tokens: 10 });
    await stage.clock.advance(1);
    expect(stage.wayward.inside.reserve(need(limits))).toMatchObject({ shortage: null });
    expect(stage.wayward.inside.reserve(need({ requestsPerMinute: 2 }))).toMatchObject({
      shortage: { by: 'requestsPerMinute' },
    });
  });

  test('takes back what it has admitted too late, where memory has refused it meanwhile', async () => {
    const stage = setStage('held');
    // Of a limit of two, each of two processes has one by itself.
    stage.wayward.instances = 2;
    const limits = { maxInFlight: 2 };
    const both = Promise.all([stage.guarded.reserve(need(limits)), stage.guarded.reserve(need(limits))]);
    const [first, second] = await both;
    expect([first.shortage, second.shortage]).toMatchObject([null, { by: 'maxInFlight' }]);
    await stage.guarded.settle(first.reservation as Reservation, { requests: 1, tokens: 10 });
    stage.wayward.mood = 'later';
    stage.wayward.letGo();
    await stage.clock.advance(1);
    expect(stage.wayward.inside.reserve(need({ maxInFlight: 1 }))).toMatchObject({ shortage: null });
  });
});

describe.each(['refuses', 'throws'] as const)('a store that %s', (mood) => {
  test('is answered for at once, and left alone after five times', async () => {
    const stage = setStage(mood);
    for (let call = 1; call <= 20; call++) {
      expect(await timesAdmitted(stage.guarded, need(), 1)).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(stage.wayward.calls).toHaveLength(5);
    const why = mood === 'throws' ? 'disk I/O error' : 'connect ECONNREFUSED 127.0.0.1:6379';
    expect(stage.changes).toEqual([[true, why]]);
  });

  test('four times and then answers is not left alone', async () => {
    const stage = setStage(mood);
    for (let round = 0; round < 3; round++) {
      stage.wayward.mood = mood;
      for (let call = 0; call < 4; call++) {
        await stage.guarded.find(['x']);
        await new Promise((resolve) => setImmediate(resolve));
      }
      stage.wayward.mood = mood === 'throws' ? 'at once' : 'later';
      await stage.guarded.find(['x']);
    }
    expect(stage.changes).toEqual([]);
    expect(stage.wayward.calls).toHaveLength(15);
  });

  test('is used again 2 s later, told once', async () => {
    const stage = setStage();
    await breakDown(stage, mood);
    await stage.clock.advance(1_990);
    expect(stage.guarded.isDegraded).toBe(true);
    stage.wayward.mood = 'later';
    await stage.clock.advance(10);
    await stage.guarded.find(['x']);
    await stage.clock.advance(1);
    expect(stage.guarded.isDegraded).toBe(false);
    expect(stage.changes).toHaveLength(2);
    expect(stage.clock.pending).toBe(0);
  });
});

describe('a store that answers at once and breaks', () => {
  test('sets no alarm: the next verb after 2 s finds out', async () => {
    const stage = setStage('at once');
    stage.wayward.mood = 'throws';
    for (let call = 0; call < 5; call++) stage.guarded.find(['x']);
    await stage.clock.advance(1);
    expect(stage.changes).toEqual([[true, 'disk I/O error']]);
    expect(stage.clock.pending).toBe(0);
    stage.wayward.mood = 'at once';
    await stage.clock.advance(10_000);
    expect(stage.guarded.isDegraded).toBe(true);
    stage.guarded.find(['x']);
    await stage.clock.advance(1);
    expect(stage.guarded.isDegraded).toBe(false);
  });
});

describe('while the store is away', () => {
  test('limits are shared among as many processes as were last seen, at least one call each', async () => {
    const stage = setStage();
    stage.wayward.instances = 4;
    await breakDown(stage);
    const scopes = [
      [{ requestsPerMinute: 10 }, 2],
      [{ requestsPerDay: 9 }, 2],
      [{ maxInFlight: 13 }, 3],
      [{ tokensPerMinute: 120 }, 3],
      [{ requestsPerMinute: 3 }, 1],
    ] as const;
    for (const [limits, fit] of scopes) {
      const scope = JSON.stringify(limits);
      expect(await timesAdmitted(stage.guarded, need(limits, { scope }), 20), scope).toBe(fit);
    }
    expect(await timesAdmitted(stage.guarded, need(), 50)).toBe(50);
  });

  test('what is reserved in memory is settled in memory, also after the return', async () => {
    const stage = setStage();
    await breakDown(stage);
    const wanted = need({ maxInFlight: 1 });
    const { reservation } = await stage.guarded.reserve(wanted);
    expect(await timesAdmitted(stage.guarded, wanted, 1)).toBe(0);
    await stage.guarded.settle(reservation as Reservation, { requests: 1, tokens: 0 });
    const again = await stage.guarded.reserve(wanted);
    expect(again.shortage).toBeNull();
    await comeBack(stage);
    const calls = stage.wayward.calls.length;
    await stage.guarded.settle(again.reservation as Reservation, { requests: 1, tokens: 0 });
    expect(stage.wayward.calls.slice(calls)).toEqual([]);
  });

  test('what was known to rest rests, and what is learnt rests too', async () => {
    const stage = setStage();
    const { guarded, clock, wayward } = stage;
    await guarded.cool(rest('model:a', clock));
    wayward.inside.cool(rest('model:other', clock));
    await guarded.rests();
    await breakDown(stage);
    await guarded.reserve(need());
    await guarded.cool(rest('model:b', clock));
    for (const subject of ['model:a', 'model:other', 'model:b']) {
      const { shortage } = await guarded.reserve(need({}, { subjects: [subject] }));
      expect(shortage).toMatchObject({ by: 'rest', name: subject });
    }
    await expect(guarded.wake('pool/gemini/main', 'model:a')).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect((await guarded.reserve(need({}, { subjects: ['model:a'] }))).shortage).toBeNull();
    expect((await guarded.rests()).map(({ subject }) => subject).sort()).toEqual(['model:b', 'model:other']);
  });

  test('a rest that no time ends is refused: nobody may be told that it is kept', async () => {
    const stage = setStage();
    await breakDown(stage);
    const { guarded, clock } = stage;
    await expect(guarded.cool(rest('key:a', clock, null))).rejects.toMatchObject({ code: 'storage_unavailable' });
    await guarded.cool(rest('key:b', clock));
  });

  test('a rest that somebody else has ended does not come back with the outage', async () => {
    const stage = setStage();
    await stage.guarded.cool(rest('model:a', stage.clock));
    stage.wayward.inside.wake('pool/gemini/main', 'model:a');
    await stage.guarded.rests();
    await breakDown(stage);
    expect((await stage.guarded.reserve(need({}, { subjects: ['model:a'] }))).shortage).toBeNull();
  });

  test('owners that were seen are found, and choices stand', async () => {
    const stage = setStage();
    const { guarded, wayward } = stage;
    const thing = { name: 'files/1', project: 'two', caller: 'alice', untilMs: null };
    wayward.inside.own([thing]);
    await guarded.find(['files/1']);
    wayward.inside.claim('caller/alice', 'two', 60_000);
    expect(await guarded.claim('caller/alice', 'one', 60_000)).toBe('two');
    await breakDown(stage);
    expect(await guarded.find(['files/1', 'files/2'])).toEqual([thing, null]);
    expect(await guarded.claim('caller/alice', 'one', 60_000)).toBe('two');
  });

  test('the record is refused, with a reason and without a key', async () => {
    const stage = setStage();
    await breakDown(stage);
    const entry = { atMs: 1, scope: 's', subject: 'key:AIza-canary', what: 'disabled', why: 'w' };
    await expect(stage.guarded.append(entry)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: 'the record cannot be written: memory: connect ECONNREFUSED 127.0.0.1:6379',
    });
    await expect(stage.guarded.entries(5)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});

describe('when the store is back', () => {
  test('it is told what rests and what was woken before anybody asks it', async () => {
    const stage = setStage();
    const { guarded, clock, wayward } = stage;
    await guarded.cool(rest('model:a', clock, null));
    await breakDown(stage);
    const refused = expect.objectContaining({ code: 'storage_unavailable' });
    await expect(guarded.wake('pool/gemini/main', 'model:a')).rejects.toEqual(refused);
    await guarded.cool(rest('model:b', clock, 60_000));
    await guarded.cool(rest('model:b', clock, 30_000));
    await expect(guarded.wake('pool/gemini/main', 'model:c')).rejects.toEqual(refused);
    await guarded.cool(rest('model:c', clock, 90_000));
    const calls = wayward.calls.length;
    await comeBack(stage);
    expect(wayward.calls.slice(calls)[0]).toBe('claim');
    const rests = (await wayward.inside.rests()).map(({ subject, untilMs, sinceMs }) => [
      subject,
      (untilMs as number) - sinceMs,
    ]);
    expect(rests.sort()).toEqual([
      ['model:b', 60_000],
      ['model:c', 90_000],
    ]);
    expect((await guarded.reserve(need({}, { subjects: ['model:b'] }))).shortage).toMatchObject({ by: 'rest' });
  });

  test('it is told who made what, what is gone, and what was settled', async () => {
    const stage = setStage();
    const { guarded, wayward, clock } = stage;
    const thing = { name: 'files/1', project: 'main', caller: 'alice', untilMs: null };
    wayward.inside.own([{ ...thing, name: 'files/old' }]);
    const { reservation } = await guarded.reserve(need({ maxInFlight: 1 }));
    await breakDown(stage);
    await guarded.own([thing]);
    await guarded.disown('files/old');
    await guarded.settle(reservation as Reservation, { requests: 1, tokens: 0 });
    await comeBack(stage);
    await clock.advance(1);
    expect(await wayward.inside.find(['files/1', 'files/old'])).toEqual([thing, null]);
    expect(wayward.inside.reserve(need({ maxInFlight: 1 }))).toMatchObject({ shortage: null });
  });

  test('what was admitted meanwhile is booked: no limit is used twice, neither in the store nor in the next outage', async () => {
    const stage = setStage();
    await breakDown(stage);
    expect(await timesAdmitted(stage.guarded, need({ requestsPerDay: 3 }), 5)).toBe(3);
    await comeBack(stage);
    expect(await timesAdmitted(stage.guarded, need({ requestsPerDay: 3 }), 5)).toBe(0);
    await breakDown(stage);
    expect(await timesAdmitted(stage.guarded, need({ requestsPerDay: 3 }), 5)).toBe(0);
  });

  test('an outage does not begin from nothing: what the store had admitted counts on', async () => {
    const stage = setStage();
    stage.wayward.mood = 'later';
    expect(await timesAdmitted(stage.guarded, need({ requestsPerDay: 4 }), 3)).toBe(3);
    await breakDown(stage);
    expect(await timesAdmitted(stage.guarded, need({ requestsPerDay: 4 }), 5)).toBe(1);
  });

  test('what a single failure left behind is written by and by, without an outage', async () => {
    const { guarded, wayward, clock, changes } = setStage('refuses');
    await guarded.cool(rest('model:a', clock));
    wayward.mood = 'later';
    await guarded.find(['x']);
    await clock.advance(1);
    expect(await wayward.inside.rests()).toHaveLength(1);
    expect(changes).toEqual([]);
  });

  test('what could not be written is never written over what came after it', async () => {
    const { guarded, wayward, clock } = setStage('refuses');
    const owned = { name: 'files/1', project: 'main', caller: 'alice', untilMs: null };
    await guarded.cool(rest('model:a', clock));
    await guarded.own([owned]);
    await expect(guarded.wake('pool/gemini/main', 'model:b')).rejects.toMatchObject({ code: 'storage_unavailable' });
    await guarded.disown('files/2');
    wayward.mood = 'later';
    await guarded.wake('pool/gemini/main', 'model:a');
    await guarded.disown('files/1');
    await guarded.cool(rest('model:b', clock));
    await guarded.own([{ ...owned, name: 'files/2' }]);
    for (let verb = 0; verb < 3; verb++) {
      await clock.advance(3_000);
      await guarded.find(['x']);
    }
    expect((await wayward.inside.rests()).map(({ subject }) => subject)).toEqual(['model:b']);
    expect(await wayward.inside.find(['files/1', 'files/2'])).toMatchObject([null, { name: 'files/2' }]);
  });

  test('a call that it could not count is booked by and by, without an outage', async () => {
    const { guarded, wayward, clock, changes } = setStage('refuses');
    const limits = { requestsPerMinute: 2 };
    const { reservation } = await guarded.reserve(need(limits));
    wayward.mood = 'later';
    await guarded.settle(reservation as Reservation, { requests: 1, tokens: 10 });
    for (let verb = 0; verb < 2; verb++) await guarded.find(['x']);
    await clock.advance(1);
    expect(await timesAdmitted(guarded, need(limits), 2)).toBe(1);
    expect(wayward.inside.reserve(need({ requestsPerMinute: 2 }))).toMatchObject({
      shortage: { by: 'requestsPerMinute' },
    });
    expect(changes).toEqual([]);
  });

  test('an outage after late answers does not count their calls twice', async () => {
    const stage = setStage('held');
    const { guarded, wayward, clock } = stage;
    const { reservation } = await guarded.reserve(need({ requestsPerMinute: 2 }));
    await guarded.settle(reservation as Reservation, { requests: 1, tokens: 10 });
    wayward.letGo();
    await clock.advance(1);
    await breakDown(stage);
    await comeBack(stage);
    expect(wayward.inside.reserve(need({ requestsPerMinute: 2 }))).toMatchObject({ shortage: null });
    expect(wayward.inside.reserve(need({ requestsPerMinute: 2 }))).toMatchObject({
      shortage: { by: 'requestsPerMinute' },
    });
  });

  test('what is owed to it is written when it is let go of, and it is asked no more', async () => {
    const { guarded, wayward, clock } = setStage();
    const limits = { maxInFlight: 1 };
    const { reservation } = await guarded.reserve(need(limits));
    wayward.mood = 'refuses';
    await guarded.settle(reservation as Reservation, { requests: 1, tokens: 10 });
    wayward.mood = 'later';
    await guarded.letGo();
    expect(wayward.inside.reserve(need(limits))).toMatchObject({ shortage: null });
    expect(clock.pending).toBe(0);
  });

  test('while it is gone, whoever lets go of it leaves no alarm behind', async () => {
    const stage = setStage('hangs');
    await breakDown(stage, 'hangs');
    expect(stage.clock.pending).toBe(1);
    await stage.guarded.letGo();
    await stage.clock.advance(10_000);
    expect(stage.clock.pending).toBe(0);
  });

  test('what it refuses again and again does not keep it away for ever', async () => {
    const stage = setStage();
    const { guarded, wayward, clock, changes } = stage;
    await breakDown(stage);
    await guarded.cool(rest('poison', clock));
    wayward.mood = 'later';
    wayward.inside.cool = () => {
      throw new Error('WRONGTYPE');
    };
    for (let turn = 0; turn < 6; turn++) await clock.advance(2_000);
    expect(changes.at(-1)).toEqual([false, 'it answers again']);
  });

  test('it is tried every 2 s whatever the wall clock does', async () => {
    const clock = fakeClock();
    let wallMs = Date.UTC(2026, 10, 21);
    const moved = { ...clock, wallNow: () => wallMs };
    const wayward = waywardStore(clock, 'refuses');
    const guarded = guardedStore(wayward.store, { clock: moved, local: () => memoryStore(clock), deadlineMs });
    for (let call = 0; call < 5; call++) await guarded.find([]);
    expect(guarded.isDegraded).toBe(true);
    wallMs -= 86_400_000;
    wayward.mood = 'later';
    await clock.advance(2_000);
    expect(guarded.isDegraded).toBe(false);
  });
});

describe('a renewal', () => {
  const one = need({ maxInFlight: 1 }, { leaseMs: 180_000 });
  const held = async ({ guarded }: Stage) => (await guarded.reserve(one)).reservation as Reservation;

  test('is one call for all that it is asked for, and none where there is nothing', async () => {
    const { guarded, wayward } = setStage();
    const wanted = need({ maxInFlight: 2 });
    const both = [await guarded.reserve(wanted), await guarded.reserve(wanted)].map(({ reservation }) => reservation);
    await guarded.renew(both as Reservation[], 60_000);
    await guarded.renew([], 60_000);
    expect(wayward.calls.filter((verb) => verb === 'renew')).toHaveLength(1);
  });

  test.each(['refuses', 'throws'] as const)('of a store that %s is missed, and made good', async (mood) => {
    const stage = setStage();
    const { guarded, clock, wayward } = stage;
    const reservation = await held(stage);
    await breakDown(stage, mood);
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(60_000);
      await guarded.renew([reservation], 180_000);
    }
    // Meanwhile it is counted here.
    expect(await timesAdmitted(guarded, one, 2)).toBe(0);
    await comeBack(stage);
    expect((await wayward.inside.reserve(one)).shortage).toBeNull();
    await guarded.renew([reservation], 180_000);
    expect((await wayward.inside.reserve(one)).shortage).toMatchObject({ by: 'maxInFlight' });
  });

  test('of what was admitted from memory is one here, and one of the booking once there is one', async () => {
    const stage = setStage();
    const { guarded, clock, wayward } = stage;
    await breakDown(stage);
    const reservation = await held(stage);
    await clock.advance(120_000);
    await guarded.renew([reservation], 180_000);
    await clock.advance(120_000);
    expect(await timesAdmitted(guarded, one, 2)).toBe(0);
    await comeBack(stage);
    await clock.advance(150_000);
    await guarded.renew([reservation], 180_000);
    await clock.advance(150_000);
    expect((await wayward.inside.reserve(one)).shortage).toMatchObject({ by: 'maxInFlight' });
    await clock.advance(30_000);
    expect((await wayward.inside.reserve(one)).shortage).toBeNull();
  });
});

describe('10,000 verbs while it hangs', () => {
  test('reach it a handful of times, leave nothing pending and reject nowhere', async () => {
    const stage = setStage('hangs');
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      for (let round = 0; round < 100; round++) {
        for (let call = 0; call < 20; call++) {
          const { reservation } = await stage.guarded.reserve(need({ maxInFlight: 1_000 }));
          await stage.guarded.find(['files/x']);
          await stage.guarded.claim('caller/alice', 'main', 1_000);
          await stage.guarded.cool(rest(`model:${call}`, stage.clock));
          await stage.guarded.settle(reservation as Reservation, { requests: 1, tokens: 3 });
        }
        await stage.clock.advance(100);
      }
      expect(stage.wayward.calls.length).toBeLessThan(15);
      expect(stage.clock.pending).toBeLessThanOrEqual(1);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  }, 20_000);
});
