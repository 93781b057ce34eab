import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { geminiAsk, geminiTokens, openaiAsk, piecesFor } from './ask.ts';
import { field, isFields, list, text } from './body.ts';
import { answerCacheCall } from './cache-calls.ts';
import { type Call, callOf } from './call.ts';
import { chatCompletion } from './chat.ts';
import { credentialsOf } from './credentials.ts';
import { embedRequest, openaiEmbeddings } from './embed.ts';
import { answerFileCall } from './file-calls.ts';
import { requireFiles } from './file-references.ts';
import { cacheUsage, geminiGeneration } from './generate.ts';
import { pretty } from './google-json.ts';
import { geminiModel, modelFor, modelPage, models, openaiModel } from './models.ts';
import { quotaError } from './quota-error.ts';
import { recalled } from './recall.ts';
import { refusal, unknownPath } from './refusal.ts';
import { bodyOf, Refused, requireSome } from './refused.ts';
import { jsonType, type Reply, wholeReply } from './reply.ts';
import { countTokens } from './tokens.ts';
import { answerUpload } from './upload-calls.ts';
import { throughUploads } from './upload-reply.ts';
import type { World } from './world.ts';

/**
 * Answers a request as Gemini does: path, credential, body, model, quota, and then the answer itself.
 *
 * Asking uses up quota, so it is done once per request.
 */
export function geminiReply(request: RecordedRequest, world: World): Reply {
  const call = callOf(request);
  if (call === null) return unknownPath(request.target, world.now());
  try {
    return answered(call, request, world);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return throughUploads(refusal(error.reason, call, error.blanks, world.now()), call);
  }
}

function answered(call: Call, request: RecordedRequest, world: World): Reply {
  const isOngoingUpload = call.method === 'uploadFile' && call.query.has('upload_id');
  if (isOngoingUpload && credentialsOf(request).length === 0) return answerUpload(call, request, null, world);
  const project = projectOf(request, call, world.projects);
  if (call.method === 'uploadFile') return answerUpload(call, request, project, world);
  if (call.method.endsWith('File') || call.method === 'listFiles') return answerFileCall(call, project, world);
  if (/CachedContents?$/.test(call.method)) return answerCacheCall(call, request, project, world);
  return call.dialect === 'gemini' ? answer(call, request, project, world) : openai(call, request, project, world);
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
      const { fields, cachedTokens } = recalled(call.model, isFields(inner) ? inner : body, project, world);
      requireFiles(body, project, world);
      const totalTokens = geminiTokens(fields);
      const promptTokensDetails = [{ modality: 'TEXT', tokenCount: totalTokens }];
      return json({ totalTokens, promptTokensDetails, ...cacheUsage(cachedTokens) });
    }
    case 'embedContent':
    case 'batchEmbedContents': {
      const requests = call.method === 'embedContent' ? [body] : list(body, 'requests');
      requireFiles(body, project, world);
      takeQuota(project, call.model, geminiTokens({ contents: requests.map((one) => field(one, 'content')) }), world);
      const embeddings = requests.map(embedRequest);
      return json(call.method === 'embedContent' ? { embedding: embeddings[0] } : { embeddings });
    }
    default: {
      requireSome(list(body, 'contents'), 'GenerateContentRequest.contents', 'contents is not specified');
      const { fields, cachedTokens } = recalled(call.model, body, project, world);
      requireFiles(body, project, world);
      const ask = { ...geminiAsk(call.model, fields), cachedTokens };
      takeQuota(project, call.model, ask.promptTokens, world);
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
    const embeddings = openaiEmbeddings(id, body, countTokens);
    takeQuota(project, id, embeddings.usage.prompt_tokens, world);
    return json(embeddings);
  }
  requireSome(list(body, 'messages'), 'GenerateContentRequest.contents', 'contents is not specified');
  const ask = openaiAsk(id, body);
  takeQuota(project, id, ask.promptTokens, world);
  const form = {
    isStream: body.stream === true,
    hasUsageEvent: field(body.stream_options, 'includeUsage') === true,
  };
  return chatCompletion(ask, piecesFor(ask, world.answer), form, world.nextId(), nowMs);
}

/** The delay of an exhausted day is the end of the minute: Google's lies in just that way. */
function takeQuota(project: SimulatedProject, model: string, tokens: number, world: World): void {
  const exhausted = world.quota.take(project, model, tokens, world.now());
  if (exhausted === null) return;
  const { full, opensInMs } = exhausted;
  throw new Refused(quotaError(full), {
    model,
    retryIn: `${opensInMs / 1000}s`,
    retryDelay: `${Math.ceil(opensInMs / 1000)}s`,
  });
}
