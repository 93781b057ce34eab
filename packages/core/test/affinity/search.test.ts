import { type FakeClock, fakeClock } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Probe, ProbeAnswer, Reference } from '../../src/affinity/affinity.ts';
import { Ledger } from '../../src/affinity/ledger.ts';
import { type Pin, pinOf } from '../../src/affinity/place.ts';
import { Search } from '../../src/affinity/search.ts';
import { Cancellation } from '../../src/cancellation.ts';
import { memoryStore } from '../../src/store/memory.ts';

const projects = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8'];
const file = to('files/abc');

let clock: FakeClock;
let ledger: Ledger;
let provider: Provider;
let search: Search;
beforeEach(() => {
  clock = fakeClock();
  ledger = new Ledger(memoryStore(clock), 'gemini', clock);
  provider = new Provider();
  search = new Search(() => 'search', provider.ask, ledger, clock);
});
afterEach(() => {
  expect(clock.pending).toBe(0);
  expect(search.probes).toBe(0);
});

describe('a search', () => {
  test('asks each project once, and four at a time', async () => {
    provider.delay = new Promise((resolve) => clock.after(100, () => resolve()));
    const finding = find(file);
    await clock.advance(99);
    expect(provider.asked).toEqual(['p1 files/abc', 'p2 files/abc', 'p3 files/abc', 'p4 files/abc']);
    await clock.advance(1);
    expect(await finding).toBe('missing');
    expect(provider.asked).toEqual(projects.map((project) => `${project} files/abc`));
    expect(provider.mostAtOnce).toBe(4);
  });

  test('writes down what it has found, as nobody’s', async () => {
    provider.holds('p6', 'files/abc');
    expect(await find(file)).toBe('found');
    for (const caller of ['alice', 'bob']) {
      expect(await ledger.placeOf([file], caller)).toEqual({ is: 'pinned', project: 'p6', isOwn: false });
    }
  });

  test('ends when it has found something: the others are called off and no more are asked', async () => {
    provider.holds('p2', 'files/abc');
    provider.hang('p1', 'p3', 'p4');
    expect(await find(file)).toBe('found');
    expect(provider.asked).toHaveLength(4);
    expect(provider.calledOff).toEqual(['p1', 'p3', 'p4']);
  });

  test('is one for all who want the same thing at the same time', async () => {
    provider.holds('p8', 'files/abc');
    const findings = await Promise.all(Array.from({ length: 50 }, () => find(file)));
    expect(new Set(findings)).toEqual(new Set(['found']));
    expect(provider.asked).toHaveLength(8);
  });

  test('of several things keeps to four calls in all', async () => {
    provider.delay = new Promise((resolve) => clock.after(100, () => resolve()));
    const finding = find(file, to('files/b'), to('cachedContents/c'));
    await clock.advance(100);
    expect(await finding).toBe('missing');
    expect(provider.asked).toHaveLength(24);
    expect(provider.mostAtOnce).toBe(4);
  });

  test('for one thing is not held up by a longer one', async () => {
    const many = Array.from({ length: 10 }, (_, at) => to(`files/many${at}`));
    provider.holds('p1', 'files/abc');
    const long = find(...many);
    expect(await find(file)).toBe('found');
    const place = provider.asked.indexOf('p1 files/abc');
    expect(place).toBeGreaterThanOrEqual(0);
    expect(place).toBeLessThan(20);
    expect(await long).toBe('missing');
  });

  test('remembers a miss for a minute', async () => {
    await find(file);
    await clock.advance(59_999);
    expect(await find(file)).toBe('missing');
    expect(provider.asked).toHaveLength(8);
    await clock.advance(1);
    provider.holds('p3', 'files/abc');
    expect(await find(file)).toBe('found');
  });

  test('does not take silence for an answer, nor remember it', async () => {
    provider.fail('p5');
    expect(await find(file)).toBe('unsure');
    provider.asked.length = 0;
    provider.mend('p5');
    expect(await find(file)).toBe('missing');
    expect(provider.asked).toHaveLength(8);
  });

  test('finds a thing although a project fails', async () => {
    provider.fail('p1');
    provider.holds('p7', 'files/abc');
    expect(await find(file)).toBe('found');
  });

  test('waits five seconds for a project that hangs', async () => {
    provider.hang('p1');
    const finding = find(file);
    await clock.advance(4_999);
    expect(search.probes).toBe(1);
    await clock.advance(1);
    expect(await finding).toBe('unsure');
    expect(provider.calledOff).toEqual(['p1']);
  });

  test('takes fifteen seconds at most, whatever hangs', async () => {
    provider.hang(...projects);
    const many = Array.from({ length: 10 }, (_, at) => to(`files/many${at}`));
    const finding = find(...many);
    await clock.advance(15_000);
    expect(await finding).toBe('unsure');
  });

  test('is not sure of what it had no time to ask', async () => {
    provider.delayMs = 4_900;
    const many = Array.from({ length: 20 }, (_, at) => `p${at}`);
    const finding = search.find([file], many, new Cancellation());
    await clock.advance(15_000);
    expect(await finding).toBe('unsure');
    expect(provider.asked).toHaveLength(16);
  });

  test('ends at once when nobody waits for it any more', async () => {
    provider.hang(...projects);
    const gone = new Cancellation();
    const finding = search.find([file], projects, gone);
    await clock.advance(10);
    gone.cancel(new Error('the client went away'));
    await expect(finding).rejects.toThrow('the client went away');
    await clock.advance(0);
    expect(provider.calledOff).toEqual(['p1', 'p2', 'p3', 'p4']);
    expect(provider.asked).toHaveLength(4);
  });

  test('goes on for the others when one client goes away', async () => {
    provider.delay = new Promise((resolve) => clock.after(100, () => resolve()));
    provider.holds('p8', 'files/abc');
    const gone = new Cancellation();
    const first = search.find([file], projects, gone);
    const second = find(file);
    await clock.advance(50);
    gone.cancel(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await clock.advance(50);
    expect(await second).toBe('found');
    expect(provider.asked).toHaveLength(8);
  });

  test('begins anew for who comes after all have gone', async () => {
    provider.hang('p1');
    const gone = new Cancellation();
    const first = search.find([file], projects, gone);
    await clock.advance(0);
    gone.cancel(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    provider.mend('p1');
    provider.holds('p1', 'files/abc');
    expect(await find(file)).toBe('found');
  });

  test('is not begun for a client that has gone', async () => {
    const gone = new Cancellation();
    gone.cancel(new Error('gone'));
    await expect(search.find([file], projects, gone)).rejects.toThrow('gone');
    expect(provider.asked).toEqual([]);
  });

  test('passes over what has a maker in that project', async () => {
    await ledger.learn([{ name: 'files/abc', untilMs: null, of: null }], 'p1', 'alice');
    await ledger.learn([{ name: 'files/abc', untilMs: null, of: null }], 'p2', 'bob');
    await ledger.forget('files/abc', 'p1', 'alice');
    provider.holds('p2', 'files/abc');
    expect(await find(file)).toBe('missing');
  });

  test('passes over that and finds nobody’s behind it', async () => {
    await ledger.learn([{ name: 'files/abc', untilMs: null, of: null }], 'p1', 'alice');
    await ledger.learn([{ name: 'files/abc', untilMs: null, of: null }], 'p2', 'bob');
    await ledger.forget('files/abc', 'p1', 'alice');
    provider.holds('p2', 'files/abc');
    provider.holds('p5', 'files/abc');
    expect(await find(file)).toBe('found');
    expect(await ledger.placeOf([file], 'carol')).toMatchObject({ is: 'pinned', project: 'p5' });
  });

  test('is refused for more than a hundred things of one request', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => to(`files/many${at}`));
    expect(await find(...many(101))).toBe('unsure');
    expect(provider.asked).toEqual([]);
    expect(await find(...many(100))).toBe('missing');
  });

  test('is refused while a thousand others run, but for what is searched already', async () => {
    provider.hang(...projects);
    const gone = new Cancellation();
    const others = Array.from({ length: 1_000 }, (_, at) => search.find([to(`files/other${at}`)], projects, gone));
    const ends = Promise.allSettled(others);
    expect(await find(file)).toBe('unsure');
    const joined = search.find([to('files/other1')], projects, gone);
    gone.cancel(new Error('gone'));
    await expect(joined).rejects.toThrow('gone');
    await ends;
    provider.mend('p1');
    provider.holds('p1', 'files/abc');
    expect(await find(file)).toBe('found');
  });

  test('is not sure of what could not be written down', async () => {
    provider.holds('p1', 'files/abc');
    const broken = Object.assign(Object.create(memoryStore(clock)), {
      find: () => [null],
      own: () => Promise.reject(new Error('the disk is full')),
    });
    const unwritten = new Search(() => 'search', provider.ask, new Ledger(broken, 'gemini', clock), clock);
    expect(await unwritten.find([file], projects, new Cancellation())).toBe('unsure');
  });

  test('without a project to ask is not sure', async () => {
    expect(await search.find([file], [], new Cancellation())).toBe('unsure');
  });
});

test('where searching is refused, nobody is asked', async () => {
  const strict = new Search(() => 'refuse', provider.ask, ledger, clock);
  expect(await strict.find([file], projects, new Cancellation())).toBe('missing');
  expect(provider.asked).toEqual([]);
});

describe('a request is pinned', () => {
  test('to nothing when it names nothing, and nobody waits', () => {
    expect(pin()).toBeNull();
  });

  test('to what the ledger knows, without a search', async () => {
    await ledger.learn([{ name: 'files/abc', untilMs: null, of: null }], 'p3', 'alice');
    expect(await pin(file)).toMatchObject({ project: 'p3', isOwn: true });
    expect(provider.asked).toEqual([]);
  });

  test('to what a search has found, beside what was known', async () => {
    await ledger.learn([{ name: 'files/known', untilMs: null, of: null }], 'p3', 'alice');
    provider.holds('p3', 'files/abc');
    expect(await pin(to('files/known'), file)).toMatchObject({ project: 'p3', isOwn: false });
  });

  test('to nothing by a token that nobody knows', async () => {
    expect(await pin({ ...to('token/5e88'), whenUnknown: 'pass' })).toBeNull();
  });

  test.each([
    [
      'another caller’s',
      async () => ledger.learn([{ name: 'files/abc', untilMs: null, of: null }], 'p3', 'bob'),
      'not_found',
    ],
    ['nowhere', async () => {}, 'not_found'],
    ['perhaps somewhere', async () => provider.fail('p2'), 'resource_key_unavailable'],
    [
      'in another project than the rest',
      async () => {
        await ledger.learn([{ name: 'files/known', untilMs: null, of: null }], 'p3', 'alice');
        provider.holds('p4', 'files/abc');
      },
      'resource_key_unavailable',
    ],
  ])('and refused when what it names is %s', async (_what, given, code) => {
    await given();
    await expect((async () => pin(to('files/known'), file))()).rejects.toMatchObject({ code });
  });

  test('and refused in the same words for what is nowhere and what is another’s', async () => {
    await ledger.learn([{ name: 'files/abc', untilMs: null, of: null }], 'p3', 'bob');
    const foreign = (async () => pin(file))().catch((error: Error) => error.message);
    const missing = (async () => pin(to('files/xyz')))().catch((error: Error) => error.message);
    expect(await foreign).toBe(((await missing) as string).replace('xyz', 'abc'));
  });
});

/** Projects that hold things, fail or hang. */
class Provider {
  readonly asked: string[] = [];
  readonly calledOff: string[] = [];
  mostAtOnce = 0;
  delay: Promise<void> = Promise.resolve();
  delayMs = 0;
  readonly #held = new Set<string>();
  readonly #failing = new Set<string>();
  readonly #hanging = new Set<string>();
  #atOnce = 0;

  holds(project: string, name: string): void {
    this.#held.add(`${project} ${name}`);
  }

  fail(...names: readonly string[]): void {
    for (const name of names) this.#failing.add(name);
  }

  hang(...names: readonly string[]): void {
    for (const name of names) this.#hanging.add(name);
  }

  mend(project: string): void {
    this.#failing.delete(project);
    this.#hanging.delete(project);
  }

  readonly ask: Probe = async (project, name, signal): Promise<ProbeAnswer> => {
    this.asked.push(`${project} ${name}`);
    this.#atOnce++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    try {
      if (this.#hanging.has(project)) await this.#aborted(project, signal);
      await this.delay;
      if (this.delayMs > 0) await this.#pause(signal);
      if (this.#failing.has(project)) throw new Error('503');
      return this.#held.has(`${project} ${name}`) ? 'found' : 'missing';
    } finally {
      this.#atOnce--;
    }
  };

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(this.delayMs, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        reject(signal.reason);
      });
    });
  }

  #aborted(project: string, signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        this.calledOff.push(project);
        reject(signal.reason);
      });
    });
  }
}

function find(...references: readonly Reference[]) {
  return search.find(references, projects, new Cancellation());
}

function pin(...references: readonly Reference[]): Promise<Pin | null> | Pin | null {
  return pinOf(references, 'alice', { ledger, search, projects, gone: new Cancellation() });
}

function to(name: string): Reference {
  return { name, from: 'body', field: 'x', whenUnknown: 'search' };
}
