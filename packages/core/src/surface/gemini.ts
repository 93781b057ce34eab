/** The Gemini API as clients call it: which path is which call. What is not known passes through. */

import type { Dialect } from '../dialect/dialect.ts';
import { gemini } from '../dialect/gemini/dialect.ts';
import { interactions } from '../dialect/interactions/dialect.ts';
import { openaiChat } from '../dialect/openai-chat/dialect.ts';
import { SluiceError } from '../errors.ts';
import { callName } from './call-name.ts';
import { interactionInBody } from './interaction-in-body.ts';
import { interactionsCall, interactionsPath } from './interactions.ts';
import { isLivePath, upgradeRequired } from './live-path.ts';
import { assertDirected } from './misdirected.ts';
import { setupOfToken, withModelMeant } from './model-alias.ts';
import { modelInBody } from './model-in-body.ts';
import {
  type AnswerKind,
  type Call,
  type Knock,
  mintToken,
  type Repeat,
  registerFiles,
  type Surfaces,
} from './surface.ts';
import { parseTarget, type QueryParameter, type Target } from './target.ts';
import { uploadCall, uploadPath } from './uploads.ts';

/** The API at the root, under `/upload/` or `/download/`, in any version: SDKs use `v1`, `v1beta` and `v1alpha`. */
const versioned = /^\/(?:upload\/|download\/)?v[0-9][a-z0-9]*(?:[/:]|$)/;

interface CallRow {
  readonly answer: AnswerKind;
  readonly repeat: Repeat;
  readonly method: 'GET' | 'POST';
}

const generation: CallRow = { answer: 'generation', repeat: 'unless-it-ran', method: 'POST' };
const computation: CallRow = { answer: 'document', repeat: 'always', method: 'POST' };
const listing: CallRow = { answer: 'document', repeat: 'always', method: 'GET' };
/** Read, for the sake of its page token. */
const modelListing: CallRow = { ...listing, answer: 'resource' };

/** Calls on a model, by verb. */
const modelCalls: ReadonlyMap<string, CallRow> = new Map([
  ['generateContent', generation],
  ['streamGenerateContent', generation],
  ['countTokens', computation],
  ['embedContent', computation],
  ['batchEmbedContents', computation],
]);

/** Calls of the OpenAI compatibility endpoint, by what follows `openai/`. */
const openaiCalls: ReadonlyMap<string, CallRow> = new Map([
  ['chat/completions', generation],
  ['embeddings', computation],
  ['models', listing],
]);

/** Query parameters by which a client signs; each is Google's own name for one. */
export const credentialParameters: ReadonlySet<string> = new Set(
  ['key', 'access_token', 'oauth_token', 'bearer_token'].flatMap((name) => [name, `$${name}`]),
);

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** Aliases of models: what a client may write, and what the provider is asked for. */
export type ModelRoutes = ReadonlyMap<string, string>;

/** The surfaces that speak to Gemini. */
export function geminiSurfaces(routes: ModelRoutes): Surfaces {
  const known = new Map<string, Call>();
  return {
    dialectOf(target) {
      if (interactionsPath.test(target)) return interactions;
      return /^\/v[0-9][a-z0-9]*\/openai\//.test(target) ? openaiChat : gemini;
    },
    readBody(call, body) {
      if (call.hasModelInBody && call.dialect === interactions) return interactionInBody(call, body);
      const model = call.hasModelInBody ? modelInBody(body) : null;
      return model === null ? call : { ...call, model: model.replace(/^models\//, '') };
    },
    bodyUp(call, body) {
      if (call.name !== mintToken || routes.size === 0) return body;
      return withModelMeant(body, setupOfToken, routes)?.data ?? body;
    },
    match(knock) {
      const isPlain = knock.method === 'POST' && mayBeRemembered(knock.target);
      const remembered = isPlain ? known.get(knock.target) : undefined;
      if (remembered !== undefined) return remembered;
      if (isLivePath(knock.target)) throw upgradeRequired();
      if (!methods.has(knock.method)) throw notAllowed(knock.method, [...methods].join(', '));
      const target = parseTarget(knock.target);
      if (!versioned.test(knock.target)) throw noSuchRoute(target.path);
      assertDirected(target.path);
      if (isForeignModelList(target, knock)) return foreignModelList(target, knock);
      const [, ...rest] = target.segments;
      if (rest[0] === 'openai') return openaiCall(rest.slice(1).join('/'), target, knock);
      const plainPath = `/${target.segments.join('/')}`;
      if (uploadPath.test(plainPath)) {
        const dialect = interactionsPath.test(plainPath) ? interactions : gemini;
        return uploadCall(passed(dialect, target, knock, {}), target, knock.method, knock.headers);
      }
      if (interactionsPath.test(plainPath)) {
        const other = passed(interactions, target, knock, {});
        return interactionsCall(other, target, knock.method, canBeJudged(target.query));
      }
      const call = geminiCall(rest, target, knock, routes);
      if (isPlain && known.size < mostRemembered) known.set(knock.target, call);
      return call;
    },
  };
}

/** Models are few, and the same paths come again with every request; one with a credential in it is not kept. */
const mostRemembered = 500;
const longestRemembered = 128;

function mayBeRemembered(target: string): boolean {
  if (target.length > longestRemembered) return false;
  const mark = target.indexOf('?');
  return mark < 0 || target.slice(mark) === '?alt=sse';
}

function geminiCall(rest: readonly string[], target: Target, knock: Knock, routes: ModelRoutes): Call {
  const [collection, name] = rest;
  if (collection === 'models' && rest.length <= 2) {
    const alias = name === undefined ? undefined : routes.get(name);
    const model = alias ?? name ?? null;
    const path = alias === undefined ? target.path : withModel(target, alias);
    if (target.verb === null) {
      if (knock.method === 'GET' || knock.method === 'HEAD') {
        const [what, row] =
          name === undefined ? (['models.list', modelListing] as const) : (['models.get', listing] as const);
        return call(gemini, what, row, target, { path });
      }
      throw notAllowed(knock.method, 'GET');
    }
    const row = name === undefined ? undefined : modelCalls.get(target.verb);
    if (row !== undefined) {
      if (knock.method !== row.method) throw notAllowed(knock.method, row.method);
      return call(gemini, target.verb, row, target, { path, model });
    }
    return passed(gemini, target, knock, { path, model });
  }
  const isTuned = (collection === 'tunedModels' || collection === 'dynamic') && name !== undefined;
  const row = isTuned && target.verb !== null && knock.method === 'POST' ? modelCalls.get(target.verb) : undefined;
  if (row === undefined || target.verb === null) {
    const isRegistering = collection === 'files' && rest.length === 1 && target.verb === 'register';
    const other = passed(gemini, target, knock, {});
    return isRegistering && knock.method === 'POST' ? { ...other, name: registerFiles } : other;
  }
  // A tuned model lives in the project that tuned it.
  return { ...call(gemini, target.verb, row, target, { model: `${collection}/${name}` }), isSticky: true };
}

/** A model's name is the last segment, before its verb. */
function withModel({ path, verb }: Target, model: string): string {
  return `${path.slice(0, path.lastIndexOf('/') + 1)}${model}${verb === null ? '' : `:${verb}`}`;
}

function openaiCall(path: string, target: Target, knock: Knock): Call {
  const row = openaiCalls.get(path.startsWith('models/') ? 'models' : path);
  if (row === undefined) return passed(openaiChat, target, knock, {});
  if (knock.method !== row.method) throw notAllowed(knock.method, row.method);
  return call(openaiChat, `openai.${path.split('/')[0]}`, row, target, {});
}

/**
 * `/v1/models` is asked for by clients of three APIs. An OpenAI client comes with a bearer token alone and gets the
 * list in its own form; an Anthropic client says so by a header, and there is nothing for it here yet.
 */
function isForeignModelList(target: Target, { method, headers }: Knock): boolean {
  if (method !== 'GET' || target.verb !== null || !/^\/v1\/models(?:\/|$)/.test(target.path)) return false;
  const isOpenai = headers.authorization !== undefined && headers['x-goog-api-key'] === undefined;
  return headers['anthropic-version'] !== undefined || (isOpenai && !target.query.some(({ name }) => name === 'key'));
}

function foreignModelList(target: Target, { headers }: Knock): Call {
  if (headers['anthropic-version'] !== undefined) {
    throw new SluiceError(
      'not_found',
      'This gateway has no Anthropic API. Gemini is at /v1beta/models, OpenAI at /v1beta/openai/.',
    );
  }
  const path = target.path.replace('/v1/models', '/v1beta/openai/models');
  return call(openaiChat, 'openai.models', listing, target, { path });
}

function call(
  dialect: Dialect,
  name: string,
  row: CallRow,
  target: Target,
  { path = target.path, model = null }: { path?: string; model?: string | null },
): Call {
  return {
    dialect,
    surface: surfaceOf(dialect),
    name,
    model,
    target: withQuery(path, target.query),
    answer: row.answer === 'generation' && !canBeJudged(target.query) ? 'opaque' : row.answer,
    isArray: name === 'streamGenerateContent' && !isSse(target.query),
    repeat: row.repeat,
    isSticky: false,
    wantsJson: row.method === 'POST',
    hasModelInBody: dialect === openaiChat && row.method === 'POST',
  };
}

/** What is not known goes up as it is, to the project that the caller's own things live in. */
function passed(
  dialect: Dialect,
  target: Target,
  knock: Knock,
  { path = target.path, model = null }: { path?: string; model?: string | null },
): Call {
  const { method } = knock;
  if (target.query.some(({ name }) => name.toLowerCase() === '$httpmethod')) throw otherMethod();
  return {
    dialect,
    surface: surfaceOf(dialect),
    name: callName(target, method),
    model,
    target: withQuery(path, target.query),
    answer: isDownload(target) ? 'opaque' : 'resource',
    isArray: false,
    repeat: method === 'GET' || method === 'HEAD' ? 'always' : 'if-nothing-happened',
    isSticky: true,
    wantsJson: dialect !== openaiChat && hasBody(knock) && namesThings.test(target.path),
    hasModelInBody: false,
  };
}

/** Calls whose bodies may name what lives in a project: these have to be readable. Uploads carry anything. */
const namesThings =
  /^\/v[0-9][a-z0-9]*\/(?:models|cachedContents|batches|files|fileSearchStores|tunedModels|dynamic|corpora|interactions|agents|auth_tokens)(?:[/:]|$)/;

function hasBody({ method, headers }: Knock): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  // In process a body has no length in its header.
  return (
    headers['content-length'] !== '0' &&
    (headers['content-type'] !== undefined ||
      headers['content-length'] !== undefined ||
      headers['transfer-encoding'] !== undefined)
  );
}

function otherMethod(): SluiceError {
  return new SluiceError('invalid_request', 'The parameter $httpMethod is not read here; send the method itself.');
}

/** The content of a file is nobody's to read, even where it is JSON. */
function isDownload({ path, query, verb }: Target): boolean {
  return (
    path.startsWith('/download/') ||
    verb === 'download' ||
    query.some(({ name, value }) => name === 'alt' && value === 'media')
  );
}

function surfaceOf(dialect: Dialect): string {
  return dialect === openaiChat ? 'openai' : 'gemini';
}

/** A field mask may leave out the finish reason, and a binary form cannot be read: HTTP alone decides then. */
function canBeJudged(query: readonly QueryParameter[]): boolean {
  return !query.some(({ name, value }) => {
    const plain = name.replace(/^\$\.?/, '');
    if (plain === 'fields' || plain === 'callback') return true;
    return plain === 'alt' && !/^(?:sse|json)(?:;|$)/.test(value);
  });
}

function isSse(query: readonly QueryParameter[]): boolean {
  return query.some(({ name, value }) => (name === 'alt' || name === '$alt') && value.startsWith('sse'));
}

function withQuery(path: string, query: readonly QueryParameter[]): string {
  const kept = query.filter(({ name }) => !credentialParameters.has(name)).map(({ raw }) => raw);
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

function noSuchRoute(path: string): SluiceError {
  return new SluiceError(
    'not_found',
    `No route for ${path.slice(0, 128)}. Gemini paths start with a version, like /v1beta/.`,
  );
}

function notAllowed(method: string, allow: string): SluiceError {
  return new SluiceError('method_not_allowed', `The method ${method.slice(0, 16)} is not for this path; ${allow} is.`, {
    allow,
  });
}
