import { describe, expect, test } from 'vitest';
import {
  circuitOpen,
  emptyAnswer,
  endedBy,
  noHttp,
  outOfTime,
  redirected,
  silence,
  tooLarge,
  tooLate,
  transportFailure,
  truncated,
  unreadable,
} from '../../src/attempt/trouble.ts';
import { SluiceError } from '../../src/errors.ts';
import { failure, Trouble } from '../../src/failure.ts';
import { ownLimit } from '../../src/plan/time-limit.ts';

describe('a broken connection says whom to blame', () => {
  test.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EADDRNOTAVAIL',
    'ConnectionRefused',
  ])('%s: the host, and nothing was sent', (code) => {
    expect(transportFailure(coded(code), false)).toMatchObject({
      kind: 'unreachable',
      code: 'upstream_unreachable',
      scope: 'host',
      again: 'same-key',
      isProofOfNothing: true,
      mayHaveRun: false,
    });
  });

  test('a connection that takes too long is a time-out in which nothing has run', () => {
    expect(transportFailure(coded('UND_ERR_CONNECT_TIMEOUT'), false)).toMatchObject({
      code: 'upstream_timeout',
      scope: 'host',
      isProofOfNothing: true,
      mayHaveRun: false,
    });
  });

  test.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ])('%s: a certificate does not get better by asking again', (code) => {
    expect(transportFailure(coded(code), false)).toMatchObject({
      code: 'upstream_tls',
      scope: 'host',
      again: 'never',
      isProofOfNothing: true,
    });
  });

  test.each([
    'HPE_INVALID_CONSTANT',
    'HPE_HEADER_OVERFLOW',
    'UND_ERR_HEADERS_OVERFLOW',
    'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  ])('%s: no proper HTTP', (code) => {
    expect(transportFailure(coded(code), false)).toMatchObject({
      kind: 'no_http',
      code: 'upstream_protocol',
      scope: 'model',
    });
  });

  test('a head that is too large would come again', () => {
    expect(transportFailure(coded('UND_ERR_HEADERS_OVERFLOW'), false).again).toBe('never');
    expect(transportFailure(coded('HPE_INVALID_CONSTANT'), false).again).toBe('same-key');
  });

  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', ''])(
    '%s before the answer: the host, and it may have read the call',
    (code) => {
      expect(transportFailure(coded(code), false)).toMatchObject({
        kind: 'reset',
        code: 'upstream_unreachable',
        scope: 'host',
        isProofOfNothing: false,
      });
    },
  );

  test.each(['ECONNRESET', 'UND_ERR_SOCKET', ''])('%s in the middle of the answer: the model', (code) => {
    expect(transportFailure(coded(code), true)).toMatchObject({
      kind: 'truncated',
      code: 'upstream_truncated',
      scope: 'model',
    });
  });

  test('a code that is no text is no code', () => {
    expect(transportFailure(Object.assign(new Error('x'), { code: 20 }), false).kind).toBe('reset');
  });

  test('what knows its failure keeps it', () => {
    const known = failure('own', 'overloaded', 'own');
    expect(transportFailure(new Trouble(known), true)).toBe(known);
  });

  test('the text of a foreign error, which may hold anything, is not repeated', () => {
    for (const hasHead of [true, false]) {
      const { message } = transportFailure(Object.assign(new Error('canary'), { code: 'ECONNRESET' }), hasHead);
      expect(message).not.toContain('canary');
      expect(message).toContain('ECONNRESET');
    }
  });
});

describe('an end from our side', () => {
  test('by the client leaving concerns nobody', () => {
    expect(endedBy(new Error('aborted'))).toMatchObject({ kind: 'client_gone', scope: 'client', again: 'never' });
    expect(endedBy(undefined)).toMatchObject({ kind: 'client_gone', scope: 'client', again: 'never' });
  });

  test("by the gateway is the gateway's, with its own words", () => {
    const draining = new SluiceError('draining', 'shutting down', { retryAfterMs: 1_000 });
    expect(endedBy(draining)).toMatchObject({
      kind: 'draining',
      code: 'draining',
      scope: 'gateway',
      again: 'never',
      message: 'shutting down',
      retryAfterMs: 1_000,
    });
  });
});

describe('a silence', () => {
  test.each(['headers', 'first-event', 'idle', 'after-terminal'] as const)(
    'in the phase %s is the model’s, and the call may have run',
    (phase) => {
      expect(silence(phase, 61_250)).toMatchObject({
        code: 'upstream_timeout',
        scope: 'model',
        mayHaveRun: true,
        message: expect.stringContaining('61.3 s'),
      });
    },
  );

  test('of the reader is the client’s', () => {
    expect(silence('slow-reader', 1)).toMatchObject({ scope: 'client', again: 'never', code: 'request_timeout' });
  });

  test('of a request that had its time poisons no breaker', () => {
    expect(outOfTime(ownLimit(90_000))).toMatchObject({
      scope: 'gateway',
      again: 'never',
      code: 'deadline_exceeded',
      mayHaveRun: true,
      message: 'The request took longer than timeouts.totalMs allows (90 s).',
    });
  });

  test('of a request that has too little left is proof that nothing was sent', () => {
    expect(tooLate({ ms: 1_950, by: 'x-server-timeout', saidMs: 2_000 }, 120.7)).toMatchObject({
      scope: 'gateway',
      again: 'never',
      code: 'deadline_exceeded',
      isProofOfNothing: true,
      message: expect.stringMatching(/^Of the 2 s that x-server-timeout allows the request, 120 ms are left/),
    });
  });
});

test.each([
  [truncated('why'), { code: 'upstream_truncated', scope: 'model', again: 'same-key' }],
  [emptyAnswer(), { code: 'empty_response', scope: 'model', again: 'same-key', mostTries: 2 }],
  [noHttp('what'), { code: 'upstream_protocol', scope: 'model', again: 'same-key' }],
  [unreadable(), { code: 'upstream_protocol', scope: 'model', again: 'same-key' }],
  [redirected(302), { code: 'upstream_redirect', again: 'never' }],
  [tooLarge('what'), { code: 'upstream_protocol', scope: 'gateway', again: 'never' }],
  [circuitOpen('flash', 1_500, true), { message: 'The model "flash" has been taken out of use by an operator.' }],
  [circuitOpen('h/m', 1_500), { code: 'circuit_open', scope: 'gateway', again: 'never', retryAfterMs: 1_500 }],
])('$kind has its scope', (failed, expected) => {
  expect(failed).toMatchObject(expected);
  expect(failed.message).toMatch(/\.$/);
});

function coded(code: string): Error {
  return code === '' ? new Error('broken') : Object.assign(new Error('broken'), { code });
}
