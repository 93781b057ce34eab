/** The one error class, its closed list of codes, and what each is to an HTTP client. */

/** Every code that Sluice can answer with or throw. */
export type ErrorCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'resource_key_unavailable'
  | 'payload_too_large'
  | 'uri_too_long'
  | 'unsupported_media_type'
  | 'expectation_failed'
  | 'misdirected_request'
  | 'upgrade_required'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'headers_too_large'
  | 'upstream_unreachable'
  | 'upstream_tls'
  | 'upstream_protocol'
  | 'upstream_redirect'
  | 'upstream_truncated'
  | 'empty_response'
  | 'no_usable_key'
  | 'circuit_open'
  | 'overloaded'
  | 'draining'
  | 'storage_unavailable'
  | 'callers_unavailable'
  | 'upstream_timeout'
  | 'deadline_exceeded'
  | 'not_cached'
  | 'invalid_options';

/** What a code is to a client's code: the HTTP status, and the gRPC status that Google's clients know. */
export interface ErrorStatus {
  readonly status: number;
  readonly rpc: string;
}

/** One row a code; what each means to people stands in `error-table.ts`. */
export const errorStatuses: Readonly<Record<ErrorCode, ErrorStatus>> = {
  invalid_request: { status: 400, rpc: 'INVALID_ARGUMENT' },
  unauthorized: { status: 401, rpc: 'UNAUTHENTICATED' },
  forbidden: { status: 403, rpc: 'PERMISSION_DENIED' },
  not_found: { status: 404, rpc: 'NOT_FOUND' },
  method_not_allowed: { status: 405, rpc: 'UNIMPLEMENTED' },
  request_timeout: { status: 408, rpc: 'DEADLINE_EXCEEDED' },
  resource_key_unavailable: { status: 409, rpc: 'ABORTED' },
  payload_too_large: { status: 413, rpc: 'INVALID_ARGUMENT' },
  uri_too_long: { status: 414, rpc: 'INVALID_ARGUMENT' },
  unsupported_media_type: { status: 415, rpc: 'INVALID_ARGUMENT' },
  expectation_failed: { status: 417, rpc: 'INVALID_ARGUMENT' },
  misdirected_request: { status: 421, rpc: 'INVALID_ARGUMENT' },
  upgrade_required: { status: 426, rpc: 'FAILED_PRECONDITION' },
  rate_limited: { status: 429, rpc: 'RESOURCE_EXHAUSTED' },
  quota_exhausted: { status: 429, rpc: 'RESOURCE_EXHAUSTED' },
  headers_too_large: { status: 431, rpc: 'INVALID_ARGUMENT' },
  upstream_unreachable: { status: 502, rpc: 'UNAVAILABLE' },
  upstream_tls: { status: 502, rpc: 'UNAVAILABLE' },
  upstream_protocol: { status: 502, rpc: 'UNAVAILABLE' },
  upstream_redirect: { status: 502, rpc: 'UNAVAILABLE' },
  upstream_truncated: { status: 502, rpc: 'UNAVAILABLE' },
  empty_response: { status: 502, rpc: 'UNAVAILABLE' },
  no_usable_key: { status: 503, rpc: 'UNAVAILABLE' },
  circuit_open: { status: 503, rpc: 'UNAVAILABLE' },
  overloaded: { status: 503, rpc: 'UNAVAILABLE' },
  draining: { status: 503, rpc: 'UNAVAILABLE' },
  storage_unavailable: { status: 503, rpc: 'UNAVAILABLE' },
  callers_unavailable: { status: 503, rpc: 'UNAVAILABLE' },
  upstream_timeout: { status: 504, rpc: 'DEADLINE_EXCEEDED' },
  deadline_exceeded: { status: 504, rpc: 'DEADLINE_EXCEEDED' },
  not_cached: { status: 504, rpc: 'DEADLINE_EXCEEDED' },
  invalid_options: { status: 500, rpc: 'INVALID_ARGUMENT' },
};

const brand = Symbol.for('sluice.error');

/** Small facts beside the message. None of them is ever a key, a prompt or an answer. */
export interface ErrorDetails {
  /** How long to wait before the next try, in ms; goes out as `retry-after`. */
  readonly retryAfterMs?: number | undefined;
  /** Methods that the route knows; goes out as `allow`. */
  readonly allow?: string | undefined;
  /** Each thing that is wrong, where there are several. */
  readonly faults?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/**
 * What went wrong, for a client or for whoever embeds the gateway.
 *
 * The message says what happened, with values, and what would help; it never holds a key, a prompt or an answer.
 *
 * @example
 * try {
 *   createGateway({ keys: 'k', callers: 'anyone', retry: { maxAttempts: -1 } });
 * } catch (error) {
 *   if (isSluiceError(error, 'invalid_options')) console.error(error.message);
 * }
 */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly allow: string | undefined;
  /** With `invalid_options`: one sentence for each fault. */
  readonly faults: readonly string[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = errorStatuses[code].status;
    this.retryAfterMs = details.retryAfterMs;
    this.allow = details.allow;
    this.faults = details.faults ?? [];
    Object.defineProperty(this, brand, { value: true });
  }

  /** Safe to log: no cause, no stack. */
  toJSON(): { code: ErrorCode; status: number; message: string; retryAfterMs?: number } {
    const { code, status, message, retryAfterMs } = this;
    return { code, status, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}

/** gRPC's name for a status of somebody else's error: of those of our own with that status, the first. */
export function rpcOf(status: number, fallback: ErrorCode): string {
  return (Object.values(errorStatuses).find((own) => own.status === status) ?? errorStatuses[fallback]).rpc;
}

/**
 * Tells a {@link SluiceError} from any other value, also one made by another copy of this package.
 *
 * @param code - when given, only an error with this code counts
 */
export function isSluiceError(value: unknown, code?: ErrorCode): value is SluiceError {
  const isOurs = typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  return isOurs && (code === undefined || (value as SluiceError).code === code);
}
