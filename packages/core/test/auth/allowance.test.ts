import { fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { Allowances } from '../../src/auth/allowance.ts';
import { SluiceError } from '../../src/errors.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Limits, Store } from '../../src/store/store.ts';

const limits: Limits = { requestsPerMinute: 2, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 2 };
const uncounted = (): number => expect.unreachable('nobody counts tokens');

/** A store that writes down what it is asked, and may answer later. */
function watched(verbs: string[], later: boolean, settle?: () => Promise<void>): Store {
  const store = memoryStore(fakeClock());
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        verbs.push(String(name));
        if (name === 'settle' && settle !== undefined) return settle();
        const answer: unknown = value.apply(target, args);
        return later ? Promise.resolve(answer) : answer;
      };
    },
  });
}

describe.each([
  ['at once', false],
  ['later', true],
])('with a store that answers %s', (_, later) => {
  test('a caller without limits is let in, and nobody is asked', async () => {
    const verbs: string[] = [];
    const allowance = await new Allowances(watched(verbs, later), 1_000).admit({ id: 'alice' }, uncounted);
    allowance.settle({ requests: 1, tokens: 5 });
    expect([allowance.tokens, verbs]).toEqual([0, []]);
  });

  test('what was admitted is settled once, however often it is said', async () => {
    const verbs: string[] = [];
    const allowances = new Allowances(watched(verbs, later), 1_000);
    const caller = { id: 'alice', limits };
    const allowance = await allowances.admit(caller, uncounted);
    for (let time = 0; time < 3; time++) allowance.settle({ requests: 0, tokens: 0 });
    expect(verbs).toEqual(['reserve', 'settle']);
    for (let call = 0; call < 2; call++) await allowances.admit(caller, uncounted);
    const refused = (async () => allowances.admit(caller, uncounted))();
    await expect(refused).rejects.toMatchObject({ code: 'rate_limited', status: 429, retryAfterMs: 61_000 });
  });
});

test('a store that cannot write down what was spent ends nobody’s request', async () => {
  const down = (): Promise<void> => Promise.reject(new SluiceError('storage_unavailable', 'away'));
  const allowance = await new Allowances(watched([], true, down), 1_000).admit({ id: 'alice', limits }, uncounted);
  expect(() => allowance.settle({ requests: 1, tokens: 0 })).not.toThrow();
  await new Promise((resolve) => setImmediate(resolve));
});
