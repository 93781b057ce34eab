/** The fake Gemini: from a request to the answer that is right, or refused for a real reason. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { answerInteractionCall } from '../interactions/interaction-calls.ts';
import { openaiAsk, piecesFor } from './ask.ts';
import { answerBatchCall } from './batch-calls.ts';
import { field, list, text } from './body.ts';
import { answerCacheCall } from './cache-calls.ts';
import { type Call, callOf } from './call.ts';
import { chatCompletion } from './chat.ts';
import { answerContentCall } from './content-calls.ts';
import { type Credential, credentialsOf } from './credentials.ts';
import { openaiEmbeddings } from './embed.ts';
import { answerFileCall } from './file-calls.ts';
import { modelFor, models, openaiModel } from './models.ts';
import { answerOperationCall } from './operations.ts';
import { answerPrediction } from './predictions.ts';
import { takeQuota } from './quota.ts';
import { refusal, unknownPath } from './refusal.ts';
import { bodyOf, Refused, requireSome } from './refused.ts';
import { jsonReply, jsonType, type Reply, wholeReply } from './reply.ts';
import { answerStoreCall } from './store-calls.ts';
import { countTokens } from './tokens.ts';
import { answerTreeCall } from './tree.ts';
import { answerTuningCall } from './tuned-models.ts';
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

type Answerer = (call: Call, request: RecordedRequest, project: SimulatedProject, world: World) => Reply;

/** Who answers which call. */
const answerers: Readonly<Record<Call['family'], Answerer>> = {
  content: answerContentCall,
  upload: answerUpload,
  file: answerFileCall,
  cache: answerCacheCall,
  batch: answerBatchCall,
  operation: (call, _, project, world) => answerOperationCall(call, project, world),
  prediction: answerPrediction,
  store: answerStoreCall,
  tuning: answerTuningCall,
  token(_, request, project, world) {
    const { name } = world.authTokens.create(bodyOf(request), project, world.now());
    return jsonReply({ name }, world.now());
  },
  tree: answerTreeCall,
  interaction: answerInteractionCall,
  openai,
};

function answered(call: Call, request: RecordedRequest, world: World): Reply {
  const isOngoingUpload = call.family === 'upload' && call.query.has('upload_id');
  if (isOngoingUpload && credentialsOf(request).length === 0) return answerUpload(call, request, null, world);
  return answerers[call.family](call, request, projectOf(request, call, world), world);
}

function projectOf(request: RecordedRequest, call: Call, { projects }: World): SimulatedProject {
  const credentials = credentialsOf(request);
  const [credential, ...others] = call.method === 'registerFiles' ? signedKeys(request, credentials) : credentials;
  if (credential === undefined) throw new Refused('no-credential');
  if (others.length > 0) throw new Refused('many-credentials');
  if (credential.kind === 'bearer' && call.dialect !== 'openai') throw new Refused('401');
  const project = projects.find(({ keys }) => keys.includes(credential.value));
  if (project === undefined) throw new Refused('400-key-invalid', { key: credential.value });
  return project;
}

/**
 * Files in a bucket are registered on behalf of a person: an OAuth token signs the call, and the key beside it, in a
 * header as the SDK sends it, says for which project. It is the only call with two credentials.
 */
function signedKeys({ headers }: RecordedRequest, credentials: readonly Credential[]): readonly Credential[] {
  const [token, ...tokens] = credentials.filter(({ kind }) => kind === 'bearer');
  if (token === undefined || !token.value.startsWith('ya29.')) throw new Refused('no-oauth');
  const keys = credentials.filter(({ kind }) => kind === 'api-key');
  if (tokens.length > 0 || keys.some(({ value }) => value !== headers['x-goog-api-key'])) {
    throw new Refused('many-credentials');
  }
  return keys;
}

/** The OpenAI compatibility paths. */
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
