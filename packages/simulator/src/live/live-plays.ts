/** How a Live session goes, and what goes wrong in it. */

import { setImmediate } from 'node:timers/promises';
import type { Fields } from '../gemini/body.ts';
import type { StepName } from '../steps.ts';
import { closing } from './closing.ts';
import type { Session } from './session.ts';

/** One way for a session to go. */
export interface LivePlay {
  /** Silence before each message, in ms. */
  readonly paceMs: number;
  /** Says the messages of a turn. @param turns - how many turns of this connection are answered with it */
  turn(session: Session, messages: readonly Fields[], turns: number): Promise<void>;
}

const slowMs = 50;
const timeLeftMs = 100;
const floodBytes = 16_384;

const whole: LivePlay = {
  paceMs: 0,
  async turn({ conversation }, messages) {
    for (const message of messages) await conversation.say(message);
  },
};

/** The steps that let a session begin; every other one meets its handshake. */
export const livePlays: ReadonlyMap<StepName, LivePlay> = new Map<StepName, LivePlay>([
  ['ok', whole],
  ['live-slow', { ...whole, paceMs: slowMs }],
  [
    'live-close-1011-mid',
    {
      paceMs: 0,
      async turn({ conversation }, [first]) {
        if (first !== undefined) await conversation.say(first);
        conversation.close(closing(1011, 'Internal error encountered.'));
      },
    },
  ],
  [
    'live-go-away',
    {
      paceMs: 0,
      async turn(session, messages, turns) {
        await whole.turn(session, messages, turns);
        // Not waited for: the session goes on for the time that is left.
        if (turns === 1) void session.goAway(timeLeftMs);
      },
    },
  ],
  [
    'live-flood',
    {
      paceMs: 0,
      async turn({ conversation }) {
        const parts = [{ text: 'x'.repeat(floodBytes) }];
        while (conversation.isOpen) {
          await conversation.say({ serverContent: { modelTurn: { parts } } });
          // While the socket takes everything at once, nobody else would get a turn of the event loop.
          await setImmediate();
        }
      },
    },
  ],
]);
