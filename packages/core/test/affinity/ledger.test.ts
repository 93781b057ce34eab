import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Placement, Reference } from '../../src/affinity/affinity.ts';
import { Ledger } from '../../src/affinity/ledger.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

const hourMs = 3_600_000;

let clock: FakeClock;
let store: Store;
let ledger: Ledger;
beforeEach(() => {
  clock = fakeClock();
  store = memoryStore(clock);
  ledger = new Ledger(store, 'gemini', clock);
});

describe('a request goes', () => {
  test('anywhere when it names nothing, and nobody waits', () => {
    expect(ledger.placeOf([], 'alice')).toEqual({ is: 'free' });
  });

  test('to the project of what its caller made, and a store in memory answers at once', async () => {
    await made('files/abc', 'main', 'alice');
    const place = ledger.placeOf([to('files/abc')], 'alice');
    expect(place).not.toBeInstanceOf(Promise);
    expect(place).toEqual({ is: 'pinned', project: 'main', isOwn: true });
  });

  test('to the project of what is nobody’s, whoever asks', async () => {
    await ledger.found('files/abc', 'main');
    await made('cachedContents/c', 'main', 'alice');
    expect(await placeOf('alice', 'files/abc', 'cachedContents/c')).toEqual({
      is: 'pinned',
      project: 'main',
      isOwn: false,
    });
    expect(await placeOf('bob', 'files/abc')).toMatchObject({ is: 'pinned', project: 'main' });
  });

  test('to a search with what nobody knows, beside what is known', async () => {
    await made('files/known', 'main', 'alice');
    const place = await placeOf('alice', 'files/known', 'files/new', 'cachedContents/new');
    expect(place).toMatchObject({ is: 'unknown', project: 'main' });
    expect(place.is === 'unknown' && place.references.map(({ name }) => name)).toEqual([
      'files/new',
      'cachedContents/new',
    ]);
    expect(await placeOf('alice', 'files/new')).toMatchObject({ is: 'unknown', project: null });
  });

  test('anywhere with a token or an agent that nobody knows, and home with one that somebody does', async () => {
    expect(await placeOf('alice', 'token/5e88', 'agents/deep-research')).toEqual({ is: 'free' });
    await made('token/5e88', 'main', 'alice');
    expect(await placeOf('alice', 'token/5e88')).toMatchObject({ is: 'pinned', project: 'main' });
    expect(await placeOf('bob', 'token/5e88')).toMatchObject({ is: 'foreign' });
  });

  test('nowhere with what another caller made: it does not exist', async () => {
    await made('files/abc', 'main', 'alice');
    const place = await placeOf('bob', 'files/abc', 'files/unknown');
    expect(place).toMatchObject({ is: 'foreign', error: { code: 'not_found', status: 404 } });
    expect(messageOf(place)).toContain('files/abc');
    expect(messageOf(place)).not.toMatch(/main|alice/);
  });

  test('nowhere with things of two projects, and the answer names them, not the projects', async () => {
    await made('files/a', 'project-one', 'alice');
    await made('files/b', 'project-one', 'alice');
    await made('cachedContents/c', 'project-two', 'alice');
    const place = await placeOf('alice', 'files/a', 'cachedContents/c', 'files/b');
    expect(place).toMatchObject({ is: 'torn', error: { code: 'resource_key_unavailable', status: 409 } });
    expect(messageOf(place)).toContain('files/a, files/b in one, cachedContents/c in another');
    expect(messageOf(place)).not.toMatch(/project-one|project-two/);
  });

  test('nowhere with a token of another project, whose hash is not told', async () => {
    await made('files/a', 'one', 'alice');
    await made('token/5e88', 'two', 'alice');
    const message = messageOf(await placeOf('alice', 'files/a', 'token/5e88'));
    expect(message).toContain('continuation token');
    expect(message).not.toContain('5e88');
  });
});

describe('an id that two callers chose', () => {
  beforeEach(async () => {
    await made('files/report', 'one', 'alice');
    await made('files/report', 'two', 'bob');
  });

  test('leads each to its own', async () => {
    expect(await placeOf('alice', 'files/report')).toMatchObject({ project: 'one', isOwn: true });
    expect(await placeOf('bob', 'files/report')).toMatchObject({ project: 'two', isOwn: true });
    expect(await placeOf('carol', 'files/report')).toMatchObject({ is: 'foreign' });
  });

  test('is still the second one’s when the first one’s is deleted', async () => {
    await ledger.forget('files/report', 'one', 'alice');
    expect(await placeOf('bob', 'files/report')).toMatchObject({ is: 'pinned', project: 'two' });
  });

  test('is still the first one’s when the second one’s is deleted', async () => {
    await ledger.forget('files/report', 'two', 'bob');
    expect(await placeOf('alice', 'files/report')).toMatchObject({ is: 'pinned', project: 'one' });
    expect(await placeOf('bob', 'files/report')).toMatchObject({ is: 'foreign' });
  });

  test('cannot be found by a search that the first one’s deletion makes possible', async () => {
    await ledger.forget('files/report', 'one', 'alice');
    expect(await placeOf('alice', 'files/report')).toMatchObject({ is: 'unknown' });
    expect(await ledger.found('files/report', 'two')).toBe(false);
    expect(await placeOf('alice', 'files/report')).toMatchObject({ is: 'unknown' });
    expect(await placeOf('carol', 'files/report')).toMatchObject({ is: 'unknown' });
  });

  test('may be given again once it was deleted', async () => {
    await ledger.forget('files/report', 'one', 'alice');
    await made('files/report', 'three', 'alice');
    expect(await placeOf('alice', 'files/report')).toMatchObject({ project: 'three' });
  });

  test('is the first one’s alone when the provider makes such ids up', async () => {
    await made('cachedContents/c', 'one', 'alice');
    await made('cachedContents/c', 'two', 'bob');
    expect(await placeOf('alice', 'cachedContents/c')).toMatchObject({ project: 'one' });
    expect(await placeOf('bob', 'cachedContents/c')).toMatchObject({ is: 'foreign' });
  });
});

describe('what is written down', () => {
  test('carries the pool, so that two pools never mix', async () => {
    const other = new Ledger(store, 'other', clock);
    await made('files/abc', 'main', 'alice');
    expect(await other.placeOf([to('files/abc')], 'bob')).toMatchObject({ is: 'unknown' });
    expect(await store.find(['pool/gemini/files/abc'])).toMatchObject([{ project: 'main', caller: 'alice' }]);
  });

  test('ends when the provider forgets the thing', async () => {
    await ledger.learn([{ name: 'files/abc', untilMs: clock.wallNow() + hourMs, of: null }], 'main', 'alice');
    await clock.advance(hourMs - 1);
    expect(await placeOf('alice', 'files/abc')).toMatchObject({ is: 'pinned' });
    await clock.advance(1);
    expect(await placeOf('alice', 'files/abc')).toMatchObject({ is: 'unknown' });
    expect(await placeOf('bob', 'files/abc')).toMatchObject({ is: 'unknown' });
  });

  test('ends an hour after it was found', async () => {
    await ledger.found('files/abc', 'main');
    await clock.advance(hourMs);
    expect(await placeOf('alice', 'files/abc')).toMatchObject({ is: 'unknown' });
  });

  test('of something found gives way to its maker, and never the other way round', async () => {
    await ledger.found('files/abc', 'main');
    await made('files/abc', 'main', 'alice');
    await ledger.found('files/abc', 'main');
    expect(await placeOf('bob', 'files/abc')).toMatchObject({ is: 'foreign' });
  });

  test('is forgotten with the thing, in all its rows', async () => {
    await made('files/abc', 'main', 'alice');
    await ledger.forget('files/abc', 'main', 'alice');
    for (const caller of ['alice', 'bob']) expect(await placeOf(caller, 'files/abc')).toMatchObject({ is: 'unknown' });
    expect(await ledger.found('files/abc', 'main')).toBe(true);
  });

  test.each(['alice/files', '../alice', 'caller', 'ä %2F'])(
    'belongs to a caller whatever its id is: %s',
    async (id) => {
      await made('files/abc', 'main', id);
      expect(await placeOf(id, 'files/abc')).toMatchObject({ is: 'pinned', isOwn: true });
      expect(await placeOf('alice', 'files/abc')).toMatchObject({ is: 'foreign' });
    },
  );
});

describe('what comes of something that the call named', () => {
  test('is the caller’s when that is', async () => {
    await made('batches/b', 'main', 'alice');
    await ledger.learn([{ name: 'files/out', untilMs: null, of: 'batches/b' }], 'main', 'alice');
    expect(await placeOf('bob', 'files/out')).toMatchObject({ is: 'foreign' });
    expect(await placeOf('alice', 'files/out')).toMatchObject({ is: 'pinned', isOwn: true });
  });

  test('is nobody’s when that is', async () => {
    await ledger.found('batches/b', 'main');
    await ledger.learn([{ name: 'files/out', untilMs: null, of: 'batches/b' }], 'main', 'alice');
    expect(await placeOf('bob', 'files/out')).toMatchObject({ is: 'pinned', isOwn: false });
  });

  test('lasts as long as the last change says, and stays whose it was', async () => {
    await ledger.learn([{ name: 'cachedContents/c', untilMs: clock.wallNow() + hourMs, of: null }], 'main', 'alice');
    const untilMs = clock.wallNow() + 5 * hourMs;
    await ledger.learn([{ name: 'cachedContents/c', untilMs, of: 'cachedContents/c' }], 'main', 'alice');
    await clock.advance(4 * hourMs);
    expect(await placeOf('bob', 'cachedContents/c')).toMatchObject({ is: 'foreign' });
  });

  test('a change makes what was found nobody’s property still', async () => {
    await ledger.found('cachedContents/c', 'main');
    await ledger.learn([{ name: 'cachedContents/c', untilMs: null, of: 'cachedContents/c' }], 'main', 'alice');
    expect(await placeOf('bob', 'cachedContents/c')).toMatchObject({ is: 'pinned', isOwn: false });
  });
});

describe('of a list', () => {
  test('a caller sees what it made and what nobody did', async () => {
    await made('files/mine', 'main', 'alice');
    await made('files/hers', 'main', 'bob');
    await made('batches/hers', 'main', 'bob');
    await ledger.found('files/found', 'main');
    const names = ['files/mine', 'files/hers', 'files/found', 'files/new', 'batches/hers'];
    expect([...(await ledger.shownTo('alice', 'main', names))]).toEqual(['files/mine', 'files/found', 'files/new']);
  });

  test('a caller sees its own and not another’s of the same id in another project', async () => {
    await made('files/report', 'one', 'alice');
    await made('files/report', 'two', 'bob');
    expect([...(await ledger.shownTo('alice', 'one', ['files/report']))]).toEqual(['files/report']);
    expect([...(await ledger.shownTo('alice', 'two', ['files/report']))]).toEqual([]);
  });
});

describe('a list of a project shows', () => {
  test('a thing only where it lies: two projects that are one at the provider show it once, and never to others', async () => {
    await made('files/mine', 'one', 'alice');
    await made('batches/mine', 'one', 'alice');
    const names = ['files/mine', 'batches/mine'];
    expect([...(await ledger.shownTo('alice', 'one', names))]).toEqual(names);
    expect([...(await ledger.shownTo('alice', 'two', names))]).toEqual([]);
    expect([...(await ledger.shownTo('bob', 'two', names))]).toEqual([]);
  });

  test('what came of some call only to whom it is known to belong', async () => {
    await made('files/batch-b', 'one', 'alice');
    await ledger.found('files/found', 'one');
    const names = ['files/batch-b', 'files/found', 'files/batch-unknown'];
    expect([...(await ledger.shownTo('alice', 'one', names, new Set(names)))]).toEqual([
      'files/batch-b',
      'files/found',
    ]);
    expect([...(await ledger.shownTo('bob', 'one', names, new Set(names)))]).toEqual(['files/found']);
  });
});

describe('what an answer only mentions', () => {
  const mention = (name: string, caller: string) =>
    ledger.learn([{ name, untilMs: null, of: null, isMentioned: true }], 'one', caller);

  test('is the caller’s when nobody knows of it', async () => {
    await mention('files/new', 'alice');
    expect(await ledger.ownerOf('files/new')).toEqual({ project: 'one', caller: 'alice' });
  });

  test('stays whose it is when somebody does', async () => {
    await made('files/hers', 'two', 'bob');
    await ledger.found('files/found', 'two');
    for (const name of ['files/hers', 'files/found']) await mention(name, 'alice');
    expect(await ledger.ownerOf('files/hers')).toEqual({ project: 'two', caller: 'bob' });
    expect(await ledger.ownerOf('files/found')).toBeNull();
  });
});

describe('a caller’s creations', () => {
  test('go to one project, whatever would be chosen first', async () => {
    expect(await ledger.homeOf('alice', ['one', 'two', 'three'])).toBe('one');
    expect(await ledger.homeOf('alice', ['three', 'two', 'one'])).toBe('one');
    expect(await ledger.homeOf('bob', ['three', 'two', 'one'])).toBe('three');
  });

  test('go to another one only when that one cannot serve, and stay there', async () => {
    await ledger.homeOf('alice', ['one', 'two']);
    expect(await ledger.homeOf('alice', ['two', 'three'])).toBe('two');
    expect(await ledger.homeOf('alice', ['one', 'two', 'three'])).toBe('two');
  });

  test('go to one project of many processes that ask at once', async () => {
    const homes = await Promise.all(
      Array.from({ length: 20 }, (_, at) => new Ledger(store, 'gemini', clock).homeOf('alice', [`p${at}`, 'p0', 'p1'])),
    );
    expect(new Set(homes).size).toBe(1);
  });

  test('go nowhere when no project can serve', async () => {
    expect(await ledger.homeOf('alice', [])).toBeNull();
  });

  test('may begin anew a month after the last one', async () => {
    await ledger.homeOf('alice', ['one', 'two']);
    await clock.advance(29 * 24 * hourMs);
    expect(await ledger.homeOf('alice', ['two', 'one'])).toBe('one');
    await clock.advance(30 * 24 * hourMs);
    expect(await ledger.homeOf('alice', ['two', 'one'])).toBe('two');
  });
});

function to(name: string): Reference {
  const passes = name.startsWith('token/') || name.startsWith('agents/');
  return { name, from: 'body', field: 'x', whenUnknown: passes ? 'pass' : 'search' };
}

async function made(name: string, project: string, caller: string): Promise<void> {
  await ledger.learn([{ name, untilMs: null, of: null }], project, caller);
}

async function placeOf(caller: string, ...names: readonly string[]): Promise<Placement> {
  return ledger.placeOf(names.map(to), caller);
}

function messageOf(place: Placement): string {
  return 'error' in place ? place.error.message : expect.unreachable('it was placed');
}
