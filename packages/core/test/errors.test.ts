import { describe, expect, test } from 'vitest';
import { errorTable } from '../src/error-table.ts';
import { type ErrorCode, isSluiceError, SluiceError } from '../src/errors.ts';

/** Design §5, written out. */
const statuses: Readonly<Record<string, number>> = {
  ...{
    unauthorized: 401,
    forbidden: 403,
    not_found: 404,
    method_not_allowed: 405,
    invalid_request: 400,
    request_timeout: 408,
  },
  ...{
    uri_too_long: 414,
    expectation_failed: 417,
    misdirected_request: 421,
    upgrade_required: 426,
    headers_too_large: 431,
    payload_too_large: 413,
    unsupported_media_type: 415,
  },
  ...{ rate_limited: 429, quota_exhausted: 429, no_usable_key: 503, resource_key_unavailable: 409, circuit_open: 503 },
  ...{ overloaded: 503, draining: 503, upstream_unreachable: 502, upstream_tls: 502, upstream_protocol: 502 },
  ...{
    upstream_redirect: 502,
    upstream_truncated: 502,
    empty_response: 502,
    upstream_timeout: 504,
    deadline_exceeded: 504,
    not_cached: 504,
  },
  ...{ storage_unavailable: 503, callers_unavailable: 503, invalid_options: 500 },
};

test('every code of the design has its status, and there is no other', () => {
  const known = Object.fromEntries(Object.entries(errorTable).map(([code, { status }]) => [code, status]));
  expect(known).toEqual(statuses);
});

test.each(Object.keys(errorTable) as ErrorCode[])('%s says when it happens and what would help', (code) => {
  const { when, help, rpc } = errorTable[code];
  expect(when).toMatch(/\.$/);
  expect(help).toMatch(/\.$/);
  expect(rpc).toMatch(/^[A-Z_]+$/);
});

describe('an error', () => {
  const error = new SluiceError('overloaded', 'full', { retryAfterMs: 1_500, cause: new Error('canary') });

  test('carries code, status and facts', () => {
    expect(error).toMatchObject({
      name: 'SluiceError',
      code: 'overloaded',
      status: 503,
      message: 'full',
      retryAfterMs: 1_500,
    });
    expect((error.cause as Error).message).toBe('canary');
  });

  test('is safe to log', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'overloaded',
      status: 503,
      message: 'full',
      retryAfterMs: 1_500,
    });
    expect(JSON.parse(JSON.stringify(new SluiceError('not_found', 'x')))).toEqual({
      code: 'not_found',
      status: 404,
      message: 'x',
    });
  });

  test('is known, with its code or any, also when another copy of the package made it', () => {
    const foreign = Object.defineProperty(new Error('x'), Symbol.for('sluice.error'), { value: true });
    expect([isSluiceError(error), isSluiceError(error, 'overloaded'), isSluiceError(error, 'draining')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isSluiceError(foreign)).toBe(true);
  });

  test.each([null, undefined, 5, 'overloaded', {}, new Error('x'), { code: 'overloaded' }])('%o is none', (value) => {
    expect(isSluiceError(value)).toBe(false);
  });
});
