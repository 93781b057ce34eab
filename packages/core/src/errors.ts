/** The one error class, its closed list of codes, and what each means to an HTTP client. */

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

/** What a code means: the HTTP status, the gRPC status that Google's clients know, when it happens, what would help. */
export interface ErrorMeaning {
  readonly status: number;
  readonly rpc: string;
  readonly when: string;
  readonly help: string;
}

/** The meaning of every code; `docs/errors.md` is generated from it. */
export const errorTable: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  invalid_request: {
    status: 400,
    rpc: 'INVALID_ARGUMENT',
    when: 'The request cannot be understood, or carries two different credentials.',
    help: 'Mend what the message names; nothing was sent to the provider.',
  },
  unauthorized: {
    status: 401,
    rpc: 'UNAUTHENTICATED',
    when: 'The request has no credential of a known caller.',
    help: 'Send a caller key as `x-goog-api-key`, `Authorization: Bearer` or `?key=`.',
  },
  forbidden: {
    status: 403,
    rpc: 'PERMISSION_DENIED',
    when: 'The caller is known but may not do this.',
    help: 'Use another caller key, or ask who runs the gateway.',
  },
  not_found: {
    status: 404,
    rpc: 'NOT_FOUND',
    when: 'No such route, or a thing that does not exist or is not the caller’s own.',
    help: 'Gemini paths look like `/v1beta/models/{model}:generateContent`.',
  },
  method_not_allowed: {
    status: 405,
    rpc: 'UNIMPLEMENTED',
    when: 'The route exists, but not for this method.',
    help: 'The header `allow` lists the methods.',
  },
  request_timeout: {
    status: 408,
    rpc: 'DEADLINE_EXCEEDED',
    when: 'The headers or the body of the request came too slowly.',
    help: 'Send again; raise `server.headersInMs` or `server.bodyInMs` for slow links.',
  },
  resource_key_unavailable: {
    status: 409,
    rpc: 'ABORTED',
    when: 'The project that holds a resource cannot serve now, and no other can.',
    help: 'Wait for the project to come back, or create the resource again.',
  },
  payload_too_large: {
    status: 413,
    rpc: 'INVALID_ARGUMENT',
    when: 'The body has more bytes than `server.maxBodyBytes`.',
    help: 'Upload large media by the Files API, or raise the limit.',
  },
  uri_too_long: {
    status: 414,
    rpc: 'INVALID_ARGUMENT',
    when: 'The request target is longer than the server reads.',
    help: 'Move parameters into the body.',
  },
  unsupported_media_type: {
    status: 415,
    rpc: 'INVALID_ARGUMENT',
    when: 'A JSON call came with another content type, or with a content encoding other than gzip.',
    help: 'Send `content-type: application/json` in UTF-8, plain or gzip.',
  },
  expectation_failed: {
    status: 417,
    rpc: 'INVALID_ARGUMENT',
    when: 'The header `expect` asks for something other than `100-continue`.',
    help: 'Leave the header out.',
  },
  misdirected_request: {
    status: 421,
    rpc: 'INVALID_ARGUMENT',
    when: 'A listener of `listenLocally` was asked under another host than 127.0.0.1, localhost or [::1] and its port.',
    help: 'Use the `url` that `listenLocally` returned.',
  },
  upgrade_required: {
    status: 426,
    rpc: 'FAILED_PRECONDITION',
    when: 'The Live API was asked for without WebSocket, or in another version of it than 13.',
    help: 'Connect to it by `ws://` or `wss://`.',
  },
  rate_limited: {
    status: 429,
    rpc: 'RESOURCE_EXHAUSTED',
    when: 'The caller is over its own limit.',
    help: 'Wait as long as `retry-after` says.',
  },
  quota_exhausted: {
    status: 429,
    rpc: 'RESOURCE_EXHAUSTED',
    when: 'Every project that could serve the model is cooling.',
    help: 'Wait as long as `retry-after` says, or add keys of other projects.',
  },
  headers_too_large: {
    status: 431,
    rpc: 'INVALID_ARGUMENT',
    when: 'The request headers are larger than the server reads.',
    help: 'Send fewer or shorter headers.',
  },
  upstream_unreachable: {
    status: 502,
    rpc: 'UNAVAILABLE',
    when: 'No connection to the provider, or it broke before the answer.',
    help: 'Check the network and the base URL of the pool.',
  },
  upstream_tls: {
    status: 502,
    rpc: 'UNAVAILABLE',
    when: 'The certificate of the provider is not valid. Nothing was sent.',
    help: 'Check the base URL, the clock and the trusted certificates of this machine.',
  },
  upstream_protocol: {
    status: 502,
    rpc: 'UNAVAILABLE',
    when: 'The provider sent something that is no proper answer.',
    help: 'Send again; if it stays, something between here and the provider rewrites answers.',
  },
  upstream_redirect: {
    status: 502,
    rpc: 'UNAVAILABLE',
    when: 'The provider answered with a redirect. Redirects are never followed.',
    help: 'Check the base URL of the pool.',
  },
  upstream_truncated: {
    status: 502,
    rpc: 'UNAVAILABLE',
    when: 'The answer stopped before its end.',
    help: 'Send again. What arrived is not the whole answer.',
  },
  empty_response: {
    status: 502,
    rpc: 'UNAVAILABLE',
    when: 'The provider answered with success and nothing in it, more than once.',
    help: 'Send again, or change the prompt.',
  },
  no_usable_key: {
    status: 503,
    rpc: 'UNAVAILABLE',
    when: 'No key of the pool can be used: the provider refuses it, or an operator has put it away.',
    help: 'Look at `gateway.snapshot()` or the log for the reason of each key, and replace them.',
  },
  circuit_open: {
    status: 503,
    rpc: 'UNAVAILABLE',
    when: 'The model failed so often that it is left alone for a moment.',
    help: 'Wait as long as `retry-after` says, or use another model.',
  },
  overloaded: {
    status: 503,
    rpc: 'UNAVAILABLE',
    when: 'The gateway holds as much as it may: waiting requests or buffered bytes.',
    help: 'Wait as long as `retry-after` says.',
  },
  draining: {
    status: 503,
    rpc: 'UNAVAILABLE',
    when: 'The gateway is shutting down.',
    help: 'Send again; another instance will answer.',
  },
  storage_unavailable: {
    status: 503,
    rpc: 'UNAVAILABLE',
    when: 'The store is needed for this and does not answer.',
    help: 'Check the store; requests that do not need it go on.',
  },
  callers_unavailable: {
    status: 503,
    rpc: 'UNAVAILABLE',
    when: 'Who asks cannot be told: the host’s `callers` function failed, took too long or named no caller. Nobody is let in.',
    help: 'Look at `message` of the `request` event for what the function did; raise `timeouts.callersMs` for slow lookups.',
  },
  upstream_timeout: {
    status: 504,
    rpc: 'DEADLINE_EXCEEDED',
    when: 'The provider was silent for too long.',
    help: 'Raise the section `timeouts` for slow models, or send a smaller prompt.',
  },
  deadline_exceeded: {
    status: 504,
    rpc: 'DEADLINE_EXCEEDED',
    when: 'The request as a whole took longer than it may.',
    help: 'Raise the limit that the message names: `timeouts.totalMs`, or the time that the client itself allows.',
  },
  not_cached: {
    status: 504,
    rpc: 'DEADLINE_EXCEEDED',
    when: 'The request says `cache-control: only-if-cached`, and there is no such answer.',
    help: 'Send it without `only-if-cached`.',
  },
  invalid_options: {
    status: 500,
    rpc: 'INVALID_ARGUMENT',
    when: 'Thrown by `createGateway`: an option is wrong or missing. All faults are named at once.',
    help: 'Mend the options that the message lists.',
  },
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
    this.status = errorTable[code].status;
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
  return (Object.values(errorTable).find((own) => own.status === status) ?? errorTable[fallback]).rpc;
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
