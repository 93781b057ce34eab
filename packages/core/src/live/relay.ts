/** TALK: frames go both ways as they come, each way held by whoever is full, until one side ends it. */

import * as trouble from '../attempt/trouble.ts';
import type { Cancellable, Cancellation } from '../cancellation.ts';
import type { Closing, Frame } from '../channel.ts';
import { isSluiceError } from '../errors.ts';
import { type Failure, failure } from '../failure.ts';
import { type Farewell, farewellOf, toClient, toProvider } from './close-codes.ts';
import { Leg } from './leg.ts';
import type { Lobby } from './lobby.ts';
import type { PulseTools } from './pulse.ts';

/** What a relay goes by. */
export interface RelayTools extends PulseTools {
  /** How long a side may take nothing while there is something to give, in ms; 0 for no limit. */
  readonly slowReaderMs: number;
  readonly cancellation: Cancellation;
  readonly hold: (deltaBytes: number) => void;
  readonly onClientFrame: (frame: Frame) => void;
  readonly onProviderFrame: (frame: Frame) => void;
  /** Takes keys out of what the provider says. */
  readonly clean: (text: string) => string;
  /** What a close of the provider's stands for; null for an end like any other. */
  readonly judge: (closing: Closing) => Failure | null;
}

/** How long a side may take to read the last words and go, in ms; and a client, where no limit says so. */
const partingMs = 1_000;
const longestReadMs = 60_000;
const encoder = new TextEncoder();

/** One session that has begun. */
export class Relay implements Cancellable {
  readonly #tools: RelayTools;
  readonly #client: Leg;
  readonly #provider: Leg;
  readonly #done: Promise<Failure | null>;
  #resolve: (failure: Failure | null) => void = () => {};
  #isEnding = false;
  #failure: Failure | null = null;

  constructor(client: Lobby, provider: Lobby, tools: RelayTools) {
    this.#tools = tools;
    this.#done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const { alarms, clock, pingMs, slowReaderMs, hold } = tools;
    const shared = { alarms, clock, pingMs, slowReaderMs, hold };
    this.#client = new Leg(client.channel, {
      ...shared,
      pour: (frame) => {
        tools.onClientFrame(frame);
        return this.#provider;
      },
      onClosed: (closing) => this.#clientClosed(closing),
      onSlow: () => this.#stop(trouble.silence('slow-reader', slowReaderMs), 'client'),
      onDead: () => this.#stop(trouble.endedBy(undefined), 'client'),
    });
    this.#provider = new Leg(provider.channel, {
      ...shared,
      pour: (frame) => {
        tools.onProviderFrame(frame);
        return this.#client;
      },
      onClosed: (closing) => this.#providerClosed(closing),
      onSlow: () => this.#stop(stalled, 'provider'),
      onDead: () => this.#stop(stalled, 'provider'),
    });
    // What the provider has said opens the talk; then comes what the client has said meanwhile.
    provider.leaveTo(this.#provider);
    client.leaveTo(this.#client);
  }

  /** Resolves when both sides have gone: with null when they have parted in peace. */
  async over(): Promise<Failure | null> {
    const { cancellation } = this.#tools;
    if (cancellation.isCancelled) this.cancelled(cancellation.reason);
    else cancellation.listen(this);
    const failure = await this.#done;
    cancellation.forget(this);
    return failure;
  }

  /** A message of Google's own kind, between two of the provider's. */
  goAway(withinMs: number): void {
    if (this.#isEnding) return;
    const data = encoder.encode(JSON.stringify({ goAway: { timeLeft: `${withinMs / 1000}s` } }));
    this.#client.channel.send({ data, isText: true });
  }

  cancelled(reason: unknown): void {
    // It ends already, and only a client that reads slowly keeps it: that has no time for it any more.
    if (this.#isEnding) return this.#client.hurry(partingMs);
    const words = isSluiceError(reason) ? farewellOf(reason) : { code: 1011, reason: '' };
    this.#part(trouble.endedBy(reason), words, goingAway);
  }

  #clientClosed(closing: Closing): void {
    const { code, isBroken } = closing;
    const broken = isBroken ? brokenByClient(code) : null;
    this.#part(code === 1006 ? trouble.endedBy(undefined) : broken, null, toProvider(closing));
  }

  #providerClosed(closing: Closing): void {
    this.#part(this.#tools.judge(closing), toClient(closing, this.#tools.clean), null);
  }

  /** One side takes nothing or says nothing: it is dropped, and the other one told. */
  #stop(failure: Failure, whose: 'client' | 'provider'): void {
    const error = new Error(failure.message);
    const farewell = { code: 1011, reason: failure.message };
    this.#part(failure, farewell, goingAway);
    (whose === 'client' ? this.#client : this.#provider).channel.abort(error);
  }

  /** @param toClient - null for a side that has gone by itself */
  #part(failure: Failure | null, toClient: Farewell | null, toProvider: Farewell | null): void {
    if (!this.#isEnding) {
      this.#isEnding = true;
      this.#failure = failure;
      // What the provider has said is for the client to read in its own time; nobody waits for anything else.
      const { slowReaderMs } = this.#tools;
      this.#client.leave(toClient, toProvider === null ? slowReaderMs || longestReadMs : partingMs);
      this.#provider.leave(toProvider, partingMs);
    }
    if (this.#client.isGone && this.#provider.isGone) this.#resolve(this.#failure);
  }
}

const goingAway: Farewell = { code: 1001, reason: '' };

const stalled = failure('timeout', 'upstream_timeout', 'The provider took nothing, or said nothing, for too long.', {
  scope: 'host',
  again: 'never',
  mayHaveRun: true,
});

const tooLarge = 1009;

function brokenByClient(code: number): Failure {
  const message = `The client sent a frame that is too large, or that WebSocket does not know (${code}).`;
  const [kind, said] =
    code === tooLarge ? (['too_large', 'payload_too_large'] as const) : (['invalid_frame', 'invalid_request'] as const);
  return failure(kind, said, message, { scope: 'request', again: 'never' });
}
