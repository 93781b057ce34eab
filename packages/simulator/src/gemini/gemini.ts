import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import type { ErrorName } from '../errors.ts';
import { geminiAsk, geminiTokens, openaiAsk, piecesFor } from './ask.ts';
import { type Fields, field, isFields, list, readBody, text } from './body.ts';
import { type Call, callOf } from './call.ts';
import { chatCompletion } from './chat.ts';
import { credentialsOf } from './credentials.ts';
import { embedRequest, openaiEmbeddings } from './embed.ts';
import { geminiGeneration } from './generate.ts';
import { pretty } from './google-json.ts';
import { geminiModel, modelFor, modelPage, models, openaiModel } from './models.ts';
import type { Quota } from './quota.ts';
import { type Blanks, refusal, unknownPath } from './refusal.ts';
import { jsonType, type Reply, wholeReply } from './reply.ts';
import { countTokens } from './tokens.ts';

/** What the fake Gemini knows beside the request. */
export interface World {
  readonly projects: readonly SimulatedProject[];
  readonly quota: Quota;
  readonly answer: (prompt: string, model: string) => string;
  readonly now: () => number;
  /** A new id for an answer. */
  readonly nextId: () => string;
}

/** Google's no: carried up to the one place that writes it down. */
class Refused extends Error {
  readonly reason: ErrorName;
  readonly blanks: Blanks;
  constructor(reason: ErrorName, blanks: Blanks = {}) {
    super(reason);
    this.reason = reason;
    this.blanks = blanks;
  }
}

/**
 * Answers a request as Gemini does: path, credential, body, model, quota, and then the answer itself.
 *
 * Asking uses up quota, so it is done once per request.
 */
export function geminiReply(request: RecordedRequest, world: World): Reply {
  const call = callOf(request);
  if (call === null) return unknownPath(request.target, world.now());
  try {
    const project = projectOf(request, call, world.projects);
    return call.dialect === 'gemini' ? answer(call, request, project, world) : openai(call, request, project, world);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return refusal(error.reason, call, error.blanks, world.now());
  }
}

function projectOf(request: RecordedRequest, call: Call, projects: readonly SimulatedProject[]): SimulatedProject {
  const [credential, ...others] = credentialsOf(request);
  if (credential === undefined) throw new Refused('no-credential');
  if (others.length > 0) throw new Refused('many-credentials');
  if (credential.kind === 'bearer' && call.dialect !== 'openai') throw new Refused('401');
  const project = projects.find(({ keys }) => keys.includes(credential.value));
  if (project === undefined) throw new Refused('400-key-invalid', { key: credential.value });
  return project;
}

function answer(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const nowMs = world.now();
  const json = (value: unknown) => wholeReply(200, jsonType, pretty(value), nowMs);
  if (call.method === 'listModels') return json(modelPage(call.query.get('pageSize'), call.query.get('pageToken')));
  const body = call.method === 'getModel' ? {} : bodyOf(request);
  const model = modelFor(call.model, call.method === 'getModel' ? null : call.method);
  if (model === null) throw new Refused('404');
  switch (call.method) {
    case 'getModel':
      return json(geminiModel(model));
    case 'countTokens': {
      const inner = field(body, 'generateContentRequest');
      const totalTokens = geminiTokens(isFields(inner) ? inner : body);
      return json({ totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] });
    }
    case 'embedContent':
      takeQuota(project, call.model, world);
      return json({ embedding: embedRequest(body) });
    case 'batchEmbedContents':
      takeQuota(project, call.model, world);
      return json({ embeddings: list(body, 'requests').map(embedRequest) });
    default: {
      requireSome(list(body, 'contents'), 'GenerateContentRequest.contents', 'contents is not specified');
      takeQuota(project, call.model, world);
      const ask = geminiAsk(call.model, body);
      return geminiGeneration(call, ask, piecesFor(ask, world.answer), world.nextId(), nowMs);
    }
  }
}

function openai(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const nowMs = world.now();
  const json = (value: unknown) => wholeReply(200, jsonType, JSON.stringify(value), nowMs);
  if (call.method === 'listModels') return json({ object: 'list', data: models.map(openaiModel) });
  const body = call.method === 'getModel' ? {} : bodyOf(request);
  const id = (text(body, 'model') ?? call.model).replace(/^models\//, '');
  const needed = { chat: 'generateContent', embeddings: 'embedContent' }[call.method as string] ?? null;
  const model = modelFor(id, needed);
  if (model === null) throw new Refused('404', { model: id, version: 'v1main', method: needed ?? 'getModel' });
  if (call.method === 'getModel') return json(openaiModel(model));
  if (call.method === 'embeddings') {
    takeQuota(project, id, world);
    return json(openaiEmbeddings(id, body, countTokens));
  }
  requireSome(list(body, 'messages'), 'GenerateContentRequest.contents', 'contents is not specified');
  takeQuota(project, id, world);
  const ask = openaiAsk(id, body);
  const form = {
    isStream: body.stream === true,
    hasUsageEvent: field(body.stream_options, 'includeUsage') === true,
  };
  return chatCompletion(ask, piecesFor(ask, world.answer), form, world.nextId(), nowMs);
}

function bodyOf(request: RecordedRequest): Fields {
  const body = readBody(request.body);
  if ('why' in body) throw new Refused('bad-json', { why: body.why });
  return body.fields;
}

function requireSome(items: readonly unknown[], name: string, why: string): void {
  if (items.length === 0) throw new Refused('missing-field', { field: name, why });
}

/** The delay of an exhausted day is the end of the minute: Google's lies in just that way. */
function takeQuota(project: SimulatedProject, model: string, world: World): void {
  const exhausted = world.quota.take(project, model, world.now());
  if (exhausted === null) return;
  const { limit, per, opensInMs } = exhausted;
  const reason = limit === 0 ? '429-limit-zero' : per === 'day' ? '429-day' : '429';
  throw new Refused(reason, {
    model,
    limit: String(limit),
    retryIn: `${opensInMs / 1000}s`,
    retryDelay: `${Math.ceil(opensInMs / 1000)}s`,
  });
}
