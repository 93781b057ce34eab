import { type Fields, field, isFields, list, text } from './body.ts';
import { type CallMode, type FunctionCall, type FunctionTool, functionCallFor, sampleOf } from './function-call.ts';
import { countTokens } from './tokens.ts';

/** What a generation is asked for, whatever the dialect. */
export interface Ask {
  readonly model: string;
  /** Text of the last turn; empty when that turn brings the results of functions. */
  readonly prompt: string;
  readonly promptTokens: number;
  /** How many of those were cached; null and nothing at all when the prompt names no cached content. */
  readonly cachedTokens?: number | null;
  readonly tools: readonly FunctionTool[];
  readonly mode: CallMode;
  /** Set when the answer must be JSON; `null` stands for any JSON. */
  readonly schema?: unknown;
}

/** One step of an answer. Neither text nor call nor an end: nothing but the counters. */
export interface Piece {
  readonly text?: string | undefined;
  readonly call?: FunctionCall | undefined;
  /** Carries the reason why the model stopped: the terminal marker. */
  readonly isFinal?: boolean | undefined;
  /** That reason, in Gemini's words, where it is not the usual one. */
  readonly finishReason?: string | undefined;
  /** The same request with it goes on behind this piece. */
  readonly continuationToken?: string | undefined;
  /** The text was thought, not said. */
  readonly isThought?: boolean | undefined;
  /** Why the prompt is not answered: the terminal marker of an answer without candidates. */
  readonly blockReason?: string | undefined;
  /** What every counter says in place of the right numbers; null for no counters at all. */
  readonly counters?: number | null | undefined;
}

/** Media count as much as Google charges for one tile of an image. */
const mediaTokens = 258;

/** Reads a GenerateContentRequest, in either spelling. */
export function geminiAsk(model: string, body: Fields): Ask {
  const contents = list(body, 'contents');
  const lastParts = list(contents.at(-1), 'parts');
  const config = field(body, 'generationConfig');
  const calling = field(field(body, 'toolConfig'), 'functionCallingConfig');
  const isJson = text(config, 'responseMimeType') === 'application/json';
  return {
    model,
    prompt: lastParts.map((part) => text(part, 'text') ?? '').join(''),
    promptTokens: geminiTokens(body),
    tools: geminiTools(body, list(calling, 'allowedFunctionNames')),
    mode: callMode(text(calling, 'mode')),
    ...(isJson ? { schema: field(config, 'responseSchema') ?? field(config, 'responseJsonSchema') ?? null } : {}),
  };
}

/** Tokens of everything in a request that a model would read: turns, system instruction, tools. */
export function geminiTokens(body: Fields): number {
  const turns = [...list(body, 'contents'), field(body, 'systemInstruction') ?? {}];
  const tools = list(body, 'tools');
  const toolTokens = tools.length === 0 ? 0 : countTokens(JSON.stringify(tools));
  return turns.flatMap((turn) => list(turn, 'parts')).reduce<number>((sum, part) => sum + partTokens(part), toolTokens);
}

function partTokens(part: unknown): number {
  const words = text(part, 'text');
  if (words !== undefined) return countTokens(words);
  const isMedia = field(part, 'inlineData') !== undefined || field(part, 'fileData') !== undefined;
  return isMedia ? mediaTokens : countTokens(JSON.stringify(part ?? ''));
}

function geminiTools(body: Fields, allowed: readonly unknown[]): FunctionTool[] {
  return list(body, 'tools')
    .flatMap((tool) => list(tool, 'functionDeclarations'))
    .map((declared) => ({
      name: text(declared, 'name') ?? '',
      parameters: field(declared, 'parameters') ?? field(declared, 'parametersJsonSchema'),
    }))
    .filter(({ name }) => allowed.length === 0 || allowed.includes(name));
}

function callMode(mode: string | undefined): CallMode {
  if (mode === 'ANY') return 'any';
  return mode === 'NONE' ? 'none' : 'auto';
}

/** Reads a chat completion request. */
export function openaiAsk(model: string, body: Fields): Ask {
  const messages = list(body, 'messages');
  const last = messages.at(-1);
  const tools = list(body, 'tools').map((tool) => field(tool, 'function'));
  const choice = body.tool_choice;
  const wanted = text(field(choice, 'function'), 'name');
  const offered = tools.map((tool) => ({ name: text(tool, 'name') ?? '', parameters: field(tool, 'parameters') }));
  const format = body.response_format;
  const kind = text(format, 'type') ?? '';
  const toolTokens = tools.length === 0 ? 0 : countTokens(JSON.stringify(tools));
  return {
    model,
    prompt: text(last, 'role') === 'tool' ? '' : messageText(last),
    promptTokens: messages.reduce<number>((sum, message) => sum + countTokens(messageText(message)), toolTokens),
    tools: wanted === undefined ? offered : offered.filter((tool) => tool.name === wanted),
    mode: choice === 'none' ? 'none' : choice === 'required' || isFields(choice) ? 'any' : 'auto',
    ...(kind.startsWith('json') ? { schema: field(field(format, 'json_schema'), 'schema') ?? null } : {}),
  };
}

function messageText(message: unknown): string {
  const parts = list(message, 'content').map((part) => text(part, 'text') ?? '');
  return text(message, 'content') ?? parts.join('');
}

/** The answer to an ask, cut into words; the last piece is final. */
export function piecesFor(ask: Ask, answer: (prompt: string, model: string) => string): Piece[] {
  const call = functionCallFor(ask.prompt, ask.tools, ask.mode);
  if (call !== null) return [{ call, isFinal: true }];
  const words = ask.schema === undefined ? answer(ask.prompt, ask.model) : JSON.stringify(sampleOf(ask.schema) ?? {});
  const cut = words.match(/\s*\S+(?:\s+$)?/g) ?? [words];
  return cut.map((word, at) => (at === cut.length - 1 ? { text: word, isFinal: true } : { text: word }));
}
