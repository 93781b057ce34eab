/** What is noted of the frames that pass: bytes both ways, tokens used, and the handles by which a talk goes on later. */

import type { PlacedCall, Places } from '../affinity/places.ts';
import type { Workshop } from '../attempt/errand.ts';
import type { Opening } from '../channel.ts';
import type { Failure } from '../failure.ts';
import type { Lease } from '../pool/lease.ts';
import { ofTicket } from './begin.ts';
import { cleanReason } from './close-codes.ts';
import { failureOf } from './close-reasons.ts';
import type { Guest } from './guest.ts';
import type { LiveStory } from './live-story.ts';
import type { Lobby } from './lobby.ts';
import { Relay } from './relay.ts';
import { Accounts } from './usage.ts';

/** What one talk is about. */
export interface Talk {
  readonly client: Lobby;
  readonly provider: Lobby;
  readonly lease: Lease;
  readonly guest: Guest;
  readonly placed: PlacedCall;
  readonly namesResource: boolean;
  readonly story: LiveStory;
  readonly opening: Opening;
  readonly places: Places;
  readonly workshop: Workshop;
  readonly pingMs: number;
}

/** Resolves when both sides have gone, with what went wrong; null when they have parted in peace. */
export async function talk(about: Talk): Promise<Failure | null> {
  const { client, provider, lease, guest, placed, story, opening, places, workshop, pingMs } = about;
  const { clock, alarms, timeouts, scrubber } = workshop;
  const accounts = new Accounts((frame) => {
    // It is written down while it goes on its way: a handle is for the next session.
    void places.read(placed, frame.data, lease.project, guest.caller.id);
  });
  story.usage = () => accounts.usage;
  const relay = new Relay(client, provider, {
    clock,
    alarms,
    pingMs,
    slowReaderMs: timeouts.slowReaderMs,
    cancellation: opening.cancellation,
    hold: story.hold,
    onClientFrame: ({ data }) => {
      story.requestBytes += data.length;
    },
    onProviderFrame: (frame) => {
      story.answered(frame.data.length);
      accounts.read(frame);
    },
    clean: (text) => cleanReason(text, scrubber, lease.key.secret),
    judge: (closing) => {
      const { namesResource } = about;
      const nowMs = clock.wallNow();
      const failure = failureOf(closing, workshop.provider, { hasBegun: true, namesResource, nowMs });
      return failure === null || guest.ticket === null ? failure : ofTicket(failure);
    },
  });
  story.begun((withinMs) => relay.goAway(withinMs));
  return relay.over();
}
