import { type ErrorName, errors } from '../errors.ts';
import { interactionError } from '../interactions/envelope.ts';
import type { Call } from './call.ts';
import type { GoogleError } from './google-error.ts';
import { pretty } from './google-json.ts';
import { jsonType, type Reply, wholeReply } from './reply.ts';

/** What stands in the braces of an error text. */
export type Blanks = Readonly<Record<string, string>>;

/** Blanks for errors that are played on demand and know nothing better. */
const usualBlanks: Blanks = {
  version: 'v1beta',
  model: 'gemini-2.5-flash',
  method: 'generateContent',
  rpc: 'v1beta.GenerativeService.GenerateContent',
  action: 'Generate',
  content: 'GenerateContent',
  family: 'generate_content',
  file: 'simulated-file',
  project: 'simulated-project',
  key: '',
  limit: '10',
  retryIn: '17.204918653s',
  retryDelay: '17s',
};

/**
 * An error body as Google writes it: pretty-printed, in a list of one on OpenAI paths and for streamed arrays, and with
 * a word for a code around interactions.
 */
export function errorBody(reason: ErrorName | GoogleError, call: Call | null, blanks: Blanks): string {
  const error = filled(errorOf(reason), { ...usualBlanks, ...blanksOf(call), ...blanks }) as GoogleError;
  if (call?.dialect === 'interactions') return pretty({ error: interactionError(error) });
  const body = { error };
  return pretty(call?.dialect === 'openai' || call?.form === 'array' ? [body] : body);
}

/** The whole answer around it. Refusals of an SSE call are typed as a stream although they are none, as recorded. */
export function refusal(reason: ErrorName | GoogleError, call: Call | null, blanks: Blanks, nowMs: number): Reply {
  const contentType = call?.form === 'sse' ? 'text/event-stream' : jsonType;
  return wholeReply(errorOf(reason).code, contentType, errorBody(reason, call, blanks), nowMs);
}

function errorOf(reason: ErrorName | GoogleError): GoogleError {
  return typeof reason === 'string' ? errors[reason] : reason;
}

/** What Google's front end says about paths that no service listens to. */
export function unknownPath(target: string, nowMs: number): Reply {
  const path = (target.split('?')[0] ?? '').replace(/[<>&"]/g, '');
  const page = `<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error 404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>${path}</code> was not found on this server.\n</html>\n`;
  return wholeReply(404, 'text/html; charset=UTF-8', page, nowMs);
}

/** Streams are refused in the name of generateContent, as recorded; reading a model has no method to name. */
const verbless = { streamGenerateContent: true, getModel: true };

function blanksOf(call: Call | null): Blanks {
  if (call === null) return {};
  const isEmbedding = /embed/i.test(call.method);
  return {
    version: call.version,
    ...(call.model === '' ? {} : { model: call.model }),
    ...(call.method in verbless || call.dialect === 'openai' ? {} : { method: call.method }),
    ...(isEmbedding ? { action: 'EmbedContent', content: 'EmbedContent', family: 'embed_content' } : {}),
  };
}

function filled(value: unknown, blanks: Blanks): unknown {
  if (typeof value === 'string') return value.replace(/\{(\w+)\}/g, (blank, name: string) => blanks[name] ?? blank);
  if (Array.isArray(value)) return value.map((item) => filled(item, blanks));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, blanks)]));
}
