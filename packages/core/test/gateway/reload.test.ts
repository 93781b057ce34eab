import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { GatewayOptions } from '../../src/options.ts';
import { aBench, ask, codeOf, keys, project, sharedStore } from './a-gateway.ts';

const two = { id: 'main', keys: ['canary-main-1', 'canary-main-2'] };

const withProjects = (
  options: GatewayOptions,
  projects: object[],
  more: Partial<GatewayOptions> = {},
): GatewayOptions => ({
  ...options,
  ...more,
  pools: { gemini: { ...options.pools?.gemini, projects: projects as never } },
});

describe('a reload', () => {
  test('with faults leaves everything as it was, and says them all', async () => {
    const { gateway, options } = await aBench({ projects: [two] });
    const before = gateway.snapshot();
    const wrong = { ...options, retry: { maxAttempts: 0 }, callers: undefined } as GatewayOptions;
    await expect(gateway.reload(wrong)).rejects.toMatchObject({
      code: 'invalid_options',
      faults: [expect.stringContaining('retry.maxAttempts'), expect.stringContaining('callers is missing')],
    });
    const renamed = { ...options, pools: { other: options.pools?.gemini } } as GatewayOptions;
    await expect(gateway.reload(renamed)).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('"other"'),
    });
    expect(gateway.snapshot()).toEqual(before);
    expect((await ask(gateway)).status).toBe(200);
  });

  test('never throws, it rejects', async () => {
    const { gateway } = await aBench();
    const reloading = gateway.reload({} as GatewayOptions);
    await expect(reloading).rejects.toMatchObject({ code: 'invalid_options' });
  });

  test('holds for the next request: projects, keys, routes, limits, callers, warnings', async () => {
    const { simulator, gateway, options } = await aBench({
      simulator: {
        projects: [
          { id: 'main', keys: ['canary-main-1'] },
          { id: 'other', keys: ['canary-other-1'] },
        ],
      },
    });
    expect((await ask(gateway)).status).toBe(200);
    const other = { id: 'other', keys: ['canary-other-1', 'canary-other-1'], limits: { requestsPerMinute: 1 } };
    const caller = 'canary-caller-key-0815';
    await gateway.reload(
      withProjects(options, [other], {
        callers: [{ id: 'alice', key: caller }],
        routes: { fast: { model: 'gemini-2.5-flash' } },
      }),
    );
    expect(codeOf(await ask(gateway))).toBe('unauthorized');
    expect((await ask(gateway, { key: caller, model: 'fast' })).status).toBe(200);
    expect(codeOf(await ask(gateway, { key: caller }))).toBe('quota_exhausted');
    expect(simulator.journal.requests.map(({ key }) => key)).toEqual(['canary-main-1', 'canary-other-1']);
    expect(gateway.settings.warnings).toHaveLength(1);
    expect(gateway.snapshot().pools[0]?.projects.map(({ id }) => id)).toEqual(['other']);
  });

  test('lets a caller who is no longer listed in no more, from the next request on', async () => {
    const [alice, bob] = ['canary-alice-key-0815', 'canary-bob-key-081500'];
    const { gateway, options } = await aBench({
      options: {
        callers: [
          { id: 'alice', key: alice },
          { id: 'bob', key: bob },
        ],
      },
    });
    expect((await ask(gateway, { key: alice })).status).toBe(200);
    const reloading = gateway.reload({ ...options, callers: [{ id: 'bob', key: bob }] });
    expect([(await ask(gateway, { key: alice })).status, (await ask(gateway, { key: bob })).status]).toEqual([
      401, 200,
    ]);
    await reloading;
  });

  test('lets requests under way finish with the options that they came in under', async () => {
    const { simulator, gateway, options } = await aBench({
      simulator: {
        projects: [
          { id: 'main', keys: ['canary-main-1'] },
          { id: 'other', keys: ['canary-other-1'] },
        ],
      },
      options: { retry: { baseDelayMs: 0 } },
    });
    let isHeld = true;
    simulator.plan('canary-main-1', ['slow-stream', 'ok']);
    const answer = ask(gateway).finally(() => {
      isHeld = false;
    });
    await eventually('the call is under way', () => simulator.journal.requests.length === 1);
    await gateway.reload(withProjects(options, [{ id: 'other', keys: ['canary-other-1'] }]));
    expect((await ask(gateway)).status).toBe(200);
    expect(isHeld).toBe(true);
    expect(simulator.journal.requests.map(({ key }) => key)).toEqual(['canary-main-1', 'canary-other-1']);
    expect((await answer).status).toBe(200);
  });

  test('also for their retries: a key that is gone by now answers them', async () => {
    const { clock, simulator, gateway, options } = await aBench({
      simulator: {
        projects: [
          { id: 'main', keys: ['canary-main-1'] },
          { id: 'other', keys: ['canary-other-1'] },
        ],
      },
    });
    simulator.plan('canary-main-1', ['503', 'ok']);
    const answer = ask(gateway);
    await eventually('it pauses before the next try', () => clock.pending === 1 && simulator.journal.running === 0);
    await gateway.reload(withProjects(options, [{ id: 'other', keys: ['canary-other-1'] }]));
    await clock.advance(1_000);
    expect((await answer).status).toBe(200);
    expect(simulator.journal.requests.map(({ key }) => key)).toEqual(['canary-main-1', 'canary-main-1']);
  });

  test('keeps what is known: rests of keys, projects and models, with their times', async () => {
    const { simulator, gateway, options } = await aBench({
      projects: [two, { id: 'poor' }, { id: 'empty' }],
      options: { retry: { maxKeyFailovers: 9, maxUpstreamCalls: 9 } },
    });
    simulator.plan('canary-main-2', ['400-key-invalid']);
    simulator.plan('canary-poor-1', ['402']);
    simulator.plan('canary-empty-1', ['429-day']);
    for (let call = 0; call < 3; call++) expect((await ask(gateway)).status).toBe(200);
    const before = gateway.snapshot();
    expect(keys(gateway)).toEqual(['main#1 ready', 'main#2 disabled key_invalid']);
    expect(project(gateway, 'poor')).toMatchObject({ state: 'disabled', reason: 'project_unpaid', endedBy: 'probe' });
    expect(project(gateway, 'empty').cooling).toMatchObject([{ reason: 'quota_day' }]);
    await gateway.reload(options);
    expect(gateway.snapshot()).toEqual(before);
    // By the key, not by its place.
    const turned = { id: 'main', keys: [...two.keys].reverse() };
    await gateway.reload(
      withProjects(options, [turned, { id: 'empty', keys: ['canary-empty-1'] }, { id: 'new', keys: ['canary-new-1'] }]),
    );
    expect(keys(gateway)).toEqual(['main#1 disabled key_invalid', 'main#2 ready']);
    expect(project(gateway, 'empty').cooling).toMatchObject([{ reason: 'quota_day' }]);
    expect(project(gateway, 'new').state).toBe('ready');
  });

  test('keeps a key disabled that an operator has disabled, and the reason', async () => {
    const { gateway, control, options } = await aBench({ projects: [two] });
    await control.disable('main#1');
    await gateway.reload(options);
    expect(keys(gateway)).toEqual(['main#1 disabled operator', 'main#2 ready']);
    await control.enable('main#1');
    expect(keys(gateway)).toEqual(['main#1 ready', 'main#2 ready']);
  });

  test('keeps keys that an operator has added, until they are removed or the options name them', async () => {
    const { simulator, gateway, control, options } = await aBench({
      simulator: {
        projects: [
          { id: 'main', keys: ['canary-main-1', 'canary-added'] },
          { id: 'new', keys: ['canary-new'] },
        ],
      },
    });
    await control.add({ project: 'main', key: 'canary-added' });
    await control.add({ project: 'new', key: 'canary-new' });
    for (let time = 0; time < 2; time++) await gateway.reload(options);
    expect([keys(gateway), keys(gateway, 'new')]).toEqual([['main#1 ready', 'main#2 ready'], ['new#1 ready']]);
    for (let call = 0; call < 4; call++) expect((await ask(gateway)).status).toBe(200);
    expect(new Set(simulator.journal.requests.map(({ key }) => key)).size).toBe(3);
    await control.remove('new#1');
    await gateway.reload(withProjects(options, [{ id: 'main', keys: ['canary-added', 'canary-main-1'] }]));
    expect(gateway.snapshot().pools[0]?.projects.flatMap((one) => one.keys)).toHaveLength(2);
    await gateway.reload(options);
    expect(keys(gateway)).toEqual(['main#1 ready']);
  });

  test('keeps breakers unless their options change', async () => {
    const { simulator, gateway, options } = await aBench({
      options: { retry: { maxAttempts: 1 }, breaker: { consecutiveFailures: 2, consecutiveSpanMs: 0 } },
    });
    simulator.plan('*', ['503']);
    for (let call = 0; call < 2; call++) await ask(gateway);
    expect(gateway.snapshot().breakers).toMatchObject([{ state: 'open' }]);
    await gateway.reload(options);
    expect(codeOf(await ask(gateway))).toBe('circuit_open');
    await gateway.reload({ ...options, breaker: { consecutiveFailures: 9 } });
    expect(gateway.snapshot().breakers).toEqual([]);
  });

  test('keeps what an operator has isolated, also where the options of breakers change', async () => {
    const { gateway, options } = await aBench();
    const target = `${new URL(options.pools?.gemini?.baseUrl ?? '').host}/gemini-2.5-flash`;
    gateway.breakers.isolate(target, 'canary-reason');
    await gateway.reload({ ...options, breaker: { consecutiveFailures: 9 } });
    const refused = await ask(gateway);
    expect([refused.status, codeOf(refused)]).toEqual([503, 'circuit_open']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.text).toContain('taken out of use by an operator');
    expect(refused.text).not.toContain('canary-reason');
    expect((await ask(gateway, { model: 'gemini-2.5-pro' })).status).toBe(200);
    gateway.breakers.reset(target);
    expect((await ask(gateway)).status).toBe(200);
    expect(gateway.breakers.snapshot()).toEqual([]);
  });

  test('keeps what was used of a limit, and goes by the new limit at once', async () => {
    const limited = (requestsPerMinute: number): object => ({
      id: 'main',
      keys: ['canary-main-1'],
      limits: { requestsPerMinute },
    });
    const { gateway, options } = await aBench({ projects: [limited(2) as { id: string }] });
    for (let call = 0; call < 2; call++) expect((await ask(gateway)).status).toBe(200);
    expect((await ask(gateway)).status).toBe(429);
    await gateway.reload(withProjects(options, [limited(3)]));
    expect([(await ask(gateway)).status, (await ask(gateway)).status]).toEqual([200, 429]);
    await gateway.reload(withProjects(options, [limited(1)]));
    expect((await ask(gateway)).status).toBe(429);
    await gateway.reload(withProjects(options, [{ id: 'main', keys: ['canary-main-1'] }]));
    expect((await ask(gateway)).status).toBe(200);
  });

  test.each<[string, object, object]>([
    [
      'of a project',
      { projects: [{ limits: { maxInFlight: 9 } }] },
      { projects: [{ limits: { maxInFlight: 9, requestsPerMinute: 1 } }] },
    ],
    ['of a caller', { caller: { maxInFlight: 9 } }, { caller: { maxInFlight: 9, requestsPerMinute: 1 } }],
  ])('counts a limit %s that was not there before', async (_, first, then) => {
    const key = 'canary-caller-key-0815';
    const made = ({ projects = [{}], caller }: { projects?: object[]; caller?: object }): Partial<GatewayOptions> => ({
      ...withProjects(
        {},
        projects.map((one) => ({ id: 'main', keys: ['canary-main-1'], ...one })),
      ),
      callers: [{ id: 'alice', key, ...(caller === undefined ? {} : { limits: caller }) }],
    });
    const { simulator, options, another } = await aBench();
    const at = (some: object): GatewayOptions => {
      const { pools, callers } = made(some);
      return { ...options, callers, pools: { gemini: { ...pools?.gemini, baseUrl: simulator.url } as never } };
    };
    const gateway = another(at(first));
    expect((await ask(gateway, { key })).status).toBe(200);
    await gateway.reload(at(then));
    const statuses = [(await ask(gateway, { key })).status, (await ask(gateway, { key })).status];
    expect(statuses.at(-1)).toBe(429);
  });

  test('a hundred times while requests are under way fails none of them', async () => {
    const { gateway, options } = await aBench({ projects: [two] });
    const answers: Promise<number>[] = [];
    for (let time = 0; time < 100; time++) {
      answers.push(ask(gateway).then(({ status }) => status));
      void gateway.reload(withProjects(options, [time % 2 === 0 ? two : { ...two, weight: 2 }]));
    }
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
  });

  test('leaves store, upstream and clock as they were, whatever is said', async () => {
    const { clock, gateway, options } = await aBench();
    await gateway.reload({
      ...options,
      store: sharedStore(clock),
      upstream: { send: () => expect.unreachable('another one'), close: async () => {} },
    });
    expect((await ask(gateway)).status).toBe(200);
    expect(gateway.snapshot().store.name).toBe('memory');
  });
});
