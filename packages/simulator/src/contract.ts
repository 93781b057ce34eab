/**
 * The nouns of the simulator: what a test may ask of it and what it can read back.
 *
 * A *plan* is a list of steps, one per attempt that arrives; the last one is repeated for ever.
 * A step is a name (`'503'`, `'rst-mid-stream'`), a ready answer, or a function that plays on the socket.
 */

/** One Google project as the simulator knows it: keys of one project share its quota and its files. */
export interface SimulatedProject {
  readonly id: string;
  readonly keys: readonly string[];
  /** For each model by itself; `models` says otherwise for some of them, limit by limit. */
  readonly quota?:
    | (SimulatedQuota & { readonly models?: Readonly<Record<string, SimulatedQuota>> | undefined })
    | undefined;
  /** Live sessions that may be open at once; one more is closed with 1011. @default Infinity */
  readonly maxLiveSessions?: number | undefined;
}

/** What a project may use of one model; what is left out is not limited. 0 stands for Google's `limit: 0`. */
export interface SimulatedQuota {
  readonly requestsPerMinute?: number | undefined;
  /** Tokens of prompts, cached ones among them. */
  readonly tokensPerMinute?: number | undefined;
  /** Days end at midnight in Los Angeles. */
  readonly requestsPerDay?: number | undefined;
}

/** What a project has used of one model's quota: calls that were let through, and those that were one too many. */
export interface UsedQuota {
  /** In the minute that the clock shows. */
  readonly requestsThisMinute: number;
  readonly tokensThisMinute: number;
  /** In the day that the clock shows in Los Angeles. */
  readonly requestsToday: number;
  /** Since the start or the last `reset`. */
  readonly requests: number;
  /** Prompt tokens of those. */
  readonly tokens: number;
  /** Answered 429 because a limit was full, since the start or the last `reset`. They use up nothing. */
  readonly refused: number;
}

/** One project as its provider sees it now. */
export interface ProjectState {
  readonly id: string;
  /** Names of its files (`files/…`), newest first. */
  readonly files: readonly string[];
  /** Names of its cached contents (`cachedContents/…`), newest first. */
  readonly cachedContents: readonly string[];
  /** Names of its batches (`batches/…`), newest first. */
  readonly batches: readonly string[];
  /** Names of its file search stores (`fileSearchStores/…`), newest first. */
  readonly stores: readonly string[];
  /** Names of its long-running operations (`models/…/operations/…` and the like), newest first. */
  readonly operations: readonly string[];
  /** Names of its tuned models (`tunedModels/…`), newest first. */
  readonly tunedModels: readonly string[];
  /** Ids of its stored interactions (`v1_…`), newest first. */
  readonly interactions: readonly string[];
  /** Its Live sessions that are open now, oldest first. */
  readonly sessions: readonly RecordedConversation[];
  /** Calls that no quota is counted for (lists, token counts, uploads) are not in it. */
  used(model: string): UsedQuota;
  /**
   * Puts a file in as a model would have left it: its source is `GENERATED`, and only such files can be downloaded.
   *
   * @returns its name
   */
  addGeneratedFile(bytes: Uint8Array, mimeType: string): string;
  /**
   * Tells all its open Live sessions to go; each is closed with 1001 when that time is over.
   *
   * @param timeLeftMs - in ms. @default 10_000
   */
  goAway(timeLeftMs?: number): void;
}

export interface SimulatorOptions {
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes a free one. @default 0 */
  readonly port?: number | undefined;
  /** @default one project `demo` with the key `demoKey` */
  readonly projects?: readonly SimulatedProject[] | undefined;
  /** Silence between two chunks of a stream, in ms. @default 0 */
  readonly chunkMs?: number | undefined;
  /** The text that answers a prompt; it is cut into word-sized chunks. @default a few sentences that say they come from a simulator */
  readonly answer?: ((prompt: string, model: string) => string) | undefined;
  /**
   * How many requests the journal remembers; the oldest are forgotten first, their bodies with them.
   * @default 10_000
   */
  readonly maxJournalEntries?: number | undefined;
  /** Where the `uri` of a file points: to Google's host, as at Google, or to the simulator itself. @default 'google' */
  readonly fileUris?: 'google' | 'own' | undefined;
  /** How long a new file is `PROCESSING` before it is `ACTIVE`, in ms of the clock. @default 0 */
  readonly fileProcessingMs?: number | undefined;
  /** How long a batch is pending and running before it has succeeded, in ms of the clock. @default 0 */
  readonly batchProcessingMs?: number | undefined;
  /** How long an operation (a video, an import, a tuning) takes, in ms of the clock. @default 0 */
  readonly operationMs?: number | undefined;
  /** How long a background interaction is `in_progress` before it is `completed`, in ms of the clock. @default 0 */
  readonly interactionMs?: number | undefined;
  /** After how many tokens `gemini-4-argon` stops with CONTINUATION; half-way stands a checkpoint. @default 16 */
  readonly hopTokens?: number | undefined;
  /** All chunks of a resumable upload but the last are a multiple of it. @default 8_388_608, as at Google */
  readonly uploadGranularityBytes?: number | undefined;
  /** Contents with fewer tokens are not cached. @default 1024, as most models at Google want */
  readonly minCachedTokens?: number | undefined;
  /** Wall clock in ms, for quotas that come back and for what expires. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** A whole HTTP answer. Each chunk is a write of its own, so a test decides where the bytes are split. */
export interface Answer {
  readonly status: number;
  /** Sent as they are, in this order; `content-length` is added when `chunks` are not streamed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly chunks: readonly Uint8Array[];
  /** Chunked transfer encoding instead of a content length. @default false */
  readonly streamed?: boolean | undefined;
  /** Silence before each chunk, in ms. @default 0 */
  readonly chunkMs?: number | undefined;
}

/** One attempt: a name from the table in `steps.ts`, an answer, or a function that makes one from the request. */
export type Step = StepName | Answer | ((request: RecordedRequest) => Answer | StepName);

/** Names of everything that can be played; `steps.ts` says what each one does. */
export type StepName = import('./steps.ts').StepName;

/** One request as it came in over a connection. */
export interface RecordedRequest {
  readonly method: string;
  /** The request target as it was sent. */
  readonly target: string;
  /** Lower-case names; values joined by `, ` as RFC 9110 allows. */
  readonly headers: Readonly<Record<string, string>>;
  /** Every header line as it was sent, in order. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  /** Empty for a request that was answered before it was read (`early-413`). */
  readonly body: Uint8Array;
  /** The one credential, wherever it stood; null when there was none. */
  readonly key: string | null;
  /** What was played: the name of a step, `answer` for one of the plan's own, `unplayable` for a plan at fault. */
  readonly step: string;
  readonly connection: number;
  /** Monotonic ms. */
  readonly startedAtMs: number;
  /** When the peer closed or reset the connection before the answer was whole; null when it did not. */
  readonly abandonedAtMs: number | null;
  /** When the last byte of the answer was handed to the socket; null while it runs or when it never was. */
  readonly finishedAtMs: number | null;
  /** Body bytes of the answer that the socket took, for tests of backpressure. */
  readonly bytesSent: number;
}

/** One message of a Live session. */
export interface RecordedFrame {
  readonly from: 'client' | 'simulator';
  readonly isBinary: boolean;
  readonly data: Uint8Array;
  /** Monotonic ms. */
  readonly atMs: number;
}

/** One Live session, from its handshake to its close. */
export interface RecordedConversation {
  /** The request target of the handshake as it was sent. */
  readonly target: string;
  /** Of the handshake, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The credential as it was shown, a key or a token; null when there was none. */
  readonly key: string | null;
  /** Whose credential it was; null when it was nobody's. */
  readonly project: string | null;
  /** From the setup, without `models/`; null before it. */
  readonly model: string | null;
  /** What was played. */
  readonly step: string;
  readonly connection: number;
  /** The first 1,000 messages, both ways, in order. */
  readonly frames: readonly RecordedFrame[];
  /** Bytes of messages that came, those that are not kept among them. */
  readonly bytesReceived: number;
  /** Bytes of messages that the socket took. */
  readonly bytesSent: number;
  /** Monotonic ms. */
  readonly startedAtMs: number;
  /** When it was over; null while it is open. */
  readonly endedAtMs: number | null;
  /** How it ended; null while it is open. 1006 stands for a connection that was lost without a close. */
  readonly close: {
    readonly code: number;
    readonly reason: string;
    readonly by: 'client' | 'simulator';
  } | null;
}

export interface Journal {
  /** In order of arrival. The entries are live: times are filled in as they happen. */
  readonly requests: readonly RecordedRequest[];
  /** Live sessions, in order of their handshakes; those stand among the requests too. Live entries as well. */
  readonly conversations: readonly RecordedConversation[];
  /** Connections open now. */
  readonly openConnections: number;
  /** Connections ever accepted. */
  readonly connections: number;
  /** Answers under way now. */
  readonly running: number;
  clear(): void;
}

export interface Simulator {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly journal: Journal;
  /**
   * Decides what happens to the requests of a key, attempt by attempt; `'*'` stands for all keys without a plan.
   * A request with the header `x-simulator-plan: 503, ok` brings its own plan, counted per value of `x-simulator-run`.
   */
  plan(key: string, steps: readonly Step[]): void;
  /**
   * What a project has and has used.
   *
   * @throws when there is none of that id
   */
  project(id: string): ProjectState;
  /** Forgets all plans, quotas used, everything that projects keep, and the journal. Open connections stay. */
  reset(): void;
  /** Destroys every connection and frees the port. */
  close(): Promise<void>;
}
