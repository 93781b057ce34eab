import { expect, test } from 'vitest';
import { isSluiceError } from '../../src/errors.ts';
import { nearest } from '../../src/settings/faults.ts';
import { readConfiguration } from '../../src/settings.ts';

const known = ['maxAttempts', 'maxKeyFailovers', 'maxUpstreamCalls', 'baseDelayMs', 'callers', 'keys'];

test.each([
  ['maxAttempt', 'maxAttempts'],
  ['max_attempts', 'maxAttempts'],
  ['MAXATTEMPTS', 'maxAttempts'],
  ['atempts', null],
  ['baseDelay', 'baseDelayMs'],
  ['caller', 'callers'],
  ['key', 'keys'],
  ['kyes', 'keys'],
  ['', null],
  ['somethingElse', null],
])('%j may have meant %j', (name, meant) => {
  expect(nearest(name, known)).toBe(meant);
});

test('nothing is near where nothing is known', () => {
  expect(nearest('a', [])).toBeNull();
});

test.each([
  ['as the name of an option', { AIzaSyCanary0123456789abcdef: 1 }],
  ['as a name of no known shape', { 'plain-canary-key-0123456789-abcdefgh': 1 }],
  ['as a name further inside', { retry: { AIzaSyCanary0123456789abcdef: 1 } }],
  ['in the query of a URL', { pools: { gemini: { baseUrl: 'https://a/?key=plain-canary', projects: [] } } }],
  ['as the name of a pool', { pools: { AIzaSyCanary0123456789abcdef: { projects: 7 } } }],
  ['in the place of a number', { retry: { maxAttempts: 'AIzaSyCanary0123456789abcdef' } }],
])('a key that stands in the wrong place is not repeated: %s', (_, options) => {
  expect(() => readConfiguration({ keys: 'stand-in-key', callers: 'anyone', ...options })).toThrow(
    expect.objectContaining({ message: expect.not.stringMatching(/canary/i) }),
  );
});

const everything = {
  pools: {
    mine: {
      provider: 'gemini',
      baseUrl: 'https://a.test',
      strategy: 'sticky',
      stickyBy: 'caller',
      projects: [
        {
          id: 'a',
          weight: 1,
          tier: 'free',
          isGuessed: false,
          keys: ['k'],
          limits: { maxInFlight: 1, models: { m: {} } },
        },
      ],
    },
  },
  callers: [{ id: 'alice', key: 'canary-caller-key-0815', limits: { maxInFlight: 1 } }],
  routes: { fast: { model: 'm' } },
  retry: { maxAttempts: 1 },
  overload: { endHeapShare: 0.5 },
  affinity: { unknown: 'search' },
  cache: { singleFlight: true },
  store: { url: 'memory:' },
  server: { cors: ['*'], publicOrigin: 'https://a.test', trustedProxies: ['::1'], host: 'h', port: 1 },
  log: { level: 'info', format: 'json', requests: 'all' },
};

test('every fault says what is wanted, wherever a wrong value stands', () => {
  readConfiguration(everything);
  const wrong = [null, -1.5, true, '', 'ä'.repeat(65), [], [7], {}, { ä: 7 }];
  const refused = wrong.flatMap((value) => variants(everything, value).flatMap(faultsOf));
  expect(refused.length).toBeGreaterThan(200);
  // What the library of shapes says where nobody has told it anything better.
  expect(refused.filter((fault) => /Invalid input|something else|undefined/.test(fault))).toEqual([]);
});

test('a tier that is too long is told how long it may be', () => {
  const projects = [{ id: 'a', keys: ['k'], tier: 'x'.repeat(65) }];
  expect(faultsOf({ pools: { mine: { projects } }, callers: 'anyone' })).toEqual([
    expect.stringMatching(/^pools\.mine\.projects\[0\]\.tier must be .*at most 64 characters, got "x+… \(string\)$/),
  ]);
});

/** The tree, once with each of its branches replaced. */
function variants(tree: unknown, value: unknown): unknown[] {
  if (typeof tree !== 'object' || tree === null) return [value];
  const inner = Object.entries(tree).flatMap(([name, below]) =>
    variants(below, value).map((one) =>
      Array.isArray(tree) ? tree.with(Number(name), one) : { ...tree, [name]: one },
    ),
  );
  return [value, ...inner];
}

function faultsOf(options: unknown): readonly string[] {
  try {
    readConfiguration(options);
    return [];
  } catch (error) {
    if (!isSluiceError(error, 'invalid_options')) throw error;
    return error.faults;
  }
}
