/** Answers calls about models: lists, counts, embeddings, generations. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { geminiAsk, geminiTokens, piecesFor } from './ask.ts';
import { type Fields, field, isFields, list } from './body.ts';
import type { Call } from './call.ts';
import { embedRequest } from './embed.ts';
import { requireFiles } from './file-references.ts';
import { cacheUsage, geminiGeneration } from './generate.ts';
import { hopOf } from './long-decode.ts';
import { geminiModel, modelFor, modelPage } from './models.ts';
import { takeQuota } from './quota.ts';
import { recalled } from './recall.ts';
import { bodyOf, Refused, requireSome } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { requireStores } from './store-references.ts';
import { baseModelOf } from './tuned-models.ts';
import type { World } from './world.ts';

export function answerContentCall(
  call: Call,
  request: RecordedRequest,
  project: SimulatedProject,
  world: World,
): Reply {
  if (call.method === 'listModels') {
    return jsonReply(modelPage(call.query.get('pageSize'), call.query.get('pageToken')), world.now());
  }
  if (call.method === 'getModel') {
    const model = modelFor(call.model, null);
    if (model === null) throw new Refused('404');
    return jsonReply(geminiModel(model), world.now());
  }
  return answerContent(call, bodyOf(request), project, world);
}

/** @param isCounted - whether it uses up quota; what stands in a batch does not */
export function answerContent(
  call: Call,
  body: Fields,
  project: SimulatedProject,
  world: World,
  { isCounted = true }: { readonly isCounted?: boolean } = {},
): Reply {
  const nowMs = world.now();
  const json = (value: unknown) => jsonReply(value, nowMs);
  const count = (tokens: number) => isCounted && takeQuota(project, call.model, tokens, world);
  if (modelFor(baseModelOf(call.model, project, world), call.method) === null) throw new Refused('404');
  switch (call.method) {
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
      count(geminiTokens({ contents: requests.map((one) => field(one, 'content')) }));
      const embeddings = requests.map(embedRequest);
      return json(call.method === 'embedContent' ? { embedding: embeddings[0] } : { embeddings });
    }
    default: {
      requireSome(list(body, 'contents'), 'GenerateContentRequest.contents', 'contents is not specified');
      const { fields, cachedTokens } = recalled(call.model, body, project, world);
      requireFiles(body, project, world);
      requireStores(body, project, world);
      const ask = { ...geminiAsk(call.model, fields), cachedTokens };
      const pieces = hopOf(piecesFor(ask, world.answer), call.model, body, project, world);
      count(ask.promptTokens);
      return geminiGeneration(call, ask, pieces, world.nextId(), nowMs);
    }
  }
}
