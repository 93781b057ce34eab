/**
 * What becomes of a call that may be answered by what is known: an answer that is kept, or one that is on its way to
 * somebody who has asked the same. Where nothing is, a flight begins, and others may join it.
 */

import { Deadline } from './attempt/deadline.ts';
import { endedBy, unforeseen } from './attempt/trouble.ts';
import type { Allowance } from './auth/allowance.ts';
import type { Caller } from './auth/auth.ts';
import { answerKey } from './cache/answer-key.ts';
import type { Answers } from './cache/answers.ts';
import type { Flight } from './cache/flight.ts';
import type { KeptAnswer } from './cache/kept-answers.ts';
import { Playback } from './cache/playback.ts';
import type { Recording } from './cache/recording.ts';
import { wishOf } from './cache/wish.ts';
import { isSluiceError, SluiceError } from './errors.ts';
import type { TokenUsage } from './events.ts';
import type { Failure } from './failure.ts';
import type { TimeLimit } from './plan/time-limit.ts';
import { estimateTokens } from './quota/estimate.ts';
import type { Eventually } from './store/store.ts';
import type { Story } from './story.ts';
import { type Order, type SupplyStations, supply } from './supply.ts';
import type { HeaderBag } from './wire.ts';

/** What it passes. */
export interface SharingStations extends SupplyStations {
  readonly answers: Answers;
  /** The gateway's own; a flight knows no other. */
  readonly limit: TimeLimit;
}

/** @throws what the client still has to be told, as `supply` does */
export async function share(order: Order, story: Story, at: SharingStations): Promise<void> {
  const { exchange, call, caller, headers, body } = order;
  const wish = wishOf(exchange.headers);
  const { origin } = at.workshop;
  const found = answerKey({ callerId: caller.id, origin, method: exchange.method, call, headers, body });
  if (found === null) return supply(order, at);
  const key = found instanceof Promise ? await found : found;
  const kept = wish.stores ? at.answers.find(key, wish) : null;
  if (kept !== null) return answerByKept(kept, order, story, at);
  story.known('miss');
  if (wish.isOnlyKept) throw notCached(call.name);
  if (!wish.stores) return supply(order, at);
  const underWay = at.answers.flightOf(key, wish);
  if (underWay !== null) return joinFlight(underWay, order, story, at);
  // Before those who join: whoever is let in after it is not let in for nothing.
  const admission = at.allowances.admit(caller, () => estimateTokens(body));
  const flight = at.answers.launch(key, wish, exchange.id);
  flight.takeBody(story);
  const playback = boarded(flight, order, story, at);
  void fly(flight, admission, order, at);
  return hear(flight, playback, order, story);
}

async function answerByKept(
  { recording, keptAtMs }: KeptAnswer,
  order: Order,
  story: Story,
  at: SharingStations,
): Promise<void> {
  story.known('hit');
  story.admitted(await at.allowances.admit(withoutTokens(order.caller), none));
  const ageMs = at.clock.now() - keptAtMs;
  const now = { date: new Date(at.clock.wallNow()).toUTCString(), age: String(Math.floor(ageMs / 1000)) };
  order.deadline.watch();
  const sign = (headers: HeaderBag): HeaderBag => story.sign(Object.assign(headers, now));
  const lost = await playbackOf(recording, sign, order, story, at).play();
  if (lost === null) story.delivered(unused);
  else story.broke(lost, unused);
}

async function joinFlight(flight: Flight, order: Order, story: Story, at: SharingStations): Promise<void> {
  story.known('shared');
  const playback = boarded(flight, order, story, at);
  try {
    story.admitted(await at.allowances.admit(withoutTokens(order.caller), none));
  } catch (error) {
    await flight.leave(playback);
    throw error;
  }
  return hear(flight, playback, order, story);
}

/** Follows a flight to its end, or to the end of whoever follows it. */
async function hear(flight: Flight, playback: Playback, order: Order, story: Story): Promise<void> {
  let lost: Failure | null;
  order.deadline.watch();
  try {
    lost = await playback.play();
  } finally {
    await flight.leave(playback);
    story.calls = flight.calls;
  }
  const usage = (): TokenUsage | null => flight.usage();
  const failure = lost ?? flight.failure;
  if (failure === null) story.delivered(usage);
  else story.broke(failure, usage);
}

/** Nobody waits for it: whatever comes of it is told by its recording. */
async function fly(flight: Flight, admission: Eventually<Allowance>, order: Order, at: SharingStations): Promise<void> {
  const { client, cancellation } = flight;
  const { isShared } = flight.plan;
  const limit = isShared ? at.limit : order.limit;
  const headers = isShared ? withoutTimes(order.headers) : order.headers;
  const deadline = new Deadline(at.workshop.alarms, cancellation);
  deadline.setTo(limit, at.clock.now());
  // Whose client is slow is each playback's matter.
  const workshop = { ...at.workshop, timeouts: { ...at.workshop.timeouts, slowReaderMs: 0 } };
  const going = { headers, client, cancellation, deadline, limit, record: flight, isAdmitted: true };
  try {
    flight.admitted(await admission);
    await supply({ ...order, ...going }, { ...at, workshop });
  } catch (error) {
    flight.broke(isSluiceError(error) ? endedBy(error) : unforeseen, unused);
    client.fail(error as Error);
  } finally {
    deadline.stop();
    at.answers.land(flight);
  }
}

function boarded(flight: Flight, order: Order, story: Story, at: SharingStations): Playback {
  flight.join();
  const sign = (headers: HeaderBag): HeaderBag => {
    story.calls = flight.calls;
    return story.sign(headers);
  };
  return playbackOf(flight.recording, sign, order, story, at);
}

function playbackOf(
  recording: Recording,
  sign: (headers: HeaderBag) => HeaderBag,
  { call, cancellation }: Order,
  story: Story,
  { workshop: { timeouts, alarms }, clock }: SharingStations,
): Playback {
  const { client } = story;
  const hold = (deltaBytes: number): void => void story.hold(deltaBytes);
  const { slowReaderMs } = timeouts;
  return new Playback(recording, { client, call, cancellation, sign, hold, slowReaderMs, alarms, clock });
}

/** A client's own limit is kept to by the gateway; the provider shall not end for all what one has no time for. */
function withoutTimes(headers: readonly string[]): string[] {
  return headers.filter((_, at) => !times.has(headers[at - (at % 2)] as string));
}

const times = new Set(['x-server-timeout', 'x-request-timeout-ms']);

/** The tokens were counted by the call that is shared, or by the one that is over. */
function withoutTokens(caller: Caller): Caller {
  const { limits } = caller;
  return limits === undefined || limits === null ? caller : { ...caller, limits: { ...limits, tokensPerMinute: 0 } };
}

function notCached(call: string): SluiceError {
  return new SluiceError('not_cached', `The request says only-if-cached, and no answer to this ${call} is kept here.`);
}

const none = (): number => 0;
const unused = (): null => null;
