import { describe, expect, test } from 'vitest';
import type { Auth, Caller, CallerQuestion } from '../../src/auth/auth.ts';
import { anyCaller, askedCallers, listedCallers } from '../../src/auth/callers.ts';
import { Cancellation } from '../../src/cancellation.ts';
import { isSluiceError, type SluiceError } from '../../src/errors.ts';

const alice = { id: 'alice', key: 'canary-alice-canary' };
const bob = { id: 'bob', key: 'canary-bob-canary-bob' };

describe('callers that are listed', () => {
  test('are known by their keys', async () => {
    const auth = listedCallers([alice, bob]);
    expect(await identify(auth, alice.key)).toEqual({ id: 'alice' });
    expect(await identify(auth, bob.key)).toEqual({ id: 'bob' });
  });

  test('are known before their digests are ready, and at once afterwards', async () => {
    const auth = listedCallers([alice]);
    const early = identify(auth, alice.key);
    expect(await early).toEqual({ id: 'alice' });
    expect(identify(auth, alice.key)).not.toBeInstanceOf(Promise);
  });

  test('get nothing of their key with them', async () => {
    expect(JSON.stringify(await identify(listedCallers([alice]), alice.key))).not.toContain('canary');
  });

  test('one error for a missing and for every wrong key', async () => {
    const auth = listedCallers([alice, bob]);
    await identify(auth, alice.key);
    const wrong = [null, 'canary', alice.key.toUpperCase(), alice.key.slice(0, -1), 'x'.repeat(100_000)];
    const errors = await Promise.all(wrong.map((key) => refusal(auth, key)));
    for (const error of errors) {
      expect(error.toJSON()).toEqual(errors[0]?.toJSON());
      expect(error).toMatchObject({ code: 'unauthorized', status: 401 });
      expect(error.message).not.toContain('canary');
    }
  });

  test('two credentials that differ are refused, be one of them right', async () => {
    const auth = listedCallers([alice]);
    const question = {
      method: 'GET',
      target: `/v1beta/models?key=${alice.key}`,
      headers: { 'x-goog-api-key': bob.key },
    };
    await expect((async () => auth.identify(question))()).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('callers that the host knows', () => {
  const headers = { authorization: 'Bearer canary', cookie: 'session=1' };
  const question = { method: 'POST', target: '/v1beta/models?a=b', headers };

  test('are asked for with what was promised, and nothing else', async () => {
    const asked: CallerQuestion[] = [];
    const auth = askedCallers((one) => {
      asked.push(one);
      return { id: 'carol' };
    });
    const exchange = { ...question, id: 'request-1', cancellation: new Cancellation(), client: {} };
    expect(await auth.identify(exchange)).toEqual({ id: 'carol' });
    expect(asked).toEqual([{ ...question, credential: 'canary' }]);
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
    await askedCallers((one) => {
      asked.push(one);
      return { id: 'carol' };
    }).identify(new Driver());
    expect(asked).toEqual([
      { method: 'POST', target: '/v1beta/models?key=canary', headers: { accept: '*/*' }, credential: 'canary' },
    ]);
  });

  test('may come without a credential', async () => {
    const auth = askedCallers(({ credential }) => (credential === null ? { id: 'by-cookie' } : null));
    expect(await auth.identify({ ...question, headers: { cookie: 'session=1' } })).toEqual({ id: 'by-cookie' });
  });

  test('may take their time', async () => {
    const auth = askedCallers(async () => ({ id: 'carol' }));
    expect(await auth.identify(question)).toEqual({ id: 'carol' });
  });

  test('are unauthorized when the answer is null, in the same words', async () => {
    const mine = await refusal(
      askedCallers(() => null),
      'canary',
    );
    const listed = await refusal(listedCallers([alice]), 'canary');
    expect(mine.toJSON()).toEqual(listed.toJSON());
  });

  test('the host’s own error stays the host’s', async () => {
    const broken = new Error('the session store is down');
    const auth = askedCallers(() => {
      throw broken;
    });
    await expect(auth.identify(question)).rejects.toBe(broken);
  });
});

test('anyone is one caller, with a credential or without', () => {
  expect(identify(anyCaller(), null)).toEqual({ id: 'anyone' });
  expect(identify(anyCaller(), 'whatever')).toEqual({ id: 'anyone' });
});

function identify(auth: Auth, key: string | null): Caller | Promise<Caller> {
  return auth.identify({
    method: 'GET',
    target: '/v1beta/models',
    headers: key === null ? {} : { 'x-goog-api-key': key },
  });
}

async function refusal(auth: Auth, key: string | null): Promise<SluiceError> {
  try {
    await identify(auth, key);
  } catch (error) {
    if (isSluiceError(error)) return error;
    throw error;
  }
  return expect.unreachable('the key was accepted');
}
