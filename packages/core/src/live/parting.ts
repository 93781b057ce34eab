/** How a session ends that has not begun: with an HTTP answer before the client was let in, with a close after it. */

import { endedBy } from '../attempt/trouble.ts';
import type { Closing, Opening } from '../channel.ts';
import { gemini } from '../dialect/gemini/dialect.ts';
import { refuse } from '../door/refuse.ts';
import { isSluiceError, SluiceError } from '../errors.ts';
import { type Failure, Trouble } from '../failure.ts';
import { type Farewell, farewellOf } from './close-codes.ts';
import type { LiveStory } from './live-story.ts';
import type { Lobby } from './lobby.ts';

/** The provider has ended it, in its own words. */
export class GoodBye extends Trouble {
  readonly farewell: Farewell;

  constructor(failure: Failure, farewell: Farewell) {
    super(failure);
    this.farewell = farewell;
  }
}

/** Tells the client, if it is still there, and waits until it has gone. */
export async function part(error: unknown, client: Lobby | null, opening: Opening, story: LiveStory): Promise<void> {
  const { isCancelled, reason } = opening.cancellation;
  const isAbandoned = isCancelled && !isSluiceError(reason);
  if (isAbandoned) story.broke(endedBy(reason));
  // Once others listen to it, its end is theirs to see to.
  if (isAbandoned || client?.isLeft) return client?.channel.abort(new Error('the client hung up'));
  if (client === null) return turnAway(story.explain(error), opening, story);
  if (error instanceof GoodBye) {
    story.broke(error.failure);
    client.channel.close(error.farewell.code, error.farewell.reason);
  } else {
    const { code, reason: words } = farewellOf(story.explain(error));
    client.channel.close(code, words);
  }
  await client.gone;
}

function turnAway(error: SluiceError, { refusal, id }: Opening, story: LiveStory): void {
  story.refused(error);
  refuse(refusal, error, gemini, { 'x-sluice-request-id': id, 'x-sluice-attempts': '0' });
}

/** Why a client that went before the talk had begun ends it: by its own fault, or just so. */
export function leftEarly({ code, isBroken }: Closing): Error {
  if (!isBroken) return new Error('the client hung up');
  const isTooLarge = code === 1009;
  return new SluiceError(
    isTooLarge ? 'payload_too_large' : 'invalid_request',
    `The client sent a frame that is too large, or that WebSocket does not know (${code}).`,
  );
}
