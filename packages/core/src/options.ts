/** Every public option: types and documentation only. `settings.ts` fills in the defaults, and is the only place that does. */

import type { CallerLookup, CallerOptions } from './auth/auth.ts';
import type { Clock } from './clock.ts';
import type { Store } from './store/store.ts';
import type { Upstream } from './wire.ts';

/**
 * Everything that can be told to a gateway. Only keys (`keys` or `pools`) and `callers` have no default.
 *
 * Unknown names are refused with the nearest known one; all faults are reported at once, each with its path,
 * what was expected and what came. Times are in ms, sizes in bytes, and 0 means "no limit" where that makes sense.
 *
 * @typeParam Host - a request as the framework sees it, for `callers`; adapters say which
 * @example
 * const options: GatewayOptions = {
 *   pools: { gemini: { projects: [{ id: 'main', keys: ['AIza…'] }] } },
 *   callers: [{ id: 'alice', key: 'a-long-random-string' }],
 * };
 */
export interface GatewayOptions<Host = unknown> {
  /**
   * Short form of one Gemini pool: keys parted by commas or new lines. `project=KEY` groups keys by Google project;
   * a key without a project counts as a project of its own.
   */
  keys?: string | undefined;
  /** Pools of provider keys by name. One Gemini pool so far. */
  pools?: Record<string, PoolOptions> | undefined;
  /**
   * Who may call: a list, the short form `id=KEY,id=KEY`, a function that knows the host's own sessions,
   * or `'anyone'` when the host guards the mount itself. There is no default: nobody is let in by accident.
   */
  callers?: string | CallerOptions[] | CallerLookup<Host> | undefined;
  /**
   * Other names for models, by alias. An alias stands wherever a path names a model, and in the setup of a
   * session, also where a token is minted for it.
   *
   * @default {}
   */
  routes?: Record<string, RouteOptions> | undefined;
  /** How often a failed call is tried again. */
  retry?: RetryOptions | undefined;
  /** When a model that keeps failing is left alone. */
  breaker?: BreakerOptions | undefined;
  /** How long each phase of a call may take. */
  timeouts?: TimeoutOptions | undefined;
  /** The waiting room for requests when every key is cooling. */
  queue?: QueueOptions | undefined;
  /** How much of an answer may be held in memory. */
  limits?: LimitOptions | undefined;
  /** When the process cannot keep up: what it does no more. */
  overload?: OverloadOptions | undefined;
  /** What the gateway keeps to at the client's side. */
  server?: DoorOptions | undefined;
  /** Sessions of the Live API. */
  live?: LiveOptions | undefined;
  /** Files, caches and other things that live in one project. */
  affinity?: AffinityOptions | undefined;
  /** Answers that are given again, and calls that are shared. */
  cache?: CacheOptions | undefined;
  /** Where state is kept: a store, as `sqliteStore` or `redisStore` make one, or an address. @default in memory */
  store?: Store | { url?: 'memory:' | undefined } | undefined;
  /** How providers are reached. @default undici on Node, `fetch` elsewhere */
  upstream?: Upstream | undefined;
  /** Time itself; tests bring their own. @default the system's */
  clock?: Clock | undefined;
}

/** Keys of one provider. */
export interface PoolOptions {
  /** @default 'gemini' */
  provider?: 'gemini' | undefined;
  /** Origin of the provider, without a path. @default 'https://generativelanguage.googleapis.com' */
  baseUrl?: string | undefined;
  /**
   * How a project is chosen for a request: the least busy one for its weight, one after the other, by lot according to
   * weights, or always the same one for the same conversation. @default 'least-busy'
   */
  strategy?: 'least-busy' | 'round-robin' | 'weighted' | 'sticky' | undefined;
  /**
   * What `sticky` goes by: the beginning of a conversation, so that implicit caches and thought signatures live;
   * the caller; or a header of the request. @default 'conversation'
   */
  stickyBy?: 'conversation' | 'caller' | `header:${string}` | undefined;
  /** Google counts quota by project, not by key, so keys are grouped by the project that they belong to. */
  projects: ProjectOptions[];
}

/** The keys of one Google project. */
export interface ProjectOptions {
  /** Yours to choose; it stands in logs and metrics, never in an answer. */
  id: string;
  /** The share of the load relative to other projects; above 0. @default 1 */
  weight?: number | undefined;
  /** A word of yours, shown beside the project: `free`, `tier 2`. */
  tier?: string | undefined;
  /**
   * Nobody has said that these keys are of one project: where an error of the provider tells, projects that are one
   * are put together. The short form of keys says so for keys without a project. @default false
   */
  isGuessed?: boolean | undefined;
  /** How much may be used of it: what Google grants the project, or less. */
  limits?: ProjectLimits | undefined;
  /** API keys of this project, at least one. A key stands once in all pools. */
  keys: string[];
}

/** How much may be asked of something; 0 stands for "no limit". A call is counted before it is made. */
export interface UseLimits {
  /** In any 60 s, wherever they begin. @default 0 */
  requestsPerMinute?: number | undefined;
  /** In any 60 s, prompts and answers together; estimated before a call, put right after it. @default 0 */
  tokensPerMinute?: number | undefined;
  /** From midnight to midnight in Los Angeles, where Google's days end. @default 0 */
  requestsPerDay?: number | undefined;
  /** Calls at once. @default 0 */
  maxInFlight?: number | undefined;
}

/** Limits of a project over all models, and of single models in it. */
export interface ProjectLimits extends UseLimits {
  /** By the name of the model, without `models/`; each counts beside the limits of the project. @default {} */
  models?: Record<string, UseLimits> | undefined;
}

/** Where an alias leads. */
export interface RouteOptions {
  /** The model that the provider knows, without `models/`. */
  model: string;
}

/** Retries before the client has seen anything; after the first byte nothing is ever sent twice. */
export interface RetryOptions {
  /** Tries of a call that failed for the provider's own reasons, the first included. @default 3 */
  maxAttempts?: number | undefined;
  /** Further keys that are tried at once when one is refused or out of quota. @default 5 */
  maxKeyFailovers?: number | undefined;
  /** Upper bound of both together, per client request. @default 6 */
  maxUpstreamCalls?: number | undefined;
  /** Ceiling of the first random wait, in ms; doubled by each further try. @default 50 */
  baseDelayMs?: number | undefined;
  /** The same after a 429, in ms. @default 1_000 */
  throttleDelayMs?: number | undefined;
  /** No wait is longer, in ms. @default 20_000 */
  maxDelayMs?: number | undefined;
}

/** A circuit breaker for each model and each host. Only faults of the host or the model count: no 4xx, no 429. */
export interface BreakerOptions {
  /** Failures in a row that open it … @default 5 */
  consecutiveFailures?: number | undefined;
  /** … when they span at least this long, in ms. @default 1_000 */
  consecutiveSpanMs?: number | undefined;
  /** Size of the window of outcomes. @default 50 */
  windowOutcomes?: number | undefined;
  /** Failures among these that open it. @default 30 */
  windowFailures?: number | undefined;
  /** Outcomes older than this no longer count, in ms. @default 30_000 */
  windowMs?: number | undefined;
  /** How long it stays open the first time, in ms, ± 20 %; doubled by each failed probe. @default 2_000 */
  openMs?: number | undefined;
  /** It is never open for longer, in ms. @default 60_000 */
  maxOpenMs?: number | undefined;
  /**
   * Lets one call in so many ms pass an open breaker all the same, so that a model that nothing else can stand in for
   * is found well again sooner: its success closes the breaker, its failure changes nothing. 0 turns it off. @default 0
   */
  panicMs?: number | undefined;
}

/** Silences that are too long, each in ms. 0 turns one off. */
export interface TimeoutOptions {
  /** Until the connection to the provider stands, TLS included. @default 5_000 */
  connectMs?: number | undefined;
  /**
   * Until the headers of an answer, from when all of the request is there; a call that does not generate gets a tenth of it,
   * but for what takes the bytes of an upload. @default 600_000
   */
  headersMs?: number | undefined;
  /** From the headers until the first event that means something, however much else comes. @default 300_000 */
  firstEventMs?: number | undefined;
  /**
   * Between two pieces of an answer; suspended while the client itself holds the stream. In a stream, comments and
   * pings are no pieces. @default 60_000
   */
  idleMs?: number | undefined;
  /**
   * For a request as a whole, from its arrival to its last byte, waiting and retries included. A client may ask for less
   * by the header `x-server-timeout` (seconds) or `x-request-timeout-ms`. Of an upload, from when its last byte has come.
   * @default 1_800_000
   */
  totalMs?: number | undefined;
  /** How long a client may take nothing while there is something to give. @default 60_000 */
  slowReaderMs?: number | undefined;
  /** From the terminal marker until the provider ends the body. @default 2_000 */
  afterTerminalMs?: number | undefined;
  /**
   * No limit, but a comment (`: ping`) to the client after so much silence, in streams of interactions and of chat
   * completions, so that nobody on the way takes them for dead. @default 15_000
   */
  heartbeatMs?: number | undefined;
  /** Until a `callers` function has said who asks. @default 10_000 */
  callersMs?: number | undefined;
}

/** Requests wait here when every project is cooling and one of them is back soon. */
export interface QueueOptions {
  /** Requests that wait at once, over all models. @default 100 */
  maxEntries?: number | undefined;
  /** The longest wait, in ms; who would wait longer is answered 429 at once. @default 1_000 */
  maxWaitMs?: number | undefined;
}

/** What becomes of things that only one project knows. */
export interface AffinityOptions {
  /**
   * A thing that nobody made through this gateway is searched for, once, with one small call to each project; or it is
   * answered 404. @default 'search'
   */
  unknown?: 'search' | 'refuse' | undefined;
}

/**
 * Calls that answer the same question again: generations, token counts and embeddings that leave nothing behind. Both
 * are off unless they are asked for. Callers never share anything; with `callers: 'anyone'` all are one caller.
 */
export interface CacheOptions {
  /** How long a whole answer may be given again to the caller whose it was, in ms; 0 keeps none. @default 0 */
  ttlMs?: number | undefined;
  /**
   * What kept answers take together, in bytes; the longest unused ones go first. An answer that takes more than an
   * eighth of it is not kept, and what is longer than that cannot be joined any more. @default 67_108_864
   */
  maxBytes?: number | undefined;
  /** Identical requests of one caller that are under way together share one call to the provider. @default false */
  singleFlight?: boolean | undefined;
}

/**
 * Sessions of the Live API. They have no limit of time; the limits of a project and of a caller count each as one
 * call, which is in flight for as long as it lasts.
 */
export interface LiveOptions {
  /** Sessions at once, of all callers together; who comes then is answered 503. 0 for no limit. @default 0 */
  maxSessions?: number | undefined;
  /** From the opening of a connection until its first message, the setup, is whole, in ms. @default 10_000 */
  setupInMs?: number | undefined;
  /** Largest message either way, in bytes; a larger one ends the session with 1009. @default 16_777_216 */
  maxFrameBytes?: number | undefined;
  /** How often each side is asked for a sign of life, in ms; who gives none within 10 s is gone. 0 for never. @default 20_000 */
  pingMs?: number | undefined;
}

/** Bounds of what is held in memory, and of what passes, in bytes. */
export interface LimitOptions {
  /** One event of a stream. @default 33_554_432 */
  maxEventBytes?: number | undefined;
  /** A whole answer that is held until it is checked. @default 67_108_864 */
  maxAnswerBytes?: number | undefined;
  /** How much of an error answer is read. @default 65_536 */
  maxErrorBytes?: number | undefined;
  /**
   * One upload, all pieces of its session together, counted as they come; more of it is answered 413, before anything goes
   * up where its length is known. 0 for no limit. @default 0
   */
  maxUploadBytes?: number | undefined;
}

/**
 * How late the event loop may be and how full the heap, before less is done. Three looks in a row, a tenth of a second
 * apart, must be over a limit, and five before anybody is refused because of the loop: a long turn alone is no reason. Only
 * Node tells; elsewhere nothing but `maxStreams` is kept to. 0 turns a limit off.
 */
export interface OverloadOptions {
  /** So late, in ms, nobody begins to wait for a key: who would is answered at once. @default 25 */
  queueDelayMs?: number | undefined;
  /** So late, in ms, only as many requests are let in as the loop can serve; all others are answered 503. @default 50 */
  refuseDelayMs?: number | undefined;
  /**
   * The same for what JavaScript holds, buffers included, as a share of its heap's limit; connections end with their
   * answers then. @default 0.8
   */
  queueHeapShare?: number | undefined;
  /** From here on nearly all new requests are answered 503. @default 0.88 */
  refuseHeapShare?: number | undefined;
  /** From here on requests that hold most are ended with an error, a few at a time. @default 0.94 */
  endHeapShare?: number | undefined;
  /** With so many streams open, new requests are answered 503. @default 0 */
  maxStreams?: number | undefined;
}

/** The client's side of the gateway. */
export interface DoorOptions {
  /** Largest request body, in bytes, counted as it arrives. Bytes of an upload pass, and are not meant. @default 104_857_600 */
  maxBodyBytes?: number | undefined;
  /**
   * What all requests hold together, in bytes: bodies, answers that wait to be judged, what clients have not taken yet.
   * A body finds room while others hold no more than three quarters of it; else it gets 503, before it is read where its
   * length is known. Requests that hold up to 64 KiB are always served. @default 268_435_456
   */
  maxBufferedBytes?: number | undefined;
  /**
   * From the headers of a request until its body is whole, in ms. Of an upload, which is passed on while it comes: how long
   * its client may send nothing while there is room for more. @default 30_000 */
  bodyInMs?: number | undefined;
  /** Origins of web pages that may call; `*` stands for all. @default [] */
  cors?: string[] | undefined;
  /**
   * The origin that clients see, when it is not the address that they connect to: addresses of uploads begin with it.
   * @default null
   */
  publicOrigin?: string | null | undefined;
  /**
   * Addresses or CIDR ranges of proxies in front: from them `forwarded`, `x-forwarded-host` and `x-forwarded-proto` are
   * believed for the addresses of uploads, and `x-forwarded-for` in the proxy's log. @default []
   */
  trustedProxies?: string[] | undefined;
}

/** The configuration file: a gateway's options and, beside them, the process that it runs in. */
export interface Configuration extends Omit<GatewayOptions, 'server' | 'upstream' | 'clock' | 'store'> {
  /** Where state is kept. */
  store?: StoreOptions | undefined;
  /** The listening side. */
  server?: ServerOptions | undefined;
  /** What is logged. */
  log?: LogOptions | undefined;
}

/** The process around a gateway: where it listens, whom it trusts, how it goes down. */
export interface ServerOptions extends DoorOptions {
  /** @default '127.0.0.1' */
  host?: string | undefined;
  /** 0 takes a free one. @default 8_787 */
  port?: number | undefined;
  /** How long running requests may take to finish after a signal, in ms; 0 ends them at once. @default 10_000 */
  drainMs?: number | undefined;
  /** How long new requests are still served after a signal, while `/readyz` already says no, in ms. @default 0 */
  drainGraceMs?: number | undefined;
  /** From the first byte of a request until its headers are whole, in ms. @default 10_000 */
  headersInMs?: number | undefined;
}

/** The process's log. */
export interface LogOptions {
  /** @default 'info' */
  level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent' | undefined;
  /** `pretty` is what a terminal gets unless told otherwise. @default 'json' */
  format?: 'json' | 'pretty' | undefined;
  /** Which requests get a line of their own. @default 'all' */
  requests?: 'all' | 'failed' | 'none' | undefined;
}

/** Where state is kept, by address; a process that knows more stores opens them by it. */
export interface StoreOptions {
  /**
   * `memory:` here. The reference proxy knows `sqlite:PATH` and `redis://…` too; there `sqlite:`, a file in the data
   * folder, is the default. @default 'memory:'
   */
  url?: string | undefined;
}
