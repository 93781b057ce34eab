/** The channels of IPC, and what passes on them beside the contract. Both sides load this file; it loads nothing. */

import type { ChatPart } from './contract.ts';

/** Asked by `invoke`, answered with a {@link Reply}. */
export const questions = {
  saveKey: 'sluice:save-key',
  unlockKey: 'sluice:unlock-key',
  deleteKey: 'sluice:delete-key',
  keyState: 'sluice:key-state',
  startChat: 'sluice:start-chat',
  cancelChat: 'sluice:cancel-chat',
} as const;

/** From the window: `{ id, seq }` has been taken. The chunk 0 is the id itself; before that nothing is sent. */
export const takenChannel = 'sluice:taken';

/** To the window. */
export const events = {
  newChunk: 'sluice:newChunk',
  streamEnd: 'sluice:streamEnd',
  streamError: 'sluice:streamError',
} as const;

/** Data instead of an exception: Electron would put words of its own before a message, and drop the code. */
export type Reply<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** A chunk on its way. */
export interface SentChunk {
  readonly id: string;
  readonly seq: number;
  readonly parts: readonly ChatPart[];
}

/** An acknowledgement. */
export interface Taken {
  readonly id: string;
  readonly seq: number;
}
