import { createHash } from 'node:crypto';
import { type Fields, field, list, text } from './body.ts';

/** What the model gives when nobody asks for fewer. */
const usualDimensions = 3072;

/** A vector of length 1 that depends on the text alone: the same text always gets the same one. */
function embedding(words: string, dimensions: number = usualDimensions): number[] {
  let seed = createHash('sha256').update(words).digest().readUInt32LE(0) || 1;
  const values = Array.from({ length: dimensions }, () => {
    // xorshift32: enough to spread the values, and needs no state beside the seed.
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed / 2 ** 31;
  });
  const length = Math.hypot(...values) || 1;
  return values.map((value) => Math.fround(value / length));
}

/** The vector that an EmbedContentRequest asks for. */
export function embedRequest(request: unknown): { readonly values: number[] } {
  const parts = list(field(request, 'content'), 'parts');
  const words = parts.map((part) => text(part, 'text') ?? '').join('');
  return { values: embedding(words, dimensionsOf(field(request, 'outputDimensionality'))) };
}

/** Answers an OpenAI embeddings request; `tokensOf` counts what it costs. */
export function openaiEmbeddings(
  model: string,
  body: Fields,
  tokensOf: (words: string) => number,
): Fields & { readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number } } {
  const input = typeof body.input === 'string' ? [body.input] : list(body, 'input');
  const texts = input.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
  const tokens = texts.reduce((sum, words) => sum + tokensOf(words), 0);
  const vectors = texts.map((words) => embedding(words, dimensionsOf(body.dimensions)));
  const shown = body.encoding_format === 'base64' ? vectors.map(base64) : vectors;
  return {
    object: 'list',
    data: shown.map((vector, index) => ({ object: 'embedding', index, embedding: vector })),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function dimensionsOf(asked: unknown): number | undefined {
  return typeof asked === 'number' && Number.isInteger(asked) && asked > 0 ? asked : undefined;
}

function base64(values: readonly number[]): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
}
