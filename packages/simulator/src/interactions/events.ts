/** An interaction told event by event, each with an id from which it can be told on. */

import type { Piece } from '../gemini/ask.ts';
import type { Fields } from '../gemini/body.ts';
import { commonHeaders, type Reply } from '../gemini/reply.ts';
import type { World } from '../gemini/world.ts';
import {
  callIdOf,
  endJson,
  endStatusOf,
  headJson,
  type Interaction,
  signatureOf,
  stamp,
  statusOf,
  toldId,
} from './interaction.ts';

/** Created, and in progress: what is told before a background interaction is done. */
const openingEvents = 2;

/** How a stream of events is asked for. */
export interface Telling {
  /** Events up to this one are left out. */
  readonly afterEventId: string | null;
}

/** The stream of an interaction; null when no event has that id. */
export function interactionStream(interaction: Interaction, { afterEventId }: Telling, world: World): Reply | null {
  const all = eventsOf(interaction, interaction.pieces);
  const start = afterEventId === null ? 0 : all.findIndex(({ event_id }) => event_id === afterEventId) + 1;
  if (start === 0 && afterEventId !== null) return null;
  const isOver = () => statusOf(interaction, world.now()) !== 'in_progress';
  const told = (pieces: readonly Piece[]): Reply => ({
    status: 200,
    headers: commonHeaders('text/event-stream', world.now()),
    isStream: true,
    pieces,
    // Asked again behind the gate: it may have been cancelled in the meantime.
    get events() {
      return eventsOf(interaction, pieces).slice(start).map(written);
    },
    get closing() {
      const isDone = eventsOf(interaction, pieces).some(({ event_type }) => event_type === 'interaction.completed');
      return Buffer.from(isDone ? 'data: [DONE]\n\n' : '');
    },
    gate: { before: Math.max(0, openingEvents - start), isOpen: isOver },
    retold: told,
    failed: (_, errorBody) => written({ event_type: 'error', ...JSON.parse(errorBody) }),
  });
  return told(interaction.pieces);
}

function written(event: Fields): Uint8Array {
  return Buffer.from(`event: ${event.event_type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** Every event, in order. An interaction that was cancelled is told no further than that. */
function eventsOf(interaction: Interaction, pieces: readonly Piece[]): Fields[] {
  const { id, cancelledMs, isStored } = interaction;
  const interaction_id = toldId(interaction);
  const events: Fields[] = [
    { interaction: headJson(interaction, 'in_progress'), event_type: 'interaction.created' },
    { interaction_id, status: 'in_progress', event_type: 'interaction.status_update' },
  ];
  if (cancelledMs !== null) {
    events.push({ interaction_id, status: 'cancelled', event_type: 'interaction.status_update' });
    events.push(completed(interaction, [], 'cancelled'));
  } else if (pieces.length > 0) events.push(...stepEvents(interaction, pieces));
  // What is kept nowhere cannot be told on from anywhere.
  return isStored ? events.map((event, at) => ({ ...event, event_id: eventId(id, at) })) : events;
}

/** A thought that says nothing, and then the answer: text bit by bit, or a call. */
function stepEvents(interaction: Interaction, pieces: readonly Piece[]): Fields[] {
  const { id } = interaction;
  const thought = [
    { index: 0, step: { type: 'thought' }, event_type: 'step.start' },
    { index: 0, delta: { signature: signatureOf(id), type: 'thought_signature' }, event_type: 'step.delta' },
    { index: 0, event_type: 'step.stop' },
  ];
  let isSpeaking = false;
  const said = pieces.flatMap((piece, at): Fields[] => {
    const events: Fields[] = [];
    const isLast = piece.isFinal === true || piece.blockReason !== undefined;
    if (piece.call !== undefined) events.push(...callEvents(piece.call, id));
    else if (piece.text !== undefined) {
      if (!isSpeaking) events.push({ index: 1, step: { type: 'model_output' }, event_type: 'step.start' });
      isSpeaking = true;
      const type = piece.isThought ? 'thought_summary' : 'text';
      const delta = piece.isThought
        ? { content: { text: piece.text, type: 'text' }, type }
        : { text: piece.text, type };
      events.push({ index: 1, delta, event_type: 'step.delta' });
    }
    if (isSpeaking && isLast) events.push({ index: 1, event_type: 'step.stop' });
    if (isLast) events.push(completed(interaction, pieces.slice(0, at + 1), endStatusOf(piece)));
    isSpeaking &&= !isLast;
    return events;
  });
  return [...thought, ...said];
}

function callEvents(call: { readonly name: string; readonly args: Fields }, id: string): Fields[] {
  const step = { id: callIdOf(id), signature: '', type: 'function_call', name: call.name, arguments: {} };
  return [
    { index: 1, step, event_type: 'step.start' },
    { index: 1, delta: { arguments: JSON.stringify(call.args), type: 'arguments_delta' }, event_type: 'step.delta' },
    { index: 1, event_type: 'step.stop' },
  ];
}

function completed(interaction: Interaction, pieces: readonly Piece[], status: string): Fields {
  const { createdMs, doneMs } = interaction;
  const times = { created: stamp(createdMs), updated: stamp(doneMs) };
  const end = pieces.length === 0 ? {} : endJson(interaction, pieces);
  return { interaction: { ...headJson(interaction, status), ...end, ...times }, event_type: 'interaction.completed' };
}

function eventId(id: string, at: number): string {
  return Buffer.from(`${id} ${at}`).toString('base64url');
}
