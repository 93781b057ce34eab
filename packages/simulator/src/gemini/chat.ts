import type { Ask, Piece } from './ask.ts';
import { pieceTokens } from './generate.ts';
import { commonHeaders, jsonType, type Reply, sliced, type Told } from './reply.ts';

/** How a chat completion is to be told. */
export interface ChatForm {
  readonly isStream: boolean;
  /** `stream_options.include_usage`: a last event with the counters and no choices. */
  readonly hasUsageEvent: boolean;
}

/** Answers `chat/completions` of the OpenAI compatibility paths. */
export function chatCompletion(ask: Ask, pieces: readonly Piece[], form: ChatForm, id: string, nowMs: number): Reply {
  const base = { id, created: Math.floor(nowMs / 1000), model: ask.model };
  const tell = form.isStream ? streamed : whole;
  const retold = (others: readonly Piece[]): Reply => ({
    status: 200,
    pieces: others,
    headers: commonHeaders(form.isStream ? 'text/event-stream' : jsonType, nowMs),
    isStream: form.isStream,
    ...tell(ask, others, form, base),
    retold,
    failed: (_, errorBody) => Buffer.from(errorBody),
  });
  return retold(pieces);
}

type Base = Readonly<Record<string, unknown>>;

function streamed(ask: Ask, pieces: readonly Piece[], form: ChatForm, base: Base): Told {
  const chunk = { ...base, object: 'chat.completion.chunk' };
  const usage = usageOf(ask, pieces);
  const chunks: unknown[] = pieces.map((piece) => {
    if (isSilent(piece)) return { ...chunk, choices: [], usage };
    return { ...chunk, choices: [{ delta: messageOf([piece], true), index: 0, ...finishOf(piece) }] };
  });
  const isFinished = pieces.some(isLast);
  if (isFinished && form.hasUsageEvent && usage !== undefined) chunks.push({ ...chunk, choices: [], usage });
  return {
    events: chunks.map((event) => Buffer.from(`data: ${JSON.stringify(event)}\n\n`)),
    closing: Buffer.from(isFinished ? 'data: [DONE]\n\n' : ''),
  };
}

function whole(ask: Ask, pieces: readonly Piece[], _: ChatForm, base: Base): Told {
  const last = pieces.at(-1);
  if (last === undefined) return sliced('');
  const choices = isSilent(last) ? [] : [{ message: messageOf(pieces, false), index: 0, ...finishOf(last) }];
  return sliced(JSON.stringify({ ...base, object: 'chat.completion', choices, usage: usageOf(ask, pieces) }));
}

/** Nothing but the counters. */
function isSilent(piece: Piece): boolean {
  return piece.text === undefined && piece.call === undefined && !isLast(piece);
}

function isLast({ isFinal, blockReason }: Piece): boolean {
  return isFinal === true || blockReason !== undefined;
}

function finishOf(piece: Piece): { readonly finish_reason?: string } {
  const { call, finishReason, blockReason } = piece;
  if (!isLast(piece)) return {};
  if (blockReason !== undefined) return { finish_reason: 'content_filter' };
  // As Google's own OpenAI paths were seen to put it.
  if (finishReason !== undefined) return { finish_reason: `function_call_filter: ${finishReason}` };
  return { finish_reason: call === undefined ? 'stop' : 'tool_calls' };
}

/** Deltas number their tool calls, messages do not. */
function messageOf(pieces: readonly Piece[], isDelta: boolean): Readonly<Record<string, unknown>> {
  const calls = pieces.flatMap(({ call }) => (call === undefined ? [] : [call]));
  const isThought = pieces.some((piece) => piece.isThought);
  if (calls.length === 0) {
    return {
      role: 'assistant',
      content: pieces.map(({ text }) => text ?? '').join(''),
      ...(isThought ? { extra_content: { google: { thought: true } } } : {}),
    };
  }
  return {
    role: 'assistant',
    tool_calls: calls.map((call, index) => ({
      ...(isDelta ? { index } : {}),
      id: `function-call-${index + 1}`,
      type: 'function',
      function: { name: call.name, arguments: JSON.stringify(call.args) },
    })),
  };
}

/** Undefined where no piece has counters. */
function usageOf(ask: Ask, pieces: readonly Piece[]): Readonly<Record<string, number>> | undefined {
  if (pieces.length > 0 && pieces.every(({ counters }) => counters === null)) return undefined;
  const counters = pieces.find((piece) => typeof piece.counters === 'number')?.counters ?? null;
  if (counters !== null) return { prompt_tokens: counters, completion_tokens: counters, total_tokens: counters };
  const completion = pieces.reduce((sum, piece) => sum + pieceTokens(piece), 0);
  return {
    prompt_tokens: ask.promptTokens,
    completion_tokens: completion,
    total_tokens: ask.promptTokens + completion,
  };
}
