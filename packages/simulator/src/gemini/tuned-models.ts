/** Tuned models: made from another one after a while, changed, asked, deleted. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { type Fields, field, text } from './body.ts';
import type { Call } from './call.ts';
import { modelFor } from './models.ts';
import { messageType, operationJson, startOperation } from './operations.ts';
import { pageReply } from './pages.ts';
import { bodyOf, Refused, requireSome } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { type Keepable, newId } from './shelf.ts';
import type { World } from './world.ts';

/** What a project has made of a model. */
export interface TunedModel extends Keepable {
  readonly baseModel: string;
  readonly displayName: string;
  readonly description: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly activeMs: number;
}

/** @returns the answer; somebody else's model and none at all are the same 403 */
export function answerTuningCall(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const nowMs = world.now();
  const { tunedModels } = world.belongings(project);
  switch (call.method) {
    case 'listTunedModels': {
      const show = (model: TunedModel) => tunedJson(model, world);
      return pageReply(tunedModels, call, world, { name: 'tunedModels', usual: 10, most: 1000, show });
    }
    case 'createTunedModel':
      return jsonReply(created(call, bodyOf(request), project, world), nowMs);
    case 'updateTunedModel': {
      const model = ownTunedModel(call.resource, project, world);
      const fields = bodyOf(request);
      const displayName = text(fields, 'displayName') ?? model.displayName;
      const description = text(fields, 'description') ?? model.description;
      const changed = { ...model, displayName, description, updatedMs: nowMs };
      tunedModels.put(changed);
      return jsonReply(tunedJson(changed, world), nowMs);
    }
    case 'deleteTunedModel':
      tunedModels.delete(ownTunedModel(call.resource, project, world).id);
      return jsonReply({}, nowMs);
    default:
      return jsonReply(tunedJson(ownTunedModel(call.resource, project, world), world), nowMs);
  }
}

/** A tuned model of this project. */
function ownTunedModel(id: string, project: SimulatedProject, world: World): TunedModel {
  const model = world.belongings(project).tunedModels.get(id, world.now());
  if (model === null) throw new Refused('not-yours', { kind: 'TunedModel', name: `tunedModels/${id}` });
  return model;
}

/** The model that answers for another name: a tuned one by what it was made from, once it is ready. */
export function baseModelOf(name: string, project: SimulatedProject, world: World): string {
  if (!name.startsWith('tunedModels/')) return name;
  const model = ownTunedModel(name.slice('tunedModels/'.length), project, world);
  if (world.now() < model.activeMs) throw new Refused('tuning', { name });
  return model.baseModel;
}

function created(call: Call, fields: Fields, project: SimulatedProject, world: World): Fields {
  const baseModel = (text(fields, 'baseModel') ?? '').replace(/^models\//, '');
  const examples = field(field(field(fields, 'tuningTask'), 'trainingData'), 'examples');
  requireSome(
    baseModel === '' ? [] : [baseModel],
    'CreateTunedModelRequest.tuned_model',
    'base_model is not specified',
  );
  if (modelFor(baseModel, 'createTunedModel') === null) throw new Refused('404', { model: baseModel });
  requireSome(examples === undefined ? [] : [examples], 'TunedModel.tuning_task', 'training_data is not specified');
  const nowMs = world.now();
  const id = call.query.get('tunedModelId') ?? call.query.get('tuned_model_id') ?? `tuned-${newId(12)}`;
  const { tunedModels } = world.belongings(project);
  if (tunedModels.get(id, nowMs) !== null) throw new Refused('exists');
  const model: TunedModel = {
    ...{ id, baseModel, expiresMs: Infinity, createdMs: nowMs, updatedMs: nowMs },
    activeMs: nowMs + world.operationMs,
    displayName: text(fields, 'displayName') ?? '',
    description: text(fields, 'description') ?? '',
  };
  tunedModels.put(model);
  const metadata = { '@type': messageType('CreateTunedModelMetadata'), tunedModel: `tunedModels/${id}`, totalSteps: 1 };
  const result = () => ({ '@type': messageType('TunedModel'), ...tunedJson(model, world) });
  return operationJson(startOperation(`tunedModels/${id}`, { metadata, result }, project, world), world);
}

function tunedJson(model: TunedModel, world: World): Fields {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    name: `tunedModels/${model.id}`,
    displayName: model.displayName === '' ? undefined : model.displayName,
    description: model.description === '' ? undefined : model.description,
    baseModel: `models/${model.baseModel}`,
    state: world.now() < model.activeMs ? 'CREATING' : 'ACTIVE',
    createTime: time(model.createdMs),
    updateTime: time(model.updatedMs),
    tuningTask: { startTime: time(model.createdMs), hyperparameters: { epochCount: 1, batchSize: 1 } },
  };
}
