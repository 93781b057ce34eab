/** MEET: the client says what it wants to talk about, and a provider is found that does. */

import type { PlacedCall } from '../affinity/places.ts';
import { judge } from '../attempt/verdict.ts';
import type { Dial, Opening } from '../channel.ts';
import { sleep } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { type Course, newCourse, type Plan } from '../plan/plan.ts';
import type { Lease } from '../pool/lease.ts';
import { withoutAlias } from './alias.ts';
import { type Beginning, begin, type LiveErrand } from './begin.ts';
import type { Guest } from './guest.ts';
import { dialFields } from './handshake.ts';
import { makePlan } from './live-plan.ts';
import type { LiveStations } from './live-stations.ts';
import type { LiveStory } from './live-story.ts';
import type { Lobby } from './lobby.ts';
import { GoodBye, leftEarly } from './parting.ts';
import type { LiveCall } from './paths.ts';
import { readSetup, type Setup } from './setup.ts';
import { tenureMs } from './tenure.ts';

/** What two sides need to meet. */
interface Meeting {
  readonly opening: Opening;
  readonly dial: Dial;
  readonly at: LiveStations;
  readonly story: LiveStory;
  readonly client: Lobby;
  readonly call: LiveCall;
  readonly protocols: readonly string[];
  readonly guest: Guest;
  readonly placed: PlacedCall;
  /** Hears of each lease. All but the last one are settled here. */
  readonly borrowed: (lease: Lease) => void;
}

/** A provider that has answered the setup. */
interface Met {
  readonly lease: Lease;
  readonly provider: Lobby;
  readonly namesResource: boolean;
  over(failed: Failure | null): void;
}

/** Hears what the client wants and finds a provider for it. The setup is forgotten with it: it may be large. */
export async function meet(about: Meeting): Promise<Met> {
  const { opening, at, story, client, guest, placed, borrowed } = about;
  const { pool, workshop, allowances } = at;
  const setup = withoutAlias(await hearSetup(client, opening, at), at.routes);
  story.received(setup);
  const plan = await makePlan(setup, guest, placed, opening, at);
  story.admitted(await allowances.admit(guest.caller, plan.tokens, tenureMs));
  const course = newCourse();
  const errand = errandOf(about, setup, plan);
  for (;;) {
    const lease = await pool.take(plan, course, opening.cancellation);
    borrowed(lease);
    course.keyId = lease.key.id;
    const beginning = await begin(lease, errand, workshop);
    course.calls = story.calls;
    if (beginning.is === 'begun') {
      workshop.health.budget({ host: workshop.host, model: plan.model }).refill(course.spent);
      client.dropFirst();
      const { provider, over } = beginning;
      return { lease, provider, over, namesResource: errand.namesResource };
    }
    lease.settle(beginning.failure);
    await tryAgain(beginning, about, course, plan);
  }
}

function errandOf(
  { opening, dial, at, story, client, call, protocols, guest }: Meeting,
  setup: Setup,
  plan: Plan,
): LiveErrand {
  return {
    requestId: opening.id,
    model: setup.model,
    target: call.target,
    fields: dialFields(opening.headers),
    // The client was promised the one that it likes best.
    protocols: client.channel.protocol === '' ? [] : protocols.slice(0, 1),
    setup: setup.frame,
    namesResource: plan.pinned !== null,
    ticket: guest.ticket,
    maxFrameBytes: at.live.maxFrameBytes,
    cancellation: opening.cancellation,
    dial,
    sent: () => story.sent(),
    hold: story.hold,
  };
}

/** Nothing goes up, and no key is taken, before it is known what for. */
async function hearSetup(client: Lobby, { cancellation }: Opening, { clock, live }: LiveStations): Promise<Setup> {
  const come = await client.first(clock, live.setupInMs, cancellation);
  if (come === null) {
    throw new SluiceError(
      'request_timeout',
      `No setup has come within live.setupInMs (${live.setupInMs} ms). Send {"setup": {…}} first.`,
    );
  }
  if ('code' in come) throw leftEarly(come);
  return readSetup(come);
}

/** Nothing was said yet, so nothing is lost by saying it again: to the same project or to another one. */
async function tryAgain(
  { failure, farewell }: Extract<Beginning, { is: 'failed' }>,
  { opening, story, at }: Meeting,
  course: Course,
  plan: Plan,
): Promise<void> {
  const { pool, workshop, clock, retry } = at;
  const verdict = judge(failure, course, {
    settings: retry,
    repeat: 'always',
    held: null,
    isShown: false,
    hasFree: pool.hasFree(plan, course),
    budget: workshop.health.budget({ host: workshop.host, model: plan.model }),
    leftMs: Number.POSITIVE_INFINITY,
    random: Math.random(),
  });
  if (verdict.do === 'again') {
    story.again(failure, verdict.afterMs, verdict.isFailover);
    if (verdict.afterMs > 0) await sleep(clock, verdict.afterMs, opening.cancellation);
    return;
  }
  // What the provider says of our keys is nobody's business but the operator's.
  const isForClients = failure.scope !== 'key' && failure.scope !== 'project';
  if (isForClients && farewell !== null) throw new GoodBye(failure, farewell);
  throw new SluiceError(failure.code, failure.message, { retryAfterMs: failure.retryAfterMs });
}
