/** What each code of an error means to people. An app that never reads it does not carry it. */

import { type ErrorCode, type ErrorStatus, errorStatuses } from './errors.ts';

/** What a code means: the HTTP status, the gRPC status that Google's clients know, when it happens, what would help. */
export interface ErrorMeaning {
  readonly status: number;
  readonly rpc: string;
  readonly when: string;
  readonly help: string;
}

const words: Readonly<Record<ErrorCode, Omit<ErrorMeaning, keyof ErrorStatus>>> = {
  invalid_request: {
    when: 'The request cannot be understood, or carries two different credentials.',
    help: 'Mend what the message names; nothing was sent to the provider.',
  },
  unauthorized: {
    when: 'The request has no credential of a known caller.',
    help: 'Send a caller key as `x-goog-api-key`, `Authorization: Bearer` or `?key=`.',
  },
  forbidden: {
    when: 'The caller is known but may not do this.',
    help: 'Use another caller key, or ask who runs the gateway.',
  },
  not_found: {
    when: 'No such route, or a thing that does not exist or is not the caller’s own.',
    help: 'Gemini paths look like `/v1beta/models/{model}:generateContent`.',
  },
  method_not_allowed: {
    when: 'The route exists, but not for this method.',
    help: 'The header `allow` lists the methods.',
  },
  request_timeout: {
    when: 'The headers or the body of the request came too slowly.',
    help: 'Send again; raise `server.headersInMs` or `server.bodyInMs` for slow links.',
  },
  resource_key_unavailable: {
    when: 'The project that holds a resource cannot serve now, and no other can.',
    help: 'Wait for the project to come back, or create the resource again.',
  },
  payload_too_large: {
    when: 'The body has more bytes than `server.maxBodyBytes`, or the upload more than `limits.maxUploadBytes`.',
    help: 'Upload large media by the Files API, or raise the limit.',
  },
  uri_too_long: {
    when: 'The request target is longer than the server reads.',
    help: 'Move parameters into the body.',
  },
  unsupported_media_type: {
    when: 'A JSON call came with another content type, or with a content encoding other than gzip.',
    help: 'Send `content-type: application/json` in UTF-8, plain or gzip.',
  },
  expectation_failed: {
    when: 'The header `expect` asks for something other than `100-continue`.',
    help: 'Leave the header out.',
  },
  misdirected_request: {
    when: 'A listener of `listenLocally` was asked under another host than 127.0.0.1, localhost or [::1] and its port.',
    help: 'Use the `url` that `listenLocally` returned.',
  },
  upgrade_required: {
    when: 'The Live API was asked for without WebSocket, or in another version of it than 13.',
    help: 'Connect to it by `ws://` or `wss://`.',
  },
  rate_limited: {
    when: 'The caller is over its own limit.',
    help: 'Wait as long as `retry-after` says.',
  },
  quota_exhausted: {
    when: 'Every project that could serve the model is cooling.',
    help: 'Wait as long as `retry-after` says, or add keys of other projects.',
  },
  headers_too_large: {
    when: 'The request headers are larger than the server reads.',
    help: 'Send fewer or shorter headers.',
  },
  upstream_unreachable: {
    when: 'No connection to the provider, or it broke before the answer.',
    help: 'Check the network and the base URL of the pool.',
  },
  upstream_tls: {
    when: 'The certificate of the provider is not valid. Nothing was sent.',
    help: 'Check the base URL, the clock and the trusted certificates of this machine.',
  },
  upstream_protocol: {
    when: 'The provider sent something that is no proper answer.',
    help: 'Send again; if it stays, something between here and the provider rewrites answers.',
  },
  upstream_redirect: {
    when: 'The provider answered with a redirect. Redirects are never followed.',
    help: 'Check the base URL of the pool.',
  },
  upstream_truncated: {
    when: 'The answer stopped before its end.',
    help: 'Send again. What arrived is not the whole answer.',
  },
  empty_response: {
    when: 'The provider answered with success and nothing in it, more than once.',
    help: 'Send again, or change the prompt.',
  },
  no_usable_key: {
    when: 'No key of the pool can be used: the provider refuses it, or an operator has put it away.',
    help: 'Look at `gateway.snapshot()` or the log for the reason of each key, and replace them.',
  },
  circuit_open: {
    when: 'The model failed so often that it is left alone for a moment.',
    help: 'Wait as long as `retry-after` says, or use another model.',
  },
  overloaded: {
    when: 'The gateway holds as much as it may: waiting requests or buffered bytes.',
    help: 'Wait as long as `retry-after` says.',
  },
  draining: {
    when: 'The gateway is shutting down.',
    help: 'Send again; another instance will answer.',
  },
  storage_unavailable: {
    when: 'The store is needed for this and does not answer.',
    help: 'Check the store; requests that do not need it go on.',
  },
  callers_unavailable: {
    when: 'Who asks cannot be told: the host’s `callers` function failed, took too long or named no caller. Nobody is let in.',
    help: 'Look at `message` of the `request` event for what the function did; raise `timeouts.callersMs` for slow lookups.',
  },
  upstream_timeout: {
    when: 'The provider was silent for too long.',
    help: 'Raise the section `timeouts` for slow models, or send a smaller prompt.',
  },
  deadline_exceeded: {
    when: 'The request as a whole took longer than it may.',
    help: 'Raise the limit that the message names: `timeouts.totalMs`, or the time that the client itself allows.',
  },
  not_cached: {
    when: 'The request says `cache-control: only-if-cached`, and there is no such answer.',
    help: 'Send it without `only-if-cached`.',
  },
  invalid_options: {
    when: 'Thrown by `createGateway`: an option is wrong or missing. All faults are named at once.',
    help: 'Mend the options that the message lists.',
  },
};

/** The meaning of every code; `docs/errors.md` is generated from it. */
export const errorTable: Readonly<Record<ErrorCode, ErrorMeaning>> = /* @__PURE__ */ joined();

function joined(): Record<ErrorCode, ErrorMeaning> {
  const codes = Object.keys(words) as ErrorCode[];
  const rows = codes.map((code) => [code, { ...errorStatuses[code], ...words[code] }]);
  return Object.fromEntries(rows) as Record<ErrorCode, ErrorMeaning>;
}
