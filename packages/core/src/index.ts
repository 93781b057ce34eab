/**
 * Entry `@sluice/core`: an AI gateway inside your server.
 *
 * @module
 */

// Who asks
export type { Caller, CallerLimits, CallerLookup, CallerOptions, CallerQuestion } from './auth/auth.ts';
// How a request ends before its time
export { type Cancellable, Cancellation } from './cancellation.ts';
// Drivers of your own
export type {
  Channel,
  ChannelLimits,
  ChannelListener,
  Closing,
  Dial,
  Dialed,
  DialRequest,
  Frame,
  Opening,
} from './channel.ts';
export { type Clock, systemClock } from './clock.ts';
export { googleErrorBody } from './dialect/gemini/dialect.ts';
export type { Holdable } from './door/held-back.ts';
// What went wrong
export { type ErrorMeaning, errorTable } from './error-table.ts';
export { type ErrorCode, type ErrorDetails, isSluiceError, SluiceError } from './errors.ts';
// What happened
export type {
  AttemptEvent,
  BreakerEvent,
  BreakerState,
  CacheResult,
  GatewayEvents,
  KeyEvent,
  KeyState,
  OverloadEvent,
  OverloadLevel,
  ProjectEvent,
  RequestEndEvent,
  RequestOutcome,
  RetryEvent,
  StoreEvent,
  TokenUsage,
} from './events.ts';
// Making one
export { createGateway, type DrainOptions, type Gateway } from './gateway.ts';
export type { BreakerControl } from './health/control.ts';
export type { GatewaySettings } from './house.ts';
export { converse } from './live/converse.ts';
export type {
  AffinityOptions,
  BreakerOptions,
  CacheOptions,
  Configuration,
  DoorOptions,
  GatewayOptions,
  LimitOptions,
  LiveOptions,
  LogOptions,
  OverloadOptions,
  PoolOptions,
  ProjectLimits,
  ProjectOptions,
  QueueOptions,
  RetryOptions,
  RouteOptions,
  ServerOptions,
  StoreOptions,
  TimeoutOptions,
  UseLimits,
} from './options.ts';
export type { PoolControl } from './pool/control.ts';
// Where state is kept
export { pacificDays } from './quota/pacific-day.ts';
export { parseKeys } from './settings/short-forms.ts';
export { type DoorSettings, type ResolvedConfiguration, readConfiguration, type ServerSettings } from './settings.ts';
export type { BreakerSnapshot, PoolSnapshot, ProjectSnapshot, Snapshot, Standing } from './snapshot.ts';
export { memoryStore } from './store/memory.ts';
export type {
  Admission,
  AuditEntry,
  Eventually,
  Limits,
  Meter,
  Need,
  Owned,
  Reservation,
  Rest,
  Shortage,
  Spent,
  Store,
} from './store/store.ts';
export type { TurnAwayOptions, TurnedAway } from './turned-away.ts';
export type {
  BodyRoom,
  BodyStream,
  BodyWatcher,
  Exchange,
  Flow,
  HeaderBag,
  Sink,
  Upstream,
  UpstreamRequest,
} from './wire.ts';
