import { fakeClock } from '@sluice/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ledger } from '../../src/affinity/ledger.ts';
import { type ListCall, pooledList } from '../../src/affinity/list-call.ts';
import { listPage } from '../../src/affinity/listing.ts';
import type { AskPage } from '../../src/affinity/page-source.ts';
import { PageTokens } from '../../src/affinity/page-tokens.ts';
import { memoryStore } from '../../src/store/memory.ts';

/** What each project holds, in the order in which it lists it: the names, each with who made it. */
type Shelves = Record<string, readonly (readonly [name: string, maker: 'alice' | 'bob' | null])[]>;
type Answer = Record<string, unknown> & { files?: { name: string }[]; nextPageToken?: string };

describe('one list over all projects', () => {
  test('shows the caller’s own and what is nobody’s, project by project, whatever the size of its pages', async () => {
    const name = fc.integer({ min: 0, max: 1e9 }).map((id) => `files/f${id}`);
    const entry = fc.tuple(name, fc.constantFrom('alice' as const, 'bob' as const, null));
    const shelf = fc.uniqueArray(entry, { maxLength: 40, selector: ([one]) => one });
    const shelves = fc.tuple(shelf, shelf, shelf).map(([c, a, b]) => ({ c, a, b }));
    const size = fc.constantFrom(null, 1, 2, 3, 7, 100);
    await fc.assert(
      fc.asyncProperty(shelves, size, fc.constantFrom(3, 100), async (held, pageSize, usual) => {
        const bench = await aBench(distinct(held), { usual });
        const pages = await bench.readAll('alice', pageSize);
        const expected = ['a', 'b', 'c'].flatMap((id) => mayBeSeenIn(distinct(held)[id] ?? []));
        expect(pages.flat()).toEqual(expected);
        for (const page of pages.slice(0, -1)) expect(page.length).toBeGreaterThan(0);
        if (pageSize !== null) for (const page of pages) expect(page.length).toBeLessThanOrEqual(pageSize);
        expect(bench.mostCalls).toBeLessThanOrEqual(64 + 3);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test('fits on one page where projects hold little, also where nobody says how large a page is', async () => {
    const { readAll } = await aBench({ b: mine(3, 'b'), a: mine(3, 'a'), c: mine(3, 'c') });
    expect(await readAll('alice', null)).toEqual([namesOf(mine(3, 'a'), mine(3, 'b'), mine(3, 'c'))]);
    expect(await readAll('alice', 8)).toHaveLength(2);
  });

  test('is empty like one that never held anything, where all of it is others’', async () => {
    const { page } = await aBench({ a: theirs(25), b: [] });
    expect(await page('alice', '')).toEqual({ kept: true });
  });

  test('passes what is others’ in large pages, and gives no more of one than was asked for', async () => {
    const bench = await aBench({ a: [...theirs(150), ...mine(5, 'a')] });
    const pages = await bench.readAll('alice', 2);
    expect(pages).toEqual([namesOf(mine(5, 'a').slice(0, 2)), ['files/a2', 'files/a3'], ['files/a4']]);
    expect(bench.asked.filter((target) => target.includes('pageSize=100')).length).toBeGreaterThan(2);
    expect(bench.mostCalls).toBeLessThan(5);
  });

  test('misses nothing where what was shown is deleted before the next page', async () => {
    const bench = await aBench({ a: [...theirs(30), ...mine(20, 'a')] });
    const seen: string[] = [];
    for (let token = ''; ; ) {
      const { files = [], nextPageToken } = await bench.page('alice', `pageSize=3${token}`);
      seen.push(...files.map(({ name }) => name));
      // The provider's tokens say behind what they go on, so that nothing moves.
      bench.remove(files.map(({ name }) => name));
      if (nextPageToken === undefined) break;
      token = `&pageToken=${nextPageToken}`;
    }
    expect(seen).toEqual(namesOf(mine(20, 'a')));
  });

  test('says so where nothing is the caller’s in more pages than it may ask for', async () => {
    const bench = await aBench({ a: theirs(7_000), b: mine(1, 'b') });
    const refused = await bench.page('alice', 'pageSize=1').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'overloaded' });
    expect((refused as Error).message).toContain('pageSize');
    expect(bench.mostCalls).toBe(64 + 2);
  });

  test('finds what lies in the last of many projects, and asks four at a time on the way', async () => {
    const ids = Array.from({ length: 90 }, (_, at) => `p${String(at).padStart(2, '0')}`);
    const held = Object.fromEntries(ids.map((id, at) => [id, at === 89 ? mine(5, 'last') : theirs(2, id)]));
    const bench = await aBench(held);
    expect(await bench.readAll('alice', 2)).toEqual([
      ['files/last0', 'files/last1'],
      ['files/last2', 'files/last3'],
      ['files/last4'],
    ]);
    expect(bench.mostAtOnce).toBe(4);
    expect(bench.mostCalls).toBe(90);
  });

  test('loses nothing of what was asked for ahead', async () => {
    const bench = await aBench({ a: theirs(1), b: mine(3, 'b'), c: mine(3, 'c'), d: mine(3, 'd'), e: mine(3, 'e') });
    for (const pageSize of [1, 2, 4, 100]) {
      const pages = await bench.readAll('alice', pageSize);
      expect(pages.flat()).toEqual(namesOf(mine(3, 'b'), mine(3, 'c'), mine(3, 'd'), mine(3, 'e')));
    }
    bench.broken.add('c');
    const first = await bench.page('alice', 'pageSize=100');
    expect(namesIn(first)).toEqual(namesOf(mine(3, 'b')));
    await expect(bench.page('alice', `pageToken=${first.nextPageToken}`)).rejects.toThrow('c is broken');
  });

  test('goes on past a project that is no longer there', async () => {
    const bench = await aBench({ a: mine(2, 'a'), b: mine(4, 'b'), c: mine(2, 'c') });
    const first = await bench.page('alice', 'pageSize=4');
    expect(namesIn(first)).toEqual(['files/a0', 'files/a1', 'files/b0', 'files/b1']);
    bench.projects.splice(bench.projects.indexOf('b'), 1);
    const second = await bench.page('alice', `pageSize=4&pageToken=${first.nextPageToken}`);
    expect(namesIn(second)).toEqual(['files/c0', 'files/c1']);
    expect(second.nextPageToken).toBeUndefined();
  });

  test('is never silently short: what fails is told, at the latest on the page that begins with it', async () => {
    const bench = await aBench({ a: mine(2, 'a'), b: mine(2, 'b'), c: mine(2, 'c') });
    bench.broken.add('b');
    const first = await bench.page('alice', '');
    expect(namesIn(first)).toEqual(['files/a0', 'files/a1']);
    await expect(bench.page('alice', `pageToken=${first.nextPageToken}`)).rejects.toThrow('b is broken');
    bench.broken.clear();
    const second = await bench.page('alice', `pageToken=${first.nextPageToken}`);
    expect(namesIn(second)).toEqual(['files/b0', 'files/b1', 'files/c0', 'files/c1']);
  });

  test.each(['nonsense', '[1]', ''])('shows nothing of a page that is %j', async (text) => {
    const bench = await aBench({ a: mine(2, 'a') }, { text });
    await expect(bench.page('alice', '')).rejects.toMatchObject({ code: 'upstream_protocol' });
  });

  test.each([
    ['nothing is in the projects that follow', { a: mine(2, 'a'), b: [], c: [] }],
    ['only others have something there', { a: mine(2, 'a'), b: theirs(30, 'b'), c: theirs(1, 'c') }],
    ['others follow in the same project', { a: [...mine(2, 'a'), ...theirs(5)], b: [] }],
  ])('has no token where no entry follows: %s', async (_, held) => {
    const bench = await aBench(held);
    const page = await bench.page('alice', 'pageSize=2');
    expect(namesIn(page)).toEqual(['files/a0', 'files/a1']);
    expect(page.nextPageToken).toBeUndefined();
  });

  test('and one where it cannot be told whether one does: what went wrong is told behind it', async () => {
    const bench = await aBench({ a: mine(2, 'a'), b: [] });
    bench.broken.add('b');
    const page = await bench.page('alice', 'pageSize=2');
    await expect(bench.page('alice', `pageToken=${page.nextPageToken}`)).rejects.toThrow('b is broken');
  });

  test('goes on without a project that no key opens', async () => {
    const bench = await aBench({ a: mine(2, 'a'), b: mine(2, 'b'), c: mine(2, 'c') });
    bench.closed.add('b');
    expect((await bench.readAll('alice', 1)).flat()).toEqual(['files/a0', 'files/a1', 'files/c0', 'files/c1']);
  });

  test('takes no token of another caller', async () => {
    const bench = await aBench({ a: mine(4, 'a') });
    const { nextPageToken } = await bench.page('alice', 'pageSize=2');
    await expect(bench.page('bob', `pageToken=${nextPageToken}`)).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(bench.page('alice', 'pageToken=a@files/a1')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('shows a thing once where two projects are one at the provider', async () => {
    const shelf = [...mine(2, 'x'), ...theirs(2)];
    const bench = await aBench({ a: shelf });
    bench.projects.push('b');
    bench.sameAs.set('b', 'a');
    expect((await bench.readAll('alice', null)).flat()).toEqual(['files/x0', 'files/x1']);
  });
});

interface BenchOptions {
  /** Entries on a page where nobody says how many. */
  readonly usual?: number;
  /** What the provider says in place of a page. */
  readonly text?: string;
}

async function aBench(held: Shelves, { usual = 10, text }: BenchOptions = {}) {
  const clock = fakeClock();
  const store = memoryStore(clock);
  const ledger = new Ledger(store, 'gemini', clock);
  const tokens = new PageTokens({ store, pool: 'gemini', clock, canTell: () => true });
  const shelves = new Map(Object.entries(held).map(([id, shelf]) => [id, shelf.map(([name]) => name)]));
  const projects = [...shelves.keys()];
  for (const [project, shelf] of Object.entries(held)) {
    for (const [name, maker] of shelf) {
      if (maker !== null) await ledger.learn([{ name, untilMs: null, of: null }], project, maker);
    }
  }
  const broken = new Set<string>();
  const closed = new Set<string>();
  const sameAs = new Map<string, string>();
  const gone = new Set<string>();
  const asked: string[] = [];
  const bench = { projects, broken, closed, sameAs, asked, mostCalls: 0, mostAtOnce: 0, remove, page, readAll };
  let running = 0;

  /** Goes on behind the last one shown, as the provider does. */
  const ask: AskPage = async (project, target) => {
    asked.push(target);
    running++;
    bench.mostAtOnce = Math.max(bench.mostAtOnce, running);
    await Promise.resolve();
    running--;
    if (closed.has(project)) return null;
    if (broken.has(project)) throw new Error(`${project} is broken`);
    if (text !== undefined) return bytes(text);
    const query = new URLSearchParams(target.split('?')[1] ?? '');
    const shelf = shelves.get(sameAs.get(project) ?? project) ?? [];
    const [owner, last] = (query.get('pageToken') ?? `${project}@`).split('@');
    if (owner !== project) throw new Error('a token of another project');
    const from = shelf.indexOf(last ?? '') + 1;
    const to = from + Math.min(100, Number(query.get('pageSize') ?? usual));
    const files = shelf.slice(from, to).filter((name) => !gone.has(name));
    const next = to < shelf.length ? `${project}@${shelf[to - 1]}` : undefined;
    return bytes(JSON.stringify({ kept: true, files: files.map((name) => ({ name })), nextPageToken: next }));
  };

  function remove(names: readonly string[]): void {
    for (const name of names) gone.add(name);
  }

  async function page(callerId: string, query: string): Promise<Answer> {
    const before = asked.length;
    const call = pooledList('GET', `/v1beta/files?${query}`) as ListCall;
    const body = await listPage(call, callerId, ask, {
      ledger,
      tokens,
      projects: () => projects,
      clock,
      assertCanTell: () => {},
    }).finally(() => {
      bench.mostCalls = Math.max(bench.mostCalls, asked.length - before);
    });
    return JSON.parse(new TextDecoder().decode(body)) as Answer;
  }

  async function readAll(callerId: string, pageSize: number | null): Promise<string[][]> {
    const pages: string[][] = [];
    const size = pageSize === null ? '' : `pageSize=${pageSize}&`;
    for (let token = ''; ; ) {
      const answer = await page(callerId, `${size}pageToken=${token}`);
      pages.push(namesIn(answer));
      if (answer.nextPageToken === undefined) return pages;
      token = answer.nextPageToken;
    }
  }

  return bench;
}

/** Ids may be chosen, but here no two projects hold the same. */
function distinct(held: Shelves): Shelves {
  const named = Object.entries(held).map(
    ([id, shelf]) => [id, shelf.map(([name, maker]) => [`${name}-${id}`, maker] as const)] as const,
  );
  return Object.fromEntries(named);
}

function mayBeSeenIn(shelf: Shelves[string]): string[] {
  return shelf.flatMap(([name, maker]) => (maker === 'bob' ? [] : name));
}

function mine(count: number, prefix: string): Shelves[string] {
  return Array.from({ length: count }, (_, at) => [`files/${prefix}${at}`, 'alice']);
}

function theirs(count: number, prefix = ''): Shelves[string] {
  return Array.from({ length: count }, (_, at) => [`files/theirs-${prefix}${at}`, 'bob']);
}

function namesOf(...shelves: readonly Shelves[string][]): string[] {
  return shelves.flat().map(([name]) => name);
}

function namesIn({ files = [] }: Answer): string[] {
  return files.map(({ name }) => name);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
