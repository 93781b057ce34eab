import { fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { Auth, Caller, CallerLookup, CallerQuestion } from '../../src/auth/auth.ts';
import { askedCallers } from '../../src/auth/lookup.ts';
import { Cancellation } from '../../src/cancellation.ts';
import { isSluiceError, SluiceError } from '../../src/errors.ts';

const headers = { authorization: 'Bearer canary', cookie: 'session=1' };
const question = { method: 'POST', target: '/v1beta/models?a=b', headers };

function asking(lookup: CallerLookup, clock = fakeClock(), callersMs = 10_000): Auth {
  return askedCallers(lookup, { clock, callersMs });
}

describe('callers that the host knows', () => {
  test('are asked for with what was promised, and nothing else', async () => {
    const asked: CallerQuestion[] = [];
    const auth = asking((one) => {
      asked.push(one);
      return { id: 'carol' };
    });
    const host = { user: 'carol' };
    const exchange = { ...question, host, id: 'request-1', cancellation: new Cancellation(), client: {} };
    expect(await auth.identify(exchange)).toEqual({ id: 'carol' });
    expect(asked).toStrictEqual([{ ...question, credential: 'canary', host }]);
    expect(asked[0]?.host).toBe(host);
  });

  test('are asked for also where what is asked hides behind accessors, as drivers do it', async () => {
    class Driver {
      get method(): string {
        return 'POST';
      }
      get target(): string {
        return '/v1beta/models?key=canary';
      }
      get headers(): Record<string, string> {
        return { accept: '*/*' };
      }
    }
    const asked: CallerQuestion[] = [];
    await asking((one) => {
      asked.push(one);
      return { id: 'carol' };
    }).identify(new Driver());
    expect(asked).toEqual([
      { method: 'POST', target: '/v1beta/models?key=canary', headers: { accept: '*/*' }, credential: 'canary' },
    ]);
  });

  test('may come without a credential', async () => {
    const auth = asking(({ credential }) => (credential === null ? { id: 'by-cookie' } : null));
    expect(await auth.identify({ ...question, headers: { cookie: 'session=1' } })).toEqual({ id: 'by-cookie' });
  });

  test('are known at once where the function knows them at once', () => {
    expect(asking(() => ({ id: 'carol' })).identify(question)).not.toBeInstanceOf(Promise);
  });

  test.each<[string, CallerLookup]>([
    ['a promise', async () => ({ id: 'carol' })],
    // biome-ignore lint/suspicious/noThenProperty: builders of queries have one, and no other way to be waited for
    ['a thenable of a database', () => ({ then: (found: (one: Caller) => void) => found({ id: 'carol' }) }) as never],
  ])('may take their time, by %s', async (_, lookup) => {
    const clock = fakeClock();
    expect(await asking(lookup, clock).identify(question)).toEqual({ id: 'carol' });
    expect(clock.pending).toBe(0);
  });

  test.each([null, undefined])(
    'are unauthorized when the answer is %s, and are sent to the host, not to a key',
    async (nobody) => {
      for (const lookup of [() => nobody, async () => nobody]) {
        const { code, message } = await refusal(asking(lookup));
        expect([code, message]).toEqual([
          'unauthorized',
          expect.stringContaining('does not know who asks. Sign in there'),
        ]);
      }
    },
  );
});

describe('a function that cannot tell', () => {
  const down = new Error('the session store is down: canary');

  test.each<[string, CallerLookup]>([
    [
      'throws',
      () => {
        throw down;
      },
    ],
    ['rejects', () => Promise.reject(down)],
  ])('and %s lets nobody in; the client hears nothing of its error, and the cause is kept', async (_, lookup) => {
    const error = await refusal(asking(lookup));
    expect(error).toMatchObject({ code: 'callers_unavailable', status: 503 });
    expect(error.message).not.toContain('canary');
    expect(error.cause).toBe(down);
  });

  test('may say itself what to answer', async () => {
    const own = new SluiceError('forbidden', 'Pay first.');
    expect(await refusal(asking(() => Promise.reject(own)))).toBe(own);
  });

  test.each([
    ['true', true],
    ['a text', 'alice'],
    ['an object without an id', { name: 'canary' }],
    ['a number as id', { id: 42 }],
    ['an empty id', { id: '' }],
    ['a null id', { id: null }],
    ['false, which is not nobody', false],
    ['a limit that is no number', { id: 'alice', limits: { requestsPerMinute: Number.NaN } }],
    ['a limit below zero', { id: 'alice', limits: { maxInFlight: -1 } }],
    ['a limit as text', { id: 'alice', limits: { tokensPerMinute: '5' } }],
    ['a limit with another name', { id: 'alice', limits: { requestPerMinute: 5 } }],
  ])('and answers with %s lets nobody in', async (_, answer) => {
    for (const lookup of [() => answer, async () => answer]) {
      const error = await refusal(asking(lookup as CallerLookup));
      expect(error.code).toBe('callers_unavailable');
      expect(error.message).not.toContain('canary');
    }
  });

  test.each([{ id: 'alice' }, { id: 'alice', limits: { requestsPerMinute: 5 } }, { id: 'alice', limits: {} }])(
    'is not one that answers with %j',
    async (caller) => {
      expect(await asking(() => caller).identify(question)).toEqual(caller);
    },
  );
});

describe('a function that never answers', () => {
  const never: CallerLookup = () => new Promise(() => {});

  test('lets nobody in, and ends the request at its time', async () => {
    const clock = fakeClock();
    const cancellation = new Cancellation();
    let ended: unknown = null;
    const identified = Promise.resolve(asking(never, clock, 2_000).identify({ ...question, cancellation }));
    identified.catch((error: unknown) => {
      ended = error;
    });
    await clock.advance(1_999);
    expect(ended).toBeNull();
    await clock.advance(1);
    expect(ended).toMatchObject({ code: 'callers_unavailable', message: expect.stringContaining('2000 ms') });
    expect(clock.pending).toBe(0);
  });

  test('leaves no timer when the client has gone', async () => {
    const clock = fakeClock();
    const cancellation = new Cancellation();
    const identified = asking(never, clock).identify({ ...question, cancellation });
    const gone = new Error('the client hung up');
    cancellation.cancel(gone);
    await expect(identified).rejects.toBe(gone);
    expect(clock.pending).toBe(0);
  });

  test('has no limit where that is 0', async () => {
    const clock = fakeClock();
    asking(never, clock, 0).identify(question);
    expect(clock.pending).toBe(0);
  });

  test('is too late when its answer comes after that, be it a caller or an error', async () => {
    const clock = fakeClock();
    const answers: ((caller: Caller | Promise<never>) => void)[] = [];
    const auth = asking(() => new Promise((resolve) => answers.push(resolve)), clock, 1_000);
    const refused = [refusal(auth), refusal(auth)];
    await clock.advance(1_000);
    answers[0]?.({ id: 'alice' });
    answers[1]?.(Promise.reject(new Error('late')));
    for (const { code } of await Promise.all(refused)) expect(code).toBe('callers_unavailable');
  });
});

async function refusal(auth: Auth): Promise<SluiceError> {
  try {
    await auth.identify(question);
  } catch (error) {
    if (isSluiceError(error)) return error;
    throw error;
  }
  return expect.unreachable('somebody was let in');
}
