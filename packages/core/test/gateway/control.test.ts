import type { KeyEvent } from '@sluice/core';
import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { PoolControl } from '../../src/pool/control.ts';
import { aBench, ask, keys, project, sharedStore } from './a-gateway.ts';

const two = { id: 'main', keys: ['canary-main-1', 'canary-main-2'] };

describe('disable', () => {
  test('takes a key out of use until enable, whatever time goes by', async () => {
    const { clock, simulator, gateway, control } = await aBench({ projects: [two] });
    await control.disable('main#1', 'seen in a screenshot');
    expect(keys(gateway)).toEqual(['main#1 disabled operator', 'main#2 ready']);
    for (let call = 0; call < 4; call++) {
      expect((await ask(gateway)).status).toBe(200);
      await clock.advance(30 * 86_400_000);
    }
    expect(new Set(simulator.journal.requests.map(({ key }) => key))).toEqual(new Set(['canary-main-2']));
    await control.enable('main#1');
    expect(keys(gateway)).toEqual(['main#1 ready', 'main#2 ready']);
    for (let call = 0; call < 2; call++) await ask(gateway);
    expect(simulator.journal.requests.slice(4).map(({ key }) => key)).toContain('canary-main-1');
  });

  test('stands in the place of a rest that would end by itself, or that ends never', async () => {
    const { clock, simulator, gateway, control } = await aBench({ projects: [two] });
    simulator.plan('canary-main-1', ['400-key-invalid', 'ok']);
    simulator.plan('canary-main-2', ['403-leaked']);
    await ask(gateway);
    await control.disable('main#1');
    await control.disable('main#2');
    expect(keys(gateway)).toEqual(['main#1 disabled operator', 'main#2 disabled operator']);
    await clock.advance(2 * 86_400_000);
    expect((await ask(gateway)).status).toBe(503);
    expect(simulator.journal.requests).toHaveLength(2);
  });

  test('lets what is under way end as it would have', async () => {
    const { simulator, gateway, control } = await aBench();
    simulator.plan('*', ['slow-stream']);
    const answer = ask(gateway);
    await eventually('the call is under way', () => simulator.journal.running === 1);
    await control.disable('main#1');
    expect((await answer).status).toBe(200);
    expect((await answer).brokenBy).toBeNull();
    expect(project(gateway).inFlight).toBe(0);
    expect((await ask(gateway)).status).toBe(503);
  });

  test('is told once, and written into the record once', async () => {
    const { clock, gateway, control, another } = await aBench({ projects: [two] });
    const told: KeyEvent[] = [];
    const store = sharedStore(clock);
    const recorded = another({ store });
    recorded.on('key', (event) => told.push(event));
    const itsControl = recorded.pools.gemini as PoolControl;
    await itsControl.disable('main#1', 'a screenshot');
    await itsControl.enable('main#1');
    await itsControl.reset('main#2');
    await itsControl.add({ project: 'main', key: 'canary-main-3' });
    await itsControl.remove('main#2');
    expect(told.map(({ key, state, reason }) => `${key} ${state} ${reason}`)).toEqual([
      'main#1 disabled operator',
      'main#1 ready enabled',
      'main#2 disabled removed',
    ]);
    const entries = [...(await store.entries(10))].reverse();
    expect(entries.map(({ scope, subject, what, why }) => [scope, subject, what, why])).toEqual([
      ['pool/gemini/main', 'main#1', 'disabled', 'a screenshot'],
      ['pool/gemini/main', 'main#1', 'enabled', ''],
      ['pool/gemini/main', 'main#2', 'reset', ''],
      ['pool/gemini/main', 'main#3', 'added', ''],
      ['pool/gemini/main', 'main#2', 'removed', ''],
    ]);
    expect(JSON.stringify([entries, told, await store.rests()])).not.toContain('canary');
    // The other one has a store of its own and knows nothing of it.
    expect(keys(gateway)).toEqual(['main#1 ready', 'main#2 ready']);
    expect(control.snapshot().projects).toHaveLength(1);
  });
});

describe('reset', () => {
  test('forgets the rest of the key, of its project, and of its models', async () => {
    const { simulator, gateway, control } = await aBench({ projects: [two] });
    simulator.plan('canary-main-2', ['429-day', 'ok']);
    simulator.plan('canary-main-1', ['403-suspended', 'ok']);
    await ask(gateway);
    await ask(gateway, { model: 'gemini-2.5-pro' });
    expect(project(gateway).state).toBe('disabled');
    expect(project(gateway).cooling).toHaveLength(1);
    await control.disable('main#1');
    await control.reset('main#1');
    expect(keys(gateway)).toEqual(['main#1 ready', 'main#2 ready']);
    expect(project(gateway)).toMatchObject({ state: 'ready', cooling: [] });
    expect((await ask(gateway)).status).toBe(200);
  });

  test('lets go on at once who waits for the project', async () => {
    const { clock, simulator, gateway, control } = await aBench({
      projects: [{ id: 'main', limits: { requestsPerMinute: 1 } }],
      options: { queue: { maxWaitMs: 600_000 } },
    });
    expect((await ask(gateway)).status).toBe(200);
    simulator.plan('*', ['429', 'ok']);
    await clock.advance(61_000);
    expect((await ask(gateway)).status).toBe(429);
    const waiting = ask(gateway);
    await eventually('it waits', () => gateway.snapshot().waiting === 1);
    await control.reset('main#1');
    expect((await waiting).status).toBe(200);
  });
});

describe('add and remove', () => {
  test('a key that is added serves at once, in its project or in a new one', async () => {
    const { simulator, gateway, control } = await aBench({
      simulator: {
        projects: [
          { id: 'main', keys: ['canary-main-1', 'canary-added'] },
          { id: 'new', keys: ['canary-new'] },
        ],
      },
    });
    expect(await control.add({ project: 'main', key: 'canary-added' })).toBe('main#2');
    expect(await control.add({ project: 'new', key: 'canary-new' })).toBe('new#1');
    for (let call = 0; call < 4; call++) expect((await ask(gateway)).status).toBe(200);
    expect(new Set(simulator.journal.requests.map(({ key }) => key))).toEqual(
      new Set(['canary-main-1', 'canary-added', 'canary-new']),
    );
    expect(keys(gateway, 'new')).toEqual(['new#1 ready']);
  });

  test('a pool of refused keys is well again by a new one', async () => {
    const { simulator, gateway, control } = await aBench({
      simulator: { projects: [{ id: 'main', keys: ['canary-main-1', 'canary-added'] }] },
    });
    simulator.plan('canary-main-1', ['403-leaked']);
    expect((await ask(gateway)).status).toBe(503);
    await control.add({ project: 'main', key: 'canary-added' });
    expect((await ask(gateway)).status).toBe(200);
  });

  test('a key that is removed is gone, does not come back with other options, and may be added again', async () => {
    const { gateway, control, options } = await aBench({ projects: [two] });
    await control.remove('main#1');
    expect(keys(gateway)).toEqual(['main#2 ready']);
    const one = { ...two, keys: ['canary-main-2'] };
    for (const project of [one, two, two]) {
      await gateway.reload({ ...options, pools: { gemini: { ...options.pools?.gemini, projects: [project] } } });
      expect(keys(gateway).join()).not.toContain('operator');
      expect(keys(gateway)).toHaveLength(1);
    }
    await expect(control.disable('main#1')).rejects.toMatchObject({ code: 'not_found' });
    await control.add({ project: 'main', key: 'canary-main-1' });
    expect(keys(gateway)).toHaveLength(2);
    expect((await ask(gateway)).status).toBe(200);
  });

  test.each([
    ['a key that is there', { project: 'main', key: 'canary-main-1' }],
    ['a key that is there, in another project', { project: 'other', key: 'canary-main-1' }],
    ['a blank key', { project: 'main', key: ' ' }],
    ['a key with a line end', { project: 'main', key: 'canary\nx' }],
    ['a project without a name', { project: '', key: 'canary-x' }],
    ['a project with a path for a name', { project: 'a/b', key: 'canary-x' }],
  ])('%s is not added, and is not repeated', async (_, wanted) => {
    const { gateway, control } = await aBench();
    const error = await control.add(wanted).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'invalid_options' });
    expect(String(error)).not.toContain('canary');
    expect(gateway.snapshot().pools[0]?.projects).toHaveLength(1);
    expect(keys(gateway)).toEqual(['main#1 ready']);
  });
});

test.each(['disable', 'enable', 'reset', 'remove'] as const)(
  '%s knows no unknown key, and says which ones there are',
  async (verb) => {
    const { control } = await aBench({ projects: [two] });
    for (const id of ['main#3', 'other#1', 'main', '', '#', 'main#01', 'canary-main-1']) {
      const error = await control[verb](id).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('main#1, main#2') });
    }
  },
);

test('a store that is busy for a second is waited for', async () => {
  const { clock, another } = await aBench();
  const store = sharedStore(clock);
  let isBusy = true;
  const busy = new Proxy(store, {
    get: (target, name) =>
      name === 'append' && isBusy ? () => Promise.reject(new Error('busy')) : Reflect.get(target, name),
  });
  const gateway = another({ store: busy });
  const disabled = (gateway.pools.gemini as PoolControl).disable('main#1');
  await clock.advance(1_000);
  isBusy = false;
  await clock.advance(1_000);
  await disabled;
  expect(keys(gateway)).toEqual(['main#1 disabled operator']);
});

test('a decision that is recorded and cannot be kept is refused, and does not happen later either', async () => {
  const { clock, another } = await aBench();
  const store = sharedStore(clock);
  let failing: string | null = 'cool';
  const gateway = another({
    store: new Proxy(store, {
      get: (target, name) => (name === failing ? () => Promise.reject(new Error('busy')) : Reflect.get(target, name)),
    }),
  });
  const control = gateway.pools.gemini as PoolControl;
  const refused = async (decision: Promise<unknown>): Promise<void> => {
    const seen = expect(decision).rejects.toMatchObject({ code: 'storage_unavailable' });
    await clock.advance(2_000);
    await seen;
  };
  await refused(control.disable('main#1'));
  failing = null;
  for (let call = 0; call < 3; call++) {
    await clock.advance(3_000);
    expect((await ask(gateway)).status).toBe(200);
  }
  expect(await store.rests()).toEqual([]);

  await control.disable('main#1');
  failing = 'wake';
  await refused(control.enable('main#1'));
  expect(keys(gateway)).toEqual(['main#1 disabled operator']);
  expect(await store.rests()).toHaveLength(1);
});

test('what cannot be made to last does not happen', async () => {
  const { clock, another } = await aBench();
  const store = sharedStore(clock);
  const failing = new Proxy(store, {
    get: (target, name) => (name === 'append' ? () => Promise.reject(new Error('away')) : Reflect.get(target, name)),
  });
  const gateway = another({ store: failing });
  const control = gateway.pools.gemini as PoolControl;
  for (const change of [
    () => control.disable('main#1'),
    () => control.remove('main#1'),
    () => control.add({ project: 'main', key: 'canary-x' }),
  ]) {
    const refused = expect(change()).rejects.toMatchObject({ code: 'storage_unavailable' });
    await clock.advance(2_000);
    await refused;
  }
  // Nor later, when the store is read again.
  await clock.advance(3_000);
  expect((await ask(gateway)).status).toBe(200);
  await clock.advance(3_000);
  expect(await store.rests()).toEqual([]);
  expect(keys(gateway)).toEqual(['main#1 ready']);
});
