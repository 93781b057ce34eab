/** A model as the lists of both dialects describe it. */
export interface Model {
  readonly id: string;
  readonly displayName: string;
  readonly inputTokenLimit: number;
  readonly outputTokenLimit: number;
  readonly methods: readonly string[];
  /** Its answers come in hops: long decode. */
  readonly hasHops?: boolean | undefined;
}

const generates = ['generateContent', 'countTokens', 'createCachedContent', 'batchGenerateContent'];
const embeds = ['embedContent', 'countTextTokens', 'countTokens', 'asyncBatchEmbedContent'];

const tunes = [...generates, 'createTunedModel'];
const talks = ['bidiGenerateContent', 'countTokens'];

function generator(id: string, displayName: string, outputTokenLimit: number): Model {
  return { id, displayName, inputTokenLimit: 1_048_576, outputTokenLimit, methods: generates };
}

function other(id: string, displayName: string, methods: readonly string[]): Model {
  return { id, displayName, inputTokenLimit: 131_072, outputTokenLimit: 8_192, methods };
}

/** The models that exist here, in the order of the list. */
export const models: readonly Model[] = [
  generator('gemini-2.0-flash', 'Gemini 2.0 Flash', 8_192),
  generator('gemini-2.0-flash-lite', 'Gemini 2.0 Flash-Lite', 8_192),
  generator('gemini-2.5-flash-lite', 'Gemini 2.5 Flash-Lite', 65_536),
  { ...generator('gemini-2.5-flash', 'Gemini 2.5 Flash', 65_536), methods: tunes },
  generator('gemini-2.5-pro', 'Gemini 2.5 Pro', 65_536),
  generator('gemini-3-pro-preview', 'Gemini 3 Pro Preview', 65_536),
  generator('gemini-3.8-flash', 'Gemini 3.8 Flash', 65_536),
  { ...generator('gemini-4-argon', 'Gemini 4 Argon', 32_768), hasHops: true },
  {
    id: 'gemini-embedding-001',
    displayName: 'Gemini Embedding 001',
    inputTokenLimit: 2_048,
    outputTokenLimit: 1,
    methods: embeds,
  },
  other('gemini-live-2.5-flash-preview', 'Gemini 2.5 Flash Live Preview', talks),
  other('gemini-3.8-live', 'Gemini 3.8 Live', talks),
  other('lyria-realtime-exp', 'Lyria Realtime', ['bidiGenerateMusic']),
  other('imagen-4.0-generate-001', 'Imagen 4', ['predict']),
  other('veo-3.1-generate-preview', 'Veo 3.1', ['predictLongRunning']),
];

/** Methods that stand or fall with one that the list of models names. */
const listedAs: Readonly<Record<string, string>> = {
  streamGenerateContent: 'generateContent',
  batchEmbedContents: 'embedContent',
};

/** The model, if it exists and can do what is asked; null stands for a 404. */
export function modelFor(id: string, method: string | null): Model | null {
  const model = models.find((known) => known.id === id);
  if (model === undefined) return null;
  return method === null || model.methods.includes(listedAs[method] ?? method) ? model : null;
}

/** A model as the Gemini dialect shows it. */
export function geminiModel(model: Model): Readonly<Record<string, unknown>> {
  return {
    name: `models/${model.id}`,
    version: '001',
    displayName: model.displayName,
    description: `A stand-in for ${model.displayName}, played by a simulator.`,
    inputTokenLimit: model.inputTokenLimit,
    outputTokenLimit: model.outputTokenLimit,
    supportedGenerationMethods: model.methods,
    temperature: 1,
    topP: 0.95,
    topK: 64,
    maxTemperature: 2,
  };
}

/** A model as the OpenAI dialect shows it. */
export function openaiModel(model: Model): Readonly<Record<string, unknown>> {
  return { id: `models/${model.id}`, object: 'model', owned_by: 'google', display_name: model.displayName };
}

/**
 * One page of the list.
 *
 * @param pageSize - 1 to 1,000; anything else counts as 50, as at Google
 * @param pageToken - what the page before gave; anything else starts at the front
 */
export function modelPage(pageSize: string | null, pageToken: string | null): Readonly<Record<string, unknown>> {
  const asked = Number(pageSize ?? 50);
  const size = Number.isInteger(asked) && asked >= 1 && asked <= 1000 ? asked : 50;
  const start = Number(Buffer.from(pageToken ?? '', 'base64url').toString() || 0) || 0;
  const end = start + size;
  const page = { models: models.slice(start, end).map(geminiModel) };
  return end < models.length ? { ...page, nextPageToken: Buffer.from(String(end)).toString('base64url') } : page;
}
