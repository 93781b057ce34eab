/** The judge of the second table: what it lets pass, and what it does not. */

import type { RecordedRequest } from '@sluice/simulator';
import { expect, test } from 'vitest';
import { projects } from '../src/capabilities/ends.ts';
import { everybody } from '../src/capabilities/everybody.ts';
import { judgementOf, pastTheGateway } from '../src/capabilities/judgement.ts';
import { withNumberedNames } from '../src/capabilities/minted.ts';
import type { Trial } from '../src/capabilities/trial.ts';
import type { CapableClient } from '../src/capabilities/use.ts';
import type { Outcome } from '../src/outcome.ts';

const [someone] = everybody;
if (someone === undefined) throw new Error('There is nobody');
const poolKey = projects[0]?.keys[0] ?? '';

function trial(
  direct: Outcome,
  through: Outcome,
  { key = poolKey, name = 'files' }: { key?: string | null; name?: Trial['name'] } = {},
): Trial {
  const asked = [{ method: 'GET', target: '/v1beta/files', key } as RecordedRequest];
  return {
    client: someone as CapableClient,
    name,
    outcomes: { direct, through },
    asked: { direct: asked, through: asked },
  };
}

const given = (...values: unknown[]): Outcome => ({ values, error: null });
const refused = (message: string): unknown => ({ refused: { status: 403, message } });
const failed = (message: string, status = 404): Outcome => ({
  values: [],
  error: { class: 'ApiError', status, message },
});
const google = refused('You do not have permission to access the File x or it may not exist.');
const gateway = refused('There is no files/x here, or it is not yours.');
const list = (files: unknown[], headers: object) => ({ files, sdkHttpResponse: { headers } });

test('the same is the same, and one other word has no reason', () => {
  expect(judgementOf(trial(given('a'), given('a')))).toEqual({ kind: 'same', text: 'same', reasons: [] });
  expect(judgementOf(trial(given('a'), given('b'))).kind).toBe('unexplained');
  expect(judgementOf(trial(given('a'), given('a', 'b'))).kind).toBe('unexplained');
});

test('an error on one side only has no reason, and neither have two that differ', () => {
  expect(judgementOf(trial(given('a'), failed('no'))).kind).toBe('unexplained');
  expect(judgementOf(trial(failed('was not found on this server'), given('a'))).kind).toBe('unexplained');
  expect(judgementOf(trial(failed('was not found on this server'), failed('no', 500))).kind).toBe('unexplained');
  expect(judgementOf(trial(failed('something else'), failed('something else'))).kind).toBe('unexplained');
  expect(judgementOf(trial(failed('was not found on this server'), failed('no'))).kind).toBe('impossible');
});

test('what fails through the gateway alone is said so, where the reason is known', () => {
  expect(judgementOf(trial(given('a'), failed('The video was answered 403'))).kind).toBe('fails');
});

test('what is gone may be told in other words, and nothing beside it may differ', () => {
  expect(judgementOf(trial(given('a', google), given('a', gateway)))).toMatchObject({
    kind: 'differs',
    text: 'differs',
  });
  expect(judgementOf(trial(given('a', google), given('b', gateway))).kind).toBe('unexplained');
  expect(judgementOf(trial(given(google), given(refused('You shall not pass.')))).kind).toBe('unexplained');
});

test('only the reasons that are needed are given', () => {
  const [mine, theirs] = [list(['a'], { server: 'x' }), list(['a'], {})];
  expect(judgementOf(trial(given(google, mine), given(gateway, theirs))).reasons).toHaveLength(2);
  expect(judgementOf(trial(given(google, mine), given(google, theirs))).reasons).toHaveLength(1);
  expect(judgementOf(trial(given(mine), given(list(['b'], {})))).kind).toBe('unexplained');
});

test('what went past the gateway is never the same', () => {
  for (const key of [null, 'caller-key-of-the-clients-0123456789']) {
    const past = trial(given('a'), given('a'), { key });
    expect(pastTheGateway(past)).toEqual(['GET /v1beta/files']);
    expect(judgementOf(past).kind).toBe('unexplained');
  }
  expect(pastTheGateway(trial(given('a'), given('a'), { key: 'auth_tokens/x' }))).toEqual([]);
});

test('a client without a call is not judged by what it did', () => {
  expect(judgementOf({ ...trial(given(), given()), name: 'several' }).kind).toBe('none');
});

test('names are numbered, so that one in the place of another is seen', () => {
  const [a, b] = ['files/aaaaaaaaaaaa', 'files/bbbbbbbbbbbb'];
  expect(withNumberedNames(given(a, b, a))).toEqual(withNumberedNames(given(b, a, b)));
  expect(withNumberedNames(given(a, b, a))).not.toEqual(withNumberedNames(given(a, b, b)));
});
