import { type Family, type Method as RouteMethod, routeFor } from './routes.ts';

/** What a request asks for, read from its method and target alone. */
export interface Call {
  readonly dialect: 'gemini' | 'openai' | 'interactions';
  readonly version: string;
  readonly method: Method;
  /** Who answers it; the OpenAI paths are a family of their own. */
  readonly family: Family | 'openai';
  /** Without `models/`, but with `tunedModels/`; empty for OpenAI calls that name it in their body. */
  readonly model: string;
  /** The last part of the name of a thing, or all of it for operations and trees; empty elsewhere. */
  readonly resource: string;
  /** The id of what that is part of; empty elsewhere. */
  readonly parent: string;
  readonly query: URLSearchParams;
  /** How the answer is written: events, one streamed array, or one JSON text. Other streams are found in the body. */
  readonly form: 'sse' | 'array' | 'whole';
}

/** The calls that exist here. */
export type Method = RouteMethod | 'chat' | 'embeddings';

/** Reads method and target of a request; null when Google would answer its 404 page. */
export function callOf({ method, target }: { readonly method: string; readonly target: string }): Call | null {
  const path = decoded(target.split('?', 1)[0] ?? '');
  const query = queryOf(target);
  const [, door = '', version, rest] = /^\/((?:upload|download)\/)?(v[0-9][a-z0-9]*)\/(.+)$/.exec(path ?? '') ?? [];
  if (version === undefined || rest === undefined) return null;
  const base = { version, query, form: 'whole' } as const;
  if (rest.startsWith('openai/') && door === '') {
    const named = openaiCall(method, rest.slice(7));
    return named === null ? null : { ...base, dialect: 'openai', family: 'openai', resource: '', parent: '', ...named };
  }
  const found = routeFor(method, door + rest, query.has('upload_id'));
  if (found === null) return null;
  const isStream = found.method === 'streamGenerateContent';
  const isSse = (query.get('alt') ?? query.get('$alt')) === 'sse';
  return { ...base, ...found, form: isStream ? (isSse ? 'sse' : 'array') : 'whole' };
}

/** The query of a request target; empty when there is none. */
export function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : target.slice(start));
}

type Named = Pick<Call, 'method' | 'model'>;

function openaiCall(httpMethod: string, path: string): Named | null {
  if (httpMethod === 'POST' && path === 'chat/completions') return { method: 'chat', model: '' };
  if (httpMethod === 'POST' && path === 'embeddings') return { method: 'embeddings', model: '' };
  if (httpMethod === 'GET' && path === 'models') return { method: 'listModels', model: '' };
  const model = /^models\/(?:models\/)?([^/]+)$/.exec(path)?.[1];
  return httpMethod !== 'GET' || model === undefined ? null : { method: 'getModel', model };
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    // A path that is not percent-encoded UTF-8 names nothing: the caller gets the 404 page.
    return null;
  }
}
