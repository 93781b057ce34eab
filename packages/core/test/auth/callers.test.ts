import { describe, expect, test } from 'vitest';
import type { Auth, Caller } from '../../src/auth/auth.ts';
import { anyCaller, listedCallers } from '../../src/auth/callers.ts';
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
