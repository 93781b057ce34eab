/**
 * Entry `@sluice/core`: an AI gateway inside your server.
 *
 * @module
 */

// Who asks
export type { Caller, CallerLookup, CallerOptions, CallerQuestion } from './auth/auth.ts';
// How a request ends before its time
export { type Cancellable, Cancellation } from './cancellation.ts';
export { type Clock, systemClock } from './clock.ts';
export { googleErrorBody } from './dialect/gemini/dialect.ts';
// What went wrong
export {
  type ErrorCode,
  type ErrorDetails,
  type ErrorMeaning,
  errorTable,
  isSluiceError,
  SluiceError,
} from './errors.ts';

// What happened
export type {
  AttemptEvent,
  BreakerEvent,
  GatewayEvents,
  KeyEvent,
  KeyState,
  RequestEndEvent,
  RequestOutcome,
  RetryEvent,
  TokenUsage,
} from './events.ts';
// Making one
export { createGateway, type DrainOptions, type Gateway } from './gateway.ts';
export type {
  BreakerOptions,
  Configuration,
  DoorOptions,
  GatewayOptions,
  LimitOptions,
  LogOptions,
  PoolOptions,
  ProjectOptions,
  QueueOptions,
  RetryOptions,
  RouteOptions,
  ServerOptions,
  StoreOptions,
  TimeoutOptions,
} from './options.ts';
export { parseKeys } from './settings/short-forms.ts';
export { type DoorSettings, type ResolvedConfiguration, readConfiguration, type ServerSettings } from './settings.ts';
export type { BreakerSnapshot, PoolSnapshot, ProjectSnapshot, Rest, Snapshot } from './snapshot.ts';
// Drivers of your own
export type { Exchange, Flow, HeaderBag, Sink, Upstream, UpstreamRequest } from './wire.ts';
