import { describe, expect, test } from 'vitest';
import { isSluiceError } from '../src/errors.ts';
import type { GatewayOptions } from '../src/options.ts';
import { readConfiguration, resolveSettings } from '../src/settings.ts';
import type { Store } from '../src/store/store.ts';

const key = 'canary-caller-key-0815';
const least = { keys: 'canary-provider-key', callers: [{ id: 'alice', key }] } satisfies GatewayOptions;

/** Design §5, written out. */
const defaults = {
  retry: {
    maxAttempts: 3,
    maxKeyFailovers: 5,
    maxUpstreamCalls: 6,
    baseDelayMs: 50,
    throttleDelayMs: 1_000,
    maxDelayMs: 20_000,
  },
  breaker: {
    consecutiveFailures: 5,
    consecutiveSpanMs: 1_000,
    windowOutcomes: 50,
    windowFailures: 30,
    windowMs: 30_000,
    openMs: 2_000,
    maxOpenMs: 60_000,
    panicMs: 0,
  },
  timeouts: {
    connectMs: 5_000,
    headersMs: 600_000,
    firstEventMs: 300_000,
    idleMs: 60_000,
    totalMs: 1_800_000,
    slowReaderMs: 60_000,
    afterTerminalMs: 2_000,
    heartbeatMs: 15_000,
    callersMs: 10_000,
  },
  queue: { maxEntries: 100, maxWaitMs: 1_000 },
  limits: { maxEventBytes: 33_554_432, maxAnswerBytes: 67_108_864, maxErrorBytes: 65_536, maxUploadBytes: 0 },
  overload: {
    queueDelayMs: 25,
    refuseDelayMs: 50,
    queueHeapShare: 0.8,
    refuseHeapShare: 0.88,
    endHeapShare: 0.94,
    maxStreams: 0,
  },
  server: {
    maxBodyBytes: 104_857_600,
    maxBufferedBytes: 268_435_456,
    bodyInMs: 30_000,
    cors: [],
    publicOrigin: null,
    trustedProxies: [],
  },
  live: { maxSessions: 0, setupInMs: 10_000, maxFrameBytes: 16_777_216, pingMs: 20_000 },
  affinity: { unknown: 'search' },
  cache: { ttlMs: 0, maxBytes: 67_108_864, singleFlight: false },
};

describe('what is not said has a default', () => {
  test('that is the one of the design', () => {
    expect(resolveSettings(least)).toEqual({
      ...defaults,
      pool: {
        name: 'gemini',
        provider: 'gemini',
        baseUrl: 'https://generativelanguage.googleapis.com',
        strategy: 'least-busy',
        stickyBy: 'conversation',
        projects: [{ id: 'project-1', weight: 1, tier: null, isGuessed: true, keys: ['canary-provider-key'] }],
      },
      callers: [{ id: 'alice', key }],
      routes: new Map(),
      store: null,
      warnings: [],
    });
  });

  test('and a section that is half said keeps the other half', () => {
    const { retry, timeouts } = resolveSettings({ ...least, retry: { maxAttempts: 1 }, timeouts: { idleMs: 0 } });
    expect(retry).toEqual({ ...defaults.retry, maxAttempts: 1 });
    expect(timeouts).toEqual({ ...defaults.timeouts, idleMs: 0 });
  });

  test('and what is said to be undefined has its default as well', () => {
    const options: GatewayOptions = { ...least, pools: undefined, retry: undefined, queue: { maxWaitMs: undefined } };
    expect(resolveSettings(options)).toMatchObject({ retry: defaults.retry, queue: defaults.queue });
  });

  test('and 0 is a value, not a missing one', () => {
    const zeros = {
      timeouts: { totalMs: 0, headersMs: 0 },
      server: { maxBodyBytes: 0 },
      limits: { maxAnswerBytes: 0 },
    };
    expect(resolveSettings({ ...least, ...zeros })).toMatchObject(zeros);
  });

  test('and of the process around it, too', () => {
    const { server, log, store } = readConfiguration(least);
    expect(store).toEqual({ url: 'memory:' });
    expect(server).toEqual({
      ...defaults.server,
      host: '127.0.0.1',
      port: 8_787,
      drainMs: 10_000,
      drainGraceMs: 0,
      headersInMs: 10_000,
    });
    expect(log).toEqual({ level: 'info', format: 'json', requests: 'all' });
  });
});

/** Every option there is: what the types know and this lacks does not compile. */
const everything = {
  pools: {
    mine: {
      provider: 'gemini',
      baseUrl: 'http://127.0.0.1:1',
      strategy: 'sticky',
      stickyBy: 'caller',
      projects: [
        {
          id: 'a',
          weight: 2,
          tier: 'free',
          isGuessed: false,
          keys: ['canary-1', 'canary-2'],
          limits: {
            requestsPerMinute: 1,
            tokensPerMinute: 2,
            requestsPerDay: 3,
            maxInFlight: 4,
            models: {
              'gemini-2.5-flash': { requestsPerMinute: 5, tokensPerMinute: 6, requestsPerDay: 7, maxInFlight: 8 },
            },
          },
        },
      ],
    },
  },
  callers: [
    { id: 'alice', key, limits: { requestsPerMinute: 1, tokensPerMinute: 2, requestsPerDay: 3, maxInFlight: 4 } },
  ],
  routes: { fast: { model: 'gemini-2.5-flash' } },
  retry: { maxAttempts: 2, maxKeyFailovers: 4, maxUpstreamCalls: 5, baseDelayMs: 6, throttleDelayMs: 7, maxDelayMs: 8 },
  breaker: {
    consecutiveFailures: 1,
    consecutiveSpanMs: 2,
    windowOutcomes: 3,
    windowFailures: 4,
    windowMs: 5,
    openMs: 6,
    maxOpenMs: 7,
    panicMs: 8,
  },
  timeouts: {
    connectMs: 1,
    headersMs: 2,
    firstEventMs: 3,
    idleMs: 4,
    totalMs: 5,
    slowReaderMs: 6,
    afterTerminalMs: 7,
    heartbeatMs: 8,
    callersMs: 9,
  },
  queue: { maxEntries: 1, maxWaitMs: 2 },
  limits: { maxEventBytes: 1, maxAnswerBytes: 2, maxErrorBytes: 3, maxUploadBytes: 4 },
  overload: {
    queueDelayMs: 1,
    refuseDelayMs: 2,
    queueHeapShare: 0.1,
    refuseHeapShare: 0.2,
    endHeapShare: 0.3,
    maxStreams: 3,
  },
  server: {
    maxBodyBytes: 1,
    maxBufferedBytes: 2,
    bodyInMs: 3,
    cors: ['*', 'https://a.test', 'app://b'],
    publicOrigin: 'https://c.test',
    trustedProxies: ['10.0.0.0/8'],
  },
  live: { maxSessions: 1, setupInMs: 2, maxFrameBytes: 3, pingMs: 4 },
  affinity: { unknown: 'refuse' },
  cache: { ttlMs: 1, maxBytes: 2, singleFlight: true },
  store: { url: 'memory:' },
} satisfies Complete<Omit<GatewayOptions, 'keys' | 'upstream' | 'clock'>>;

test('every option that the types know is known, and kept as it was said', () => {
  const { pools, routes: _, store: __, ...rest } = everything;
  const { baseUrl, projects, strategy, stickyBy } = pools.mine;
  const { limits, ...project } = projects[0] as (typeof projects)[number];
  const { models, ...own } = limits;
  const modelLimits = new Map(Object.entries(models));
  expect(resolveSettings(everything)).toMatchObject({
    ...rest,
    pool: { name: 'mine', baseUrl, strategy, stickyBy, projects: [{ ...project, limits: own, modelLimits }] },
  });
});

test('settings do not change any more', () => {
  const settings = resolveSettings(least);
  for (const one of [settings, settings.retry, settings.pool, settings.pool.projects, settings.pool.projects[0]])
    expect(Object.isFrozen(one)).toBe(true);
});

test('options stay as they were', () => {
  const options = {
    pools: { gemini: { projects: [{ id: 'a', keys: ['canary-1'] }] } },
    callers: [{ id: 'alice', key }],
    server: {},
  };
  const before = structuredClone(options);
  resolveSettings(options);
  readConfiguration(options);
  expect(options).toEqual(before);
  expect(Object.isFrozen(options.pools.gemini.projects)).toBe(false);
});

describe('a configuration is the options and the process', () => {
  test('and what comes out of it makes a gateway', () => {
    const { gateway, server } = readConfiguration({
      ...least,
      server: { port: 0, maxBodyBytes: 5 },
      log: { level: 'silent' },
    });
    expect(server).toMatchObject({ port: 0, maxBodyBytes: 5 });
    expect(resolveSettings(gateway)).toMatchObject({ server: { ...defaults.server, maxBodyBytes: 5 } });
  });

  test('and what belongs to the process is no option of a gateway', () => {
    const faults = faultsOf(() => resolveSettings({ ...least, server: { port: 1 }, log: {} } as GatewayOptions));
    expect(faults).toEqual([expect.stringMatching(/^server\.port is not an option/), 'log is not an option']);
  });
});

describe('pools', () => {
  const pool = (more: object): GatewayOptions => ({
    pools: { gemini: { projects: [{ id: 'a', keys: ['canary-1'] }], ...more } },
    callers: 'anyone',
  });

  test.each([
    ['https://eu.example.com', 'https://eu.example.com'],
    ['http://127.0.0.1:8788/', 'http://127.0.0.1:8788'],
    ['HTTPS://Example.COM:443', 'https://example.com'],
  ])('the base URL %s is the origin %s', (baseUrl, origin) => {
    expect(resolveSettings(pool({ baseUrl })).pool.baseUrl).toBe(origin);
  });

  test.each([
    'https://host/path',
    'https://host/?a=b',
    'https://host/#a',
    'ftp://host',
    'host',
    '',
    'https://user:canary@host',
    'https://:canary@host',
  ])('the base URL %j is none', (baseUrl) => {
    const faults = faultsOf(() => resolveSettings(pool({ baseUrl })));
    expect(faults).toEqual([
      expect.stringMatching(/^pools\.gemini\.baseUrl must be an origin like https:\/\/host:port, without a path/),
    ]);
    expect(faults.join()).not.toContain('canary');
  });

  test('projects have weights above 0', () => {
    const projects = (weight: number): object => ({ projects: [{ id: 'a', weight, keys: ['k'] }] });
    expect(resolveSettings(pool(projects(0.5))).pool.projects[0]?.weight).toBe(0.5);
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(faultsOf(() => resolveSettings(pool(projects(weight))))[0]).toContain(
        'pools.gemini.projects[0].weight must be',
      );
  });

  test('a project without keys is a fault', () => {
    expect(faultsOf(() => resolveSettings(pool({ projects: [{ id: 'a', keys: [] }] })))[0]).toContain(
      'pools.gemini.projects[0].keys must be a list of at least 1',
    );
  });

  test('two pools are more than this version serves', () => {
    const projects = [{ id: 'a', keys: ['canary-1'] }];
    const two = { pools: { a: { projects }, b: { projects: [{ id: 'b', keys: ['canary-2'] }] } }, callers: 'anyone' };
    expect(faultsOf(() => resolveSettings(two))).toEqual([expect.stringContaining('pools holds 2 pools')]);
  });

  test('one key stands once in all projects', () => {
    const projects = [
      { id: 'a', keys: ['canary-1'] },
      { id: 'b', keys: ['canary-1'] },
    ];
    expect(faultsOf(() => resolveSettings(pool({ projects })))).toEqual([
      'key 1 of project "b" stands in project "a" already',
    ]);
  });

  test('a key twice in one project counts once, and is a warning that does not repeat it', () => {
    const projects = [
      { id: 'a', keys: ['canary-1', 'canary-2', 'canary-1', 'canary-1'] },
      { id: 'b', keys: ['canary-3', 'canary-3'] },
    ];
    const settings = resolveSettings(pool({ projects }));
    expect(settings.pool.projects.map(({ keys }) => keys)).toEqual([['canary-1', 'canary-2'], ['canary-3']]);
    expect(settings.warnings).toEqual([
      'project "a" holds 2 keys twice; each counts once',
      'project "b" holds a key twice; each counts once',
    ]);
    expect(settings.warnings.join()).not.toContain('canary');
  });

  test('so does one that stands twice in the short form, with a project and without', () => {
    const { pool: short, warnings } = resolveSettings({
      keys: 'canary-1,canary-1,a=canary-2,a=canary-2',
      callers: 'anyone',
    });
    expect(short.projects.map(({ id, keys }) => [id, keys])).toEqual([
      ['project-1', ['canary-1']],
      ['a', ['canary-2']],
    ]);
    expect(warnings).toHaveLength(2);
    expect(faultsOf(() => resolveSettings({ keys: 'a=canary-1,canary-1', callers: 'anyone' }))).toHaveLength(1);
  });

  test('a project by itself is taken for what the options say; a key by itself is a guess', () => {
    const guessed = ({ pool: { projects } }: ReturnType<typeof resolveSettings>): unknown[] =>
      projects.map(({ isGuessed }) => isGuessed);
    expect(guessed(resolveSettings(pool({})))).toEqual([false]);
    expect(guessed(resolveSettings({ keys: 'canary-1,a=canary-2', callers: 'anyone' }))).toEqual([true, false]);
  });
});

describe('limits', () => {
  const none = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };
  const limited = (limits: object): GatewayOptions => ({
    pools: { gemini: { projects: [{ id: 'a', keys: ['canary-1'], limits }] } },
    callers: 'anyone',
  });

  test('what is not limited is not counted', () => {
    const [project] = resolveSettings(limited({ ...none, models: { flash: {}, pro: none } })).pool.projects;
    expect(project).not.toHaveProperty('limits');
    expect(project).not.toHaveProperty('modelLimits');
    const [other] = resolveSettings(limited({ models: { flash: { maxInFlight: 1 }, pro: {} } })).pool.projects;
    expect(other?.modelLimits).toEqual(new Map([['flash', { ...none, maxInFlight: 1 }]]));
    expect(other).not.toHaveProperty('limits');
  });

  test('that make no sense are refused, all at once', () => {
    const wrong = { requestsPerMinute: -1, tokensPerMinute: 1.5, requestsPerDay: '9', maxInFlight: null };
    const options = {
      ...limited({ ...wrong, models: { flash: { requestsPerMinute: -2 }, 'a/b': {} }, requestsPerHour: 1 }),
      callers: [{ id: 'alice', key, limits: { maxInFlight: -3, models: {} } }],
    } as unknown as GatewayOptions;
    const faults = faultsOf(() => resolveSettings(options));
    const at = 'pools.gemini.projects[0].limits';
    for (const part of [
      `${at}.requestsPerMinute must be a whole number from 0 up, got -1 (number)`,
      `${at}.tokensPerMinute must be a whole number from 0 up, got 1.5 (number)`,
      `${at}.requestsPerDay must be a whole number from 0 up, got "9" (string)`,
      `${at}.maxInFlight must be a whole number from 0 up, got null (null)`,
      `${at}.models.flash.requestsPerMinute must be a whole number from 0 up, got -2 (number)`,
      `${at}.requestsPerHour is not an option`,
      'callers[0].limits.maxInFlight must be a whole number from 0 up',
      'callers[0].limits.models is not an option',
    ])
      expect(
        faults.filter((fault) => fault.startsWith(part)),
        part,
      ).toHaveLength(1);
    expect(faults.filter((fault) => fault.includes('a/b'))).toHaveLength(1);
    expect(faults).toHaveLength(9);
  });
});

describe('routes', () => {
  test('lead to models, with or without their prefix', () => {
    const routes = { fast: { model: 'models/gemini-2.5-flash' }, slow: { model: 'gemini-2.5-pro' } };
    expect(resolveSettings({ ...least, routes }).routes).toEqual(
      new Map([
        ['fast', 'gemini-2.5-flash'],
        ['slow', 'gemini-2.5-pro'],
      ]),
    );
  });

  test.each(['', 'a/b', '../files/x', 'a?key=b', 'a b', 'a#b', 'models/', 'a:generateContent', 'ä'])(
    'do not lead to %j, which no path may hold',
    (model) => {
      expect(faultsOf(() => resolveSettings({ ...least, routes: { fast: { model } } }))[0]).toContain(
        'routes.fast.model',
      );
    },
  );
});

describe('nobody is let in by accident', () => {
  test.each([{}, { callers: undefined }, { callers: '' }])('%j names the two ways out', (callers) => {
    const faults = faultsOf(() => resolveSettings({ keys: 'k', ...callers }));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain("callers: [{ id: 'alice', key: '…' }]");
    expect(faults[0]).toContain("callers: 'anyone'");
  });

  test.each([' ', ',', '\n'])('a list with nobody in it lets nobody in: %j', (callers) => {
    expect(faultsOf(() => resolveSettings({ keys: 'k', callers }))).toEqual([
      'callers is an empty list: nobody could call',
    ]);
  });

  test('anyone, a short form and a function are ways of saying who', () => {
    const lookup = (): null => null;
    expect(resolveSettings({ keys: 'k', callers: 'anyone' }).callers).toBe('anyone');
    expect(resolveSettings({ keys: 'k', callers: `alice=${key}` }).callers).toEqual([{ id: 'alice', key }]);
    expect(resolveSettings({ keys: 'k', callers: lookup }).callers).toBe(lookup);
  });

  test('a weak key is refused in each form', () => {
    for (const callers of ['alice=short', [{ id: 'alice', key: 'short' }]])
      expect(faultsOf(() => resolveSettings({ keys: 'k', callers }))).toEqual([
        expect.stringContaining('caller "alice" has 5'),
      ]);
  });
});

describe('every fault is named, with path, expectation and value', () => {
  test.each<[what: string, options: object, faults: string[]]>([
    [
      'a text for a number',
      { retry: { maxAttempts: '3' } },
      ['retry.maxAttempts must be a whole number from 1 up, got "3" (string)'],
    ],
    [
      'too small a number',
      { retry: { maxAttempts: 0 } },
      ['retry.maxAttempts must be a whole number from 1 up, got 0 (number)'],
    ],
    [
      'half a number',
      { retry: { maxAttempts: 1.5 } },
      ['retry.maxAttempts must be a whole number from 1 up, got 1.5 (number)'],
    ],
    ['no number', { timeouts: { idleMs: Number.NaN } }, [expect.stringContaining('timeouts.idleMs must be')]],
    [
      'a negative time',
      { timeouts: { idleMs: -1 } },
      ['timeouts.idleMs must be a whole number from 0 up, got -1 (number)'],
    ],
    ['nothing', { timeouts: { idleMs: null } }, ['timeouts.idleMs must be a whole number from 0 up, got null (null)']],
    ['a list for a section', { retry: [] }, [expect.stringMatching(/^retry must be an object, got .*list/)]],
    ['a number for a section', { retry: 3 }, ['retry must be an object, got 3 (number)']],
    [
      'a name that is not known',
      { retry: { maxAttempt: 3 } },
      ['retry.maxAttempt is not an option; did you mean maxAttempts?'],
    ],
    ['a section that is not known', { timeout: {} }, ['timeout is not an option; did you mean timeouts?']],
    ['a name that is like none', { retry: { zzzzzz: 1 } }, ['retry.zzzzzz is not an option']],
    [
      'an origin that is none',
      { server: { cors: ['example.com'] } },
      [expect.stringContaining('server.cors[0] must be "*" or an origin like https://host')],
    ],
    [
      'an origin with a path',
      { server: { cors: ['https://example.com/'] } },
      [expect.stringContaining('server.cors[0] must be')],
    ],
    ['an upstream that is none', { upstream: {} }, [expect.stringMatching(/^upstream .*an Upstream/)]],
    ['a clock that is none', { clock: 5 }, [expect.stringMatching(/^clock .*a Clock/)]],
    [
      'a caller without a key',
      { callers: [{ id: 'alice' }] },
      [expect.stringMatching(/^callers\[0\]\.key must be a string/)],
    ],
    [
      'a caller with a typing error',
      { callers: [{ id: 'alice', kye: 'canary' }] },
      [
        expect.stringContaining('callers[0].key'),
        expect.stringContaining('callers[0].kye is not an option; did you mean key?'),
      ],
    ],
    [
      'callers that are a number',
      { callers: 5 },
      [expect.stringMatching(/^callers must be a string or a list or a function/)],
    ],
    [
      'a caller with an odd name',
      { callers: [{ id: 'a b', key }] },
      [expect.stringContaining('callers[0].id must be a name of letters, digits')],
    ],
  ])('%s', (_, options, faults) => {
    const { callers, ...rest } = options as { callers?: unknown };
    const whole = { ...least, ...rest, ...(callers === undefined ? {} : { callers }) };
    expect(faultsOf(() => resolveSettings(whole as GatewayOptions))).toEqual(faults);
  });

  test('all at once', () => {
    const options = {
      retry: { maxAttempts: 0, maxDelayms: 3 },
      timeouts: { idleMs: 'x' },
      zzzzzz: 1,
    } as unknown as GatewayOptions;
    const faults = faultsOf(() => resolveSettings(options));
    const wanted = [
      'retry.maxAttempts',
      'retry.maxDelayms',
      'timeouts.idleMs',
      'zzzzzz',
      'keys or pools',
      'callers is missing',
    ];
    for (const part of wanted) expect(faults.filter((fault) => fault.startsWith(part))).toHaveLength(1);
    expect(faults).toHaveLength(wanted.length);
  });

  test('keys said twice, and not at all', () => {
    const pools = { gemini: { projects: [{ id: 'a', keys: ['canary-1'] }] } };
    expect(faultsOf(() => resolveSettings({ ...least, pools }))).toEqual([
      'keys and pools say the same thing twice; leave one out',
    ]);
    for (const keys of [undefined, '', ' , '])
      expect(faultsOf(() => resolveSettings({ callers: 'anyone', keys }))).toEqual([
        'keys or pools must hold at least one provider key',
      ]);
  });

  test.each([null, undefined, 5, 'canary', [], () => {}])('options that are none: %j', (options) => {
    const faults = faultsOf(() => resolveSettings(options as unknown as GatewayOptions));
    expect(faults[0]).toMatch(/^the options must be an object/);
    expect(faults.join()).not.toContain('canary');
  });

  test.each(['least-busy', 'round-robin', 'weighted', 'sticky'])('the strategy %s is one', (strategy) => {
    const pools = { gemini: { strategy, projects: [{ id: 'a', keys: ['canary-1'] }] } };
    expect(resolveSettings({ pools, callers: 'anyone' } as GatewayOptions).pool.strategy).toBe(strategy);
  });

  test.each<[string, object, string]>([
    [
      'a strategy',
      { strategy: 'random' },
      'strategy must be "least-busy" or "round-robin" or "weighted" or "sticky", got "random" (string)',
    ],
    [
      'what sticks',
      { stickyBy: 'header:' },
      'stickyBy must be "conversation", "caller" or "header:NAME", got "header:" (string)',
    ],
  ])('%s that is none', (_, more, fault) => {
    const pools = { gemini: { projects: [{ id: 'a', keys: ['canary-1'] }], ...more } };
    expect(faultsOf(() => resolveSettings({ pools, callers: 'anyone' }))).toEqual([`pools.gemini.${fault}`]);
  });

  test('what becomes of unknown things is one of two', () => {
    const affinity = { unknown: 'ask' } as unknown as GatewayOptions['affinity'];
    expect(faultsOf(() => resolveSettings({ ...least, affinity }))).toEqual([
      'affinity.unknown must be "search" or "refuse", got "ask" (string)',
    ]);
  });

  test.each(['sqlite:x.db', 'redis://localhost', 'memory'])('the store %s is not there yet', (url) => {
    expect(faultsOf(() => resolveSettings({ ...least, store: { url } } as unknown as GatewayOptions))).toEqual([
      `store.url must be "memory:", got ${url.length} characters`,
    ]);
  });
});

describe('a fault never repeats a secret, wherever it was put', () => {
  test.each<[string, object]>([
    ['a number among keys', { pools: { gemini: { projects: [{ id: 'a', keys: ['canary-1', 5] }] } } }],
    ['keys as one text', { pools: { gemini: { projects: [{ id: 'a', keys: 'canary-1' }] } } }],
    ['keys as a list of lists', { pools: { gemini: { projects: [{ id: 'a', keys: [['canary-1']] }] } } }],
    ['a project that is a text', { pools: { gemini: { projects: ['canary-1'] } } }],
    ['projects that are one text', { pools: { gemini: { projects: 'canary-1' } } }],
    ['projects that are one project', { pools: { gemini: { projects: { id: 'a', keys: ['canary-1'] } } } }],
    ['a pool that is a text', { pools: { gemini: 'canary-1' } }],
    ['a pool that is a list of keys', { pools: { gemini: ['canary-1'] } }],
    ['pools that are a text', { pools: 'canary-1' }],
    ['pools that are a list', { pools: [{ projects: [{ id: 'a', keys: ['canary-1'] }] }] }],
    ['keys as a list', { keys: ['canary-1'] }],
    ['keys as an object', { keys: { main: 'canary-1' } }],
    ['callers as an object', { callers: { alice: 'canary-key' } }],
    ['callers as a list of texts', { callers: ['canary-key'] }],
    ['a caller with a blank in the key', { callers: [{ id: 'alice', key: 'canary canary canary' }] }],
    ['a caller with a short key', { callers: 'alice=canary' }],
    ['a key under another name', { callers: [{ id: 'alice', secret: 'canary-key' }] }],
    ['a store with a password', { store: { url: 'redis://user:canary@host' } }],
    ['a store that is a text', { store: 'redis://user:canary@host' }],
    ['a route that is a key', { routes: { fast: 'canary' } }],
  ])('%s', (_, options) => {
    let error: unknown;
    try {
      resolveSettings({ keys: 'canary-provider-key', callers: 'anyone', ...options } as GatewayOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(isSluiceError(error, 'invalid_options')).toBe(true);
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('canary');
  });
});

test('a store that is a plain object stays as it is: it has a life of its own', () => {
  const store = { reserve: () => ({ ok: true }), counts: { asked: 0 } };
  const settings = resolveSettings({ ...least, store: store as unknown as Store });
  store.counts.asked++;
  expect([settings.store, store.counts.asked, Object.isFrozen(store)]).toEqual([store, 1, false]);
});

function faultsOf(resolve: () => unknown): string[] {
  try {
    resolve();
  } catch (error) {
    if (!isSluiceError(error, 'invalid_options')) throw error;
    const [head = '', ...lines] = error.message.split('\n');
    expect(head).toBe(`The options have ${lines.length === 1 ? 'a fault' : `${lines.length} faults`}:`);
    return lines.map((line) => line.replace(/^- /, ''));
  }
  return expect.unreachable('the options were accepted');
}

/** Nothing may be left out, however deep. */
type Complete<Options> = Options extends readonly (infer Item)[]
  ? Complete<Item>[]
  : Options extends (...args: never[]) => unknown
    ? Options
    : Options extends object
      ? { [Name in keyof Options]-?: Complete<Exclude<Options[Name], undefined>> }
      : Options;
