import type { Ask, Piece } from './ask.ts';
import type { Call } from './call.ts';
import { oneLine, pretty } from './google-json.ts';
import { commonHeaders, jsonType, type Reply, sliced, type Told } from './reply.ts';
import { countTokens } from './tokens.ts';

/** Answers generateContent and streamGenerateContent in the form that the call asked for. */
export function geminiGeneration(call: Call, ask: Ask, pieces: readonly Piece[], id: string, nowMs: number): Reply {
  const headers = commonHeaders(call.form === 'sse' ? 'text/event-stream' : jsonType, nowMs);
  if (call.form === 'sse') headers.splice(1, 0, ['Content-Disposition', 'attachment']);
  const retold = (others: readonly Piece[]): Reply => ({
    status: 200,
    pieces: others,
    headers,
    isStream: call.form !== 'whole',
    ...told[call.form](chunksOf(ask, others, id)),
    retold,
    failed: (eventsBefore, errorBody) =>
      Buffer.from(call.form === 'array' && eventsBefore > 0 ? `,\r\n${unwrapped(errorBody)}\n]` : errorBody),
  });
  return retold(pieces);
}

type Chunk = Readonly<Record<string, unknown>>;

const told: Readonly<Record<Call['form'], (chunks: readonly Chunk[]) => Told>> = {
  sse: (chunks) => ({
    events: chunks.map((chunk) => Buffer.from(`data: ${oneLine(chunk)}\r\n\r\n`)),
    closing: Buffer.alloc(0),
  }),
  array: (chunks) => ({
    events: chunks.map((chunk, at) => Buffer.from(`${at === 0 ? '[' : ',\r\n'}${pretty(chunk)}`)),
    closing: Buffer.from(chunks.length === 0 ? '[]' : ']'),
  }),
  whole: (chunks) => sliced(chunks.length === 0 ? '' : pretty(merged(chunks))),
};

/** Token counts are cumulative: each chunk says what the answer has cost so far. */
function chunksOf(ask: Ask, pieces: readonly Piece[], id: string): Chunk[] {
  let candidateTokens = 0;
  return pieces.map((piece) => {
    candidateTokens += pieceTokens(piece);
    const candidate = candidateOf(piece);
    return {
      ...(candidate === null ? {} : { candidates: [candidate] }),
      ...(piece.blockReason === undefined ? {} : { promptFeedback: { blockReason: piece.blockReason } }),
      ...usageOf(ask, candidateTokens, piece.counters),
      modelVersion: ask.model,
      responseId: id,
    };
  });
}

function usageOf(ask: Ask, candidateTokens: number, counters: Piece['counters']): Chunk {
  if (counters === null) return {};
  const [prompt, candidates, total] =
    counters === undefined
      ? [ask.promptTokens, candidateTokens, ask.promptTokens + candidateTokens]
      : [counters, counters, counters];
  return {
    usageMetadata: {
      promptTokenCount: prompt,
      ...(candidates === 0 ? {} : { candidatesTokenCount: candidates }),
      totalTokenCount: total,
      ...cacheUsage(ask.cachedTokens),
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    },
  };
}

/** What the counters say of cached tokens: nothing where none were asked for. */
export function cacheUsage(tokens: number | null | undefined): Chunk {
  if (tokens === null || tokens === undefined) return {};
  return { cachedContentTokenCount: tokens, cacheTokensDetails: [{ modality: 'TEXT', tokenCount: tokens }] };
}

/** Tokens of one piece; every piece costs at least one, as a model cannot say less. */
export function pieceTokens({ text, call }: Piece): number {
  if (call !== undefined) return countTokens(JSON.stringify(call));
  return text === undefined ? 0 : Math.max(1, countTokens(text));
}

function candidateOf(piece: Piece): Readonly<Record<string, unknown>> | null {
  const { call, isFinal, finishReason = 'STOP', continuationToken } = piece;
  const parts = partsOf(piece);
  if (parts.length === 0 && !isFinal) return null;
  return {
    content: parts.length === 0 ? {} : { parts, role: 'model' },
    ...(isFinal ? { finishReason } : {}),
    index: 0,
    ...(continuationToken === undefined ? {} : { continuationToken }),
    ...(isFinal && call !== undefined ? { finishMessage: 'Model generated function call(s).' } : {}),
  };
}

interface Part {
  readonly text?: string;
  readonly thought?: true;
  readonly functionCall?: unknown;
}

function partsOf({ text, call, isThought }: Piece): Part[] {
  if (call !== undefined) return [{ functionCall: call }];
  if (text === undefined) return [];
  return [isThought ? { text, thought: true } : { text }];
}

interface Candidate {
  readonly content: { readonly parts?: readonly Part[] };
}

/** One answer out of the chunks of a stream: texts joined, everything else as it was said last. */
function merged(chunks: readonly Chunk[]): Chunk {
  const candidates = chunks.flatMap((chunk) => (chunk.candidates ?? []) as readonly Candidate[]);
  const all = Object.assign({}, ...chunks);
  const parts = candidates.flatMap((candidate) => candidate.content.parts ?? []);
  const [first] = parts;
  if (first === undefined) return all;
  const calls = parts.filter((part) => part.functionCall !== undefined);
  const text = parts.map((part) => part.text ?? '').join('');
  const content = { parts: calls.length > 0 ? calls : [{ ...first, text }], role: 'model' };
  return { ...all, candidates: [{ ...candidates.at(-1), content }] };
}

/** An error that stands in a list of one, without the list. */
function unwrapped(errorBody: string): string {
  return errorBody.replace(/^\[\s*/, '').replace(/\s*\]\s*$/, '');
}
