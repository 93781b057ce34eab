import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import { SluiceError } from '../../src/errors.ts';
import { type Waiting, WaitingRoom } from '../../src/pool/waiting-room.ts';

let clock: FakeClock;
/** When the prize is there, on the clock's scale, and how many. */
let readyAtMs: number;
let prizes: number;
let served: string[];
let returned: string[];
beforeEach(() => {
  clock = fakeClock();
  readyAtMs = clock.now() + 500;
  prizes = Number.POSITIVE_INFINITY;
  served = [];
  returned = [];
});

test('who waits gets the prize as soon as it is there', async () => {
  const room = new WaitingRoom({ maxEntries: 10, maxWaitMs: 1_000 }, clock);
  const waiting = room.enter(who('alice'));
  await clock.advance(499);
  expect([room.waiting, served]).toEqual([1, []]);
  await clock.advance(1);
  expect(await waiting).toBe('alice');
  expect([room.waiting, clock.pending]).toEqual([0, 0]);
});

describe('nobody waits in vain', () => {
  test('who would wait longer than may be is refused at once', async () => {
    const room = new WaitingRoom({ maxEntries: 10, maxWaitMs: 499 }, clock);
    await expect(room.enter(who('alice'))).rejects.toMatchObject({ code: 'quota_exhausted' });
    expect([room.waiting, clock.pending]).toEqual([0, 0]);
  });

  test('who waits for what will never come is refused at once', async () => {
    const room = new WaitingRoom({ maxEntries: 10, maxWaitMs: 1_000 }, clock);
    await expect(room.enter({ ...who('alice'), waitMs: () => null })).rejects.toMatchObject({
      code: 'quota_exhausted',
    });
  });

  test('who has waited long enough is refused, and leaves no timer behind', async () => {
    const room = new WaitingRoom({ maxEntries: 10, maxWaitMs: 1_000 }, clock);
    prizes = 0;
    const waiting = refused(room.enter(who('alice')));
    await clock.advance(999);
    expect(room.waiting).toBe(1);
    await clock.advance(1);
    expect(await waiting).toMatchObject({ code: 'quota_exhausted' });
    expect([room.waiting, clock.pending]).toEqual([0, 0]);
  });

  test('also behind others in the line', async () => {
    const room = new WaitingRoom({ maxEntries: 10, maxWaitMs: 1_000 }, clock);
    prizes = 0;
    const all = ['alice', 'bob', 'carol'].map((caller) => refused(room.enter(who(caller))));
    await clock.advance(1_000);
    expect((await Promise.all(all)).map((error) => (error as SluiceError).code)).toEqual(
      Array(3).fill('quota_exhausted'),
    );
    expect([room.waiting, clock.pending]).toEqual([0, 0]);
  });
});

describe('the room is bounded', () => {
  test('and says so', async () => {
    const room = new WaitingRoom({ maxEntries: 2, maxWaitMs: 1_000 }, clock);
    const inside = [room.enter(who('alice')), room.enter(who('bob', 'pro'))];
    await expect(room.enter(who('carol'))).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
      retryAfterMs: 1_000,
    });
    await clock.advance(500);
    expect(await Promise.all(inside)).toEqual(['alice', 'bob']);
  });

  test('whoever goes frees the place', async () => {
    const room = new WaitingRoom({ maxEntries: 1, maxWaitMs: 1_000 }, clock);
    const leaving = new Cancellation();
    const gone = refused(room.enter({ ...who('alice'), gone: leaving }));
    leaving.cancel(new Error('hung up'));
    expect(await gone).toMatchObject({ message: 'hung up' });
    expect(room.waiting).toBe(0);
    const next = room.enter(who('bob'));
    await clock.advance(500);
    expect(await next).toBe('bob');
    expect(served).toEqual(['bob']);
  });

  test('whoever goes while others stand before leaves them in line', async () => {
    const room = new WaitingRoom({ maxEntries: 9, maxWaitMs: 1_000 }, clock);
    const leaving = new Cancellation();
    const first = room.enter(who('alice'));
    const gone = refused(room.enter({ ...who('bob'), gone: leaving }));
    const last = room.enter(who('carol'));
    leaving.cancel(new Error('hung up'));
    await clock.advance(500);
    expect(await Promise.all([first, last])).toEqual(['alice', 'carol']);
    expect(await gone).toMatchObject({ message: 'hung up' });
    expect(served).toEqual(['alice', 'carol']);
    expect(clock.pending).toBe(0);
  });
});

describe('what comes too late is given back', () => {
  const later = (name: string, gone: Cancellation): Waiting<string> => {
    const now = who(name);
    return { ...now, gone, grab: () => clockedGrab(now) };
  };
  /** A store that takes 50 ms to answer. */
  const clockedGrab = (now: Waiting<string>): Promise<string | null> =>
    new Promise((resolve) => void clock.after(50, () => resolve(now.grab() as string | null)));

  test('when the client hangs up while the store is being asked', async () => {
    const room = new WaitingRoom({ maxEntries: 10, maxWaitMs: 1_000 }, clock);
    readyAtMs = clock.now() + 20;
    const gone = new Cancellation();
    const waiting = refused(room.enter(later('alice', gone)));
    await clock.advance(30);
    gone.cancel(new Error('hung up'));
    await clock.advance(100);
    expect(await waiting).toMatchObject({ message: 'hung up' });
    expect({ served, returned }).toEqual({ served: ['alice'], returned: ['alice'] });
    expect([room.waiting, clock.pending]).toEqual([0, 0]);
  });

  test('and at whatever moment somebody goes, nothing is served in vain', async () => {
    for (let turns = 0; turns < 20; turns++) {
      served = [];
      returned = [];
      const room = new WaitingRoom({ maxEntries: 10, maxWaitMs: 1_000 }, clock);
      readyAtMs = clock.now();
      const gone = new Cancellation();
      const outcome = room.enter({ ...who('alice'), gone }).then(
        () => 'served',
        () => 'gone',
      );
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      gone.cancel(new Error('hung up'));
      const kept = (await outcome) === 'served' ? 1 : 0;
      await new Promise((resolve) => setImmediate(resolve));
      expect(served.length - returned.length, `after ${turns} turns`).toBe(kept);
    }
  });
});

describe('the room is fair', () => {
  test('a caller with many requests stands behind the first ones of everybody else', async () => {
    const room = new WaitingRoom({ maxEntries: 20, maxWaitMs: 1_000 }, clock);
    const all = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map((name) =>
      room.enter(who(name.slice(0, 1), 'flash', name)),
    );
    await clock.advance(500);
    await Promise.all(all);
    expect(served).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  test('each model has a line of its own', async () => {
    const room = new WaitingRoom({ maxEntries: 20, maxWaitMs: 1_000 }, clock);
    const stuck = refused(room.enter({ ...who('alice', 'full'), grab: () => null, waitMs: () => 900 }));
    const other = room.enter(who('alice', 'flash'));
    await clock.advance(500);
    expect(await other).toBe('alice');
    await clock.advance(500);
    expect(await stuck).toMatchObject({ code: 'quota_exhausted' });
  });
});

function who(callerId: string, lane = 'flash', name = callerId): Waiting<string> {
  return {
    lane,
    callerId,
    gone: new Cancellation(),
    grab() {
      if (clock.now() < readyAtMs || prizes === 0) return null;
      prizes--;
      served.push(name);
      return name;
    },
    giveBack() {
      prizes++;
      returned.push(name);
    },
    waitMs: () => Math.max(1, readyAtMs - clock.now()),
    refusal: () => new SluiceError('quota_exhausted', 'later', { retryAfterMs: readyAtMs - clock.now() }),
  };
}

/** What a promise was refused with; asked for at once, so that nothing goes unhandled. */
function refused(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it was served'),
    (reason: unknown) => reason,
  );
}
