/** What a broken connection means: errors of the transport, as the drivers report them, become failures. */

import { isSluiceError } from '../errors.ts';
import { type Failure, failure, Trouble } from '../failure.ts';
import type { TimeLimit } from '../plan/time-limit.ts';
import type { Phase } from './patience.ts';

const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ConnectionRefused',
]);
const brokenHttp =
  /^(?:HPE_|SLUICE_PROTOCOL|UND_ERR_(?:HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH|RES_EXCEEDED_MAX_SIZE|RESPONSE))/;
const certificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

/** @param hasHead - whether the answer had begun; then it was cut, before that the host is to blame */
export function transportFailure(error: Error, hasHead: boolean): Failure {
  if (error instanceof Trouble) return error.failure;
  const { code: rawCode, name } = error as { code?: unknown; name: string };
  const code = typeof rawCode === 'string' ? rawCode : '';
  if (certificate.test(code)) {
    return failure('tls', 'upstream_tls', `The provider's certificate is not valid (${code}).`, {
      scope: 'host',
      again: 'never',
      isProofOfNothing: true,
    });
  }
  if (neverConnected.has(code)) {
    const isLate = code === 'UND_ERR_CONNECT_TIMEOUT';
    const message = `No connection to the provider (${code}).`;
    return failure('unreachable', isLate ? 'upstream_timeout' : 'upstream_unreachable', message, {
      scope: 'host',
      isProofOfNothing: true,
    });
  }
  if (brokenHttp.test(code) || name === 'HTTPParserError') {
    return failure('no_http', 'upstream_protocol', `The provider's answer is no proper HTTP (${code || name}).`, {
      // What has grown too large is no accident: it would come again.
      again: code === 'UND_ERR_HEADERS_OVERFLOW' ? 'never' : 'same-key',
    });
  }
  if (hasHead) return truncated(`the connection broke (${code || name})`);
  if (code === 'SLUICE_STALE') {
    return failure(
      'stale',
      'upstream_unreachable',
      'The provider closed a kept connection as a request went out on it.',
      {
        scope: 'gateway',
        again: 'fresh-connection',
      },
    );
  }
  return failure(
    'reset',
    'upstream_unreachable',
    `The connection to the provider broke before its answer (${code || name}).`,
    {
      scope: 'host',
    },
  );
}

/** An answer that stopped too early. */
export function truncated(how: string): Failure {
  return failure('truncated', 'upstream_truncated', `The provider's answer stopped before its end: ${how}.`);
}

/** An answer with nothing in it; one more try tells whether that was an accident. */
export function emptyAnswer(): Failure {
  return failure('empty', 'empty_response', 'The provider answered with success and nothing in it.', { mostTries: 2 });
}

/** A bug of our own: it concerns no key and no host, and the call may have run. */
export const unforeseen: Failure = failure('unexpected', 'upstream_protocol', 'The gateway met an error of its own.', {
  scope: 'gateway',
  again: 'never',
  mayHaveRun: true,
});

/** The request was ended from our side of the wire: by the client hanging up, or by the gateway itself. */
export function endedBy(reason: unknown): Failure {
  if (isSluiceError(reason)) {
    const { code, message, retryAfterMs } = reason;
    return failure(code, code, message, {
      scope: 'gateway',
      again: 'never',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  return failure('client_gone', 'request_timeout', 'The client hung up.', { scope: 'client', again: 'never' });
}

/** The same before anything was sent: then nothing was used. */
export function endedBefore(reason: unknown): Failure {
  return { ...endedBy(reason), isProofOfNothing: true };
}

/** The answer came by HTTP and is none: an impossible status, stacked encodings. */
export function noHttp(what: string): Failure {
  return failure('no_http', 'upstream_protocol', `The provider's answer is no proper HTTP: it has ${what}.`);
}

/** A success that is neither JSON nor an event stream: somebody's page, most likely. */
export function unreadable(): Failure {
  return failure('no_json', 'upstream_protocol', "The provider's answer is neither JSON nor an event stream.");
}

export function redirected(status: number): Failure {
  const message = `The provider answered with a redirect (${status}); redirects are never followed.`;
  return failure('redirect', 'upstream_redirect', message, { again: 'never' });
}

/** Our own bound was met; nobody else is to blame. */
export function tooLarge(what: string): Failure {
  const message = `The provider's answer cannot be held: ${what}.`;
  return failure('too_large', 'upstream_protocol', message, { scope: 'gateway', again: 'never', mayHaveRun: true });
}

/** All requests together hold as much as they may, and this one is among the large ones. */
export function noRoom(): Failure {
  const message = 'The gateway holds as many bytes as server.maxBufferedBytes allows, and the answer is large.';
  return failure('overloaded', 'overloaded', message, {
    scope: 'gateway',
    again: 'never',
    mayHaveRun: true,
    retryAfterMs: 1_000,
  });
}

/**
 * @param model - null when it is the provider as a whole that is left alone
 * @param isIsolated - by an operator, whose reasons are not the client's business
 */
export function circuitOpen(model: string | null, retryAfterMs: number, isIsolated = false): Failure {
  const who = model === null ? 'The provider' : `The model ${JSON.stringify(model)}`;
  const message = isIsolated
    ? `${who} has been taken out of use by an operator.`
    : `${who} has failed too often; it is tried again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  return failure('circuit_open', 'circuit_open', message, {
    scope: 'gateway',
    again: 'never',
    isProofOfNothing: true,
    retryAfterMs,
  });
}

/** A silence that was too long. The call may have run to its end all the same, and been billed. */
export function silence(phase: Phase, afterMs: number): Failure {
  const seconds = (afterMs / 1000).toFixed(1);
  switch (phase) {
    case 'slow-reader':
      return failure(
        'slow_reader',
        'request_timeout',
        'The client read nothing for longer than timeouts.slowReaderMs.',
        {
          scope: 'client',
          again: 'never',
          mayHaveRun: true,
        },
      );
    case 'client-body':
      return failure('slow_client', 'request_timeout', 'The client sent nothing for longer than server.bodyInMs.', {
        scope: 'request',
        again: 'never',
      });
    default:
      return failure(
        'timeout',
        'upstream_timeout',
        `The provider was silent for too long (${phase}, after ${seconds} s).`,
        {
          mayHaveRun: true,
        },
      );
  }
}

/** The request as a whole has had its time: what was under way may have run to its end all the same. */
export function outOfTime({ by, saidMs }: TimeLimit): Failure {
  const message = `The request took longer than ${by} allows (${saidMs / 1000} s).`;
  return failure('deadline', 'deadline_exceeded', message, { scope: 'gateway', again: 'never', mayHaveRun: true });
}

/** So little is left that another call would only cost. */
export function tooLate({ by, saidMs }: TimeLimit, leftMs: number): Failure {
  const left = Math.max(0, Math.floor(leftMs));
  const message = `Of the ${saidMs / 1000} s that ${by} allows the request, ${left} ms are left: too few for a call to the provider.`;
  return failure('deadline', 'deadline_exceeded', message, {
    scope: 'gateway',
    again: 'never',
    isProofOfNothing: true,
  });
}
