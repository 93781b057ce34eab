import { type ResourceMethod, resourceCall } from './resource-call.ts';

/** What a request asks for, read from its method and target alone. */
export interface Call {
  readonly dialect: 'gemini' | 'openai';
  readonly version: string;
  readonly method: Method;
  /** Without `models/`; empty for lists, and for OpenAI calls that name it in their body. */
  readonly model: string;
  /** The last part of the name of a file or a cached content; empty elsewhere. */
  readonly resource: string;
  readonly query: URLSearchParams;
  /** How the answer is written: events, one streamed array, or one JSON text. OpenAI streams are found in the body. */
  readonly form: 'sse' | 'array' | 'whole';
}

/** The calls that exist here. */
export type Method =
  | 'generateContent'
  | 'streamGenerateContent'
  | 'countTokens'
  | 'embedContent'
  | 'batchEmbedContents'
  | 'listModels'
  | 'getModel'
  | 'chat'
  | 'embeddings'
  | ResourceMethod;

const verbs = new Set<string>([
  'generateContent',
  'streamGenerateContent',
  'countTokens',
  'embedContent',
  'batchEmbedContents',
] satisfies Method[]);

/** Reads method and target of a request; null when Google would answer its 404 page. */
export function callOf({ method, target }: { readonly method: string; readonly target: string }): Call | null {
  const path = decoded(target.split('?', 1)[0] ?? '');
  const query = queryOf(target);
  const [, door = '', version, rest] = /^\/((?:upload|download)\/)?(v[0-9][a-z0-9]*)\/(.+)$/.exec(path ?? '') ?? [];
  if (version === undefined || rest === undefined) return null;
  const kept = resourceCall(method, door + rest, query);
  const base = { dialect: 'gemini', model: '', resource: '', version, query, form: 'whole' } as const;
  if (kept !== null) return { ...base, ...kept };
  if (door !== '') return null;
  const named = rest.startsWith('openai/') ? openaiCall(method, rest.slice(7)) : geminiCall(method, rest);
  if (named === null) return null;
  const isStream = named.method === 'streamGenerateContent';
  const isSse = (query.get('alt') ?? query.get('$alt')) === 'sse';
  return { ...base, ...named, form: isStream ? (isSse ? 'sse' : 'array') : 'whole' };
}

/** The query of a request target; empty when there is none. */
export function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : target.slice(start));
}

type Named = Pick<Call, 'dialect' | 'method' | 'model'>;

function geminiCall(httpMethod: string, path: string): Named | null {
  if (httpMethod === 'GET' && path === 'models') return { dialect: 'gemini', method: 'listModels', model: '' };
  const [, model, verb] = /^models\/([^/:]+)(?::([A-Za-z]+))?$/.exec(path) ?? [];
  if (model === undefined) return null;
  if (httpMethod === 'GET' && verb === undefined) return { dialect: 'gemini', method: 'getModel', model };
  if (httpMethod !== 'POST' || verb === undefined || !verbs.has(verb)) return null;
  return { dialect: 'gemini', method: verb as Method, model };
}

function openaiCall(httpMethod: string, path: string): Named | null {
  if (httpMethod === 'POST' && path === 'chat/completions') return { dialect: 'openai', method: 'chat', model: '' };
  if (httpMethod === 'POST' && path === 'embeddings') return { dialect: 'openai', method: 'embeddings', model: '' };
  if (httpMethod === 'GET' && path === 'models') return { dialect: 'openai', method: 'listModels', model: '' };
  const model = /^models\/(?:models\/)?([^/]+)$/.exec(path)?.[1];
  if (httpMethod !== 'GET' || model === undefined) return null;
  return { dialect: 'openai', method: 'getModel', model };
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    // A path that is not percent-encoded UTF-8 names nothing: the caller gets the 404 page.
    return null;
  }
}
