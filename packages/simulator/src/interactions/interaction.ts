/** An interaction as it is kept and shown: what was asked, and the steps that answer it. */

import type { Ask, Piece } from '../gemini/ask.ts';
import type { Fields } from '../gemini/body.ts';
import { pieceTokens } from '../gemini/generate.ts';
import type { Keepable } from '../gemini/shelf.ts';
import type { World } from '../gemini/world.ts';

/** One request and its answer. Its pieces are known from the start, but told when their time has come. */
export interface Interaction extends Keepable {
  /** What is kept nowhere is known by no id: nobody can ask for it. */
  readonly isStored: boolean;
  /** Null for one that an agent answers. */
  readonly model: string | null;
  readonly agent: string | null;
  /** What the client said, as it said it. */
  readonly input: unknown;
  readonly previousId: string | null;
  readonly ask: Ask;
  readonly pieces: readonly Piece[];
  readonly createdMs: number;
  /** Until then a background interaction is in progress. */
  readonly doneMs: number;
  /** Set in its place, so that whoever is being told of it hears that too. */
  cancelledMs: number | null;
}

/** Where an interaction stands: `requires_action` waits for a function, `requires_continuation` for the next hop. */
export function statusOf(interaction: Interaction, nowMs: number): string {
  const { cancelledMs, doneMs } = interaction;
  if (cancelledMs !== null) return 'cancelled';
  return nowMs < doneMs ? 'in_progress' : endStatusOf(interaction.pieces.at(-1));
}

/** How an interaction ends with its last piece. */
export function endStatusOf(last: Piece | undefined): string {
  if (last?.blockReason !== undefined) return 'failed';
  if (last?.call !== undefined) return 'requires_action';
  if (last?.finishReason === 'CONTINUATION') return 'requires_continuation';
  return last?.finishReason === undefined ? 'completed' : 'failed';
}

/** An interaction as the API shows it; steps and usage come with its end. */
export function interactionJson(interaction: Interaction, world: World, hasInput = false): Fields {
  const status = statusOf(interaction, world.now());
  const isTold = status !== 'in_progress' && status !== 'cancelled';
  const { pieces, input, isStored } = interaction;
  const { id, ...head } = headJson(interaction, status);
  return {
    ...(isStored ? { id } : {}),
    ...head,
    ...(isTold ? { ...endJson(interaction, pieces), steps: stepsOf(pieces, interaction.id) } : {}),
    ...(hasInput ? { input } : {}),
    created: stamp(interaction.createdMs),
    updated: stamp(Math.min(world.now(), interaction.cancelledMs ?? interaction.doneMs)),
  };
}

/** What every event about the whole interaction says. */
export function headJson(interaction: Interaction, status: string): Fields {
  const { model, agent, previousId } = interaction;
  return {
    id: toldId(interaction),
    status,
    object: 'interaction',
    ...(model === null ? {} : { model }),
    ...(agent === null ? {} : { agent }),
    ...(previousId === null ? {} : { previous_interaction_id: previousId }),
  };
}

/** The id as events tell it: empty where nothing is kept. */
export function toldId({ id, isStored }: Interaction): string {
  return isStored ? id : '';
}

/** What is known when it is over: its cost, and the token of the next hop. */
export function endJson({ ask }: Interaction, pieces: readonly Piece[]): Fields {
  const last = pieces.at(-1);
  const output = pieces.reduce((sum, piece) => sum + pieceTokens(piece), 0);
  const [inputTokens, outputTokens] =
    typeof last?.counters === 'number' ? [last.counters, last.counters] : [ask.promptTokens, output];
  const usage = {
    total_tokens: inputTokens + outputTokens,
    total_input_tokens: inputTokens,
    input_tokens_by_modality: [{ modality: 'text', tokens: inputTokens }],
    total_cached_tokens: 0,
    total_output_tokens: outputTokens,
    total_tool_use_tokens: 0,
    total_thought_tokens: 0,
  };
  return {
    ...(last?.counters === null ? {} : { usage }),
    ...(last?.continuationToken === undefined ? {} : { continuation_token: last.continuationToken }),
    service_tier: 'standard',
  };
}

/** Seconds, as recorded. */
export function stamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** What a model thought, sealed; the same for the same interaction. */
export function signatureOf(id: string): string {
  return Buffer.from(`thoughts of ${id}`).toString('base64');
}

/** The id of the call of a function, which its result names. */
export function callIdOf(id: string): string {
  return `call_${id.slice(-8)}`;
}

function stepsOf(pieces: readonly Piece[], id: string): Fields[] {
  const thought = { type: 'thought', signature: signatureOf(id) };
  const calls = pieces.flatMap(({ call }) => (call === undefined ? [] : [call]));
  if (calls.length > 0) {
    return [
      thought,
      ...calls.map(({ name, args }) => ({ type: 'function_call', id: callIdOf(id), name, arguments: args })),
    ];
  }
  const text = pieces
    .filter(({ isThought }) => !isThought)
    .map((piece) => piece.text ?? '')
    .join('');
  return [thought, ...(text === '' ? [] : [{ type: 'model_output', content: [{ type: 'text', text }] }])];
}
