/**
 * The story of one session, from the knock to the last good-bye, in the order in which it happens.
 *
 * It awaits each station once. The talk itself does not pass through here: frames go from one channel to the other, and
 * what comes back is only what became of it.
 */

import type { PlacedCall } from '../affinity/places.ts';
import { unforeseen } from '../attempt/trouble.ts';
import type { Dial, Opening } from '../channel.ts';
import { assertHeaders } from '../door/headers.ts';
import type { Gateway } from '../gateway.ts';
import type { Lease } from '../pool/lease.ts';
import { identify } from './guest.ts';
import { readHandshake } from './handshake.ts';
import { type LiveStations, liveStations } from './live-stations.ts';
import { LiveStory } from './live-story.ts';
import { Lobby } from './lobby.ts';
import { meet } from './meet.ts';
import { leftEarly, part } from './parting.ts';
import { liveCall } from './paths.ts';
import { talk } from './talk.ts';
import { Tenure } from './tenure.ts';

/**
 * Holds one session of the Live API, from the knock to the last good-bye. Drivers call it; `nodeUpgrade` is one. It counts
 * with the gateway's requests, and is told when that goes down. Never rejects: whatever goes wrong is told to the client.
 *
 * @param dial - how the provider is reached
 */
export async function converse(gateway: Gateway, opening: Opening, dial: Dial): Promise<void> {
  const at = liveStations(gateway);
  const story = new LiveStory(opening, at.desk);
  let client: Lobby | null = null;
  let lease: Lease | null = null;
  const tenure = new Tenure({ ...at.workshop, store: at.store }, () => [story.reservation, lease?.held ?? null]);
  try {
    at.gate.enter(story);
    assertHeaders(opening.headers);
    const call = liveCall(opening);
    story.called(call.name);
    const protocols = readHandshake(opening.headers);
    const guest = await identify(opening, call, at);
    story.identified(guest);
    at.sessions.enter(story, at.live.maxSessions);

    client = letIn(opening, story, at);
    tenure.start();
    const { places, workshop } = at;
    const { pingMs } = at.live;
    const placed: PlacedCall = { method: 'POST', target: call.target, isOfModel: true };
    const borrowed = (taken: Lease): void => {
      lease = taken;
    };
    const met = await meet({ opening, dial, at, story, client, call, protocols, guest, placed, borrowed });
    const failure = await talk({ ...met, client, guest, placed, story, opening, places, workshop, pingMs });
    met.over(failure);
    met.lease.settle(failure, story.usage);
    story.ended(failure);
  } catch (error) {
    await part(error, client, opening, story);
  } finally {
    tenure.stop();
    (lease as Lease | null)?.settle(unforeseen);
    at.sessions.leave(story);
    at.gate.leave(story);
    story.end();
  }
}

/** From here on the client is told by a close what goes wrong. */
function letIn(opening: Opening, story: LiveStory, { live }: LiveStations): Lobby {
  opening.cancellation.throwIfCancelled();
  const channel = opening.accept(live);
  if (channel === null) {
    opening.cancellation.cancel(new Error('the client hung up'));
    throw opening.cancellation.reason;
  }
  story.accepted();
  const client = new Lobby(channel, story.hold);
  void client.gone.then((closing) => opening.cancellation.cancel(leftEarly(closing)));
  return client;
}
