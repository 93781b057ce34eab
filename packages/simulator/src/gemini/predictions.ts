/** Pictures at once (`predict`) and videos after a while (`predictLongRunning`). */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { field, list } from './body.ts';
import type { Call } from './call.ts';
import { fileJson, storeFile } from './files.ts';
import { modelFor } from './models.ts';
import { messageType, operationJson, startOperation } from './operations.ts';
import { takeQuota } from './quota.ts';
import { bodyOf, Refused, requireSome } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { countTokens } from './tokens.ts';
import type { World } from './world.ts';

/** One transparent pixel. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
/** The first box of a video, and nothing behind it. */
const video = Buffer.from('000000186674797069736f6d0000020069736f6d69736f32', 'hex');

export function answerPrediction(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const body = bodyOf(request);
  if (modelFor(call.model, call.method) === null) throw new Refused('404');
  const instances = list(body, 'instances');
  requireSome(instances, 'PredictRequest.instances', 'instances is not specified');
  takeQuota(project, call.model, countTokens(JSON.stringify(instances)), world);
  const samples = Math.min(4, Math.max(1, Number(field(field(body, 'parameters'), 'sampleCount') ?? 1) || 1));
  if (call.method === 'predict') {
    const predictions = Array.from({ length: samples }, () => ({ mimeType: 'image/png', bytesBase64Encoded: pixel }));
    return jsonReply({ predictions }, world.now());
  }
  const result = () => {
    const generatedSamples = Array.from({ length: samples }, () => {
      const file = fileJson(storeFile({ project, mimeType: 'video/mp4', version: call.version }, video, world), world);
      return { video: { uri: file.downloadUri } };
    });
    return { '@type': messageType('PredictLongRunningResponse'), generateVideoResponse: { generatedSamples } };
  };
  return jsonReply(
    operationJson(startOperation(`models/${call.model}`, { result }, project, world), world),
    world.now(),
  );
}
