/** Answers calls about interactions: begun, read, told on, cancelled, deleted. */

import { randomBytes } from 'node:crypto';
import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { piecesFor } from '../gemini/ask.ts';
import { type Fields, text } from '../gemini/body.ts';
import type { Call } from '../gemini/call.ts';
import { hopOf } from '../gemini/long-decode.ts';
import { modelFor } from '../gemini/models.ts';
import { takeQuota } from '../gemini/quota.ts';
import { bodyOf, Refused } from '../gemini/refused.ts';
import { jsonReply, type Reply } from '../gemini/reply.ts';
import type { World } from '../gemini/world.ts';
import { askOf, requireOwn } from './asking.ts';
import { interactionStream } from './events.ts';
import { type Interaction, interactionJson, statusOf } from './interaction.ts';

/** @returns the answer; somebody else's interaction and none at all are the same 404 */
export function answerInteractionCall(
  call: Call,
  request: RecordedRequest,
  project: SimulatedProject,
  world: World,
): Reply {
  const nowMs = world.now();
  const { interactions } = world.belongings(project);
  if (call.method === 'createInteraction') {
    const body = bodyOf(request);
    const interaction = begun(body, project, world);
    return body.stream === true
      ? told(interaction, null, world)
      : jsonReply(interactionJson(interaction, world), nowMs);
  }
  const interaction = ownInteraction(call.resource, project, world);
  switch (call.method) {
    case 'deleteInteraction':
      interactions.delete(interaction.id);
      return jsonReply({}, nowMs);
    case 'cancelInteraction': {
      if (statusOf(interaction, nowMs) !== 'in_progress') throw new Refused('interaction-over');
      interaction.cancelledMs = nowMs;
      return jsonReply(interactionJson(interaction, world), nowMs);
    }
    default: {
      if (call.query.get('stream') === 'true') return told(interaction, call.query.get('last_event_id'), world);
      return jsonReply(interactionJson(interaction, world, call.query.get('include_input') === 'true'), nowMs);
    }
  }
}

function ownInteraction(id: string, project: SimulatedProject, world: World): Interaction {
  const interaction = world.belongings(project).interactions.get(id, world.now());
  if (interaction === null) throw new Refused('not-found');
  return interaction;
}

function told(interaction: Interaction, afterEventId: string | null, world: World): Reply {
  const stream = interactionStream(interaction, { afterEventId: afterEventId === '' ? null : afterEventId }, world);
  if (stream === null) throw bad('last_event_id does not name an event of this interaction.');
  return stream;
}

function bad(why: string): Refused {
  return new Refused('interaction-bad', { why });
}

const longKeptMs = 55 * 24 * 3_600_000;

function begun(body: Fields, project: SimulatedProject, world: World): Interaction {
  const model = text(body, 'model')?.replace(/^models\//, '') ?? null;
  const agent = text(body, 'agent') ?? null;
  if ((model === null) === (agent === null)) throw bad('Exactly one of model and agent must be set.');
  if (model !== null && modelFor(model, 'generateContent') === null) {
    throw new Refused('404', { model, method: 'generateContent' });
  }
  if (agent !== null) requireAgent(agent, project, world);
  const isStored = body.store !== false;
  const isBackground = body.background === true;
  if (isBackground && !isStored) throw bad('background requires store to be true.');
  const previousId = text(body, 'previous_interaction_id') ?? null;
  const previous = previousId === null ? null : ownInteraction(previousId, project, world);
  const token = text(body, 'continuation_token');
  if (body.input === undefined && !(previous !== null && token !== undefined)) throw bad('input is required.');
  requireOwn(body, project, world);
  const input = body.input ?? previous?.input;
  const name = model ?? agent ?? '';
  const ask = askOf({ ...body, input }, name, previous);
  const pieces = hopOf(piecesFor(ask, world.answer), name, { continuationToken: token }, project, world);
  takeQuota(project, name, ask.promptTokens, world);
  const nowMs = world.now();
  const interaction: Interaction = {
    ...{ id: newInteractionId(), isStored, model, agent, input, previousId, ask, pieces },
    createdMs: nowMs,
    doneMs: isBackground ? nowMs + world.interactionMs : nowMs,
    cancelledMs: null,
    expiresMs: nowMs + longKeptMs,
  };
  if (isStored) world.belongings(project).interactions.put(interaction);
  return interaction;
}

/** Agents of Google's are known by their names, others have to be the project's. */
function requireAgent(agent: string, project: SimulatedProject, world: World): void {
  if (/^(?:deep-research|antigravity|computer-use)/.test(agent)) return;
  const name = `agents/${agent.replace(/^agents\//, '')}`;
  if (world.belongings(project).tree.get(name, world.now()) === null) throw new Refused('not-found');
}

/** Looks like one of Google's: the same id twice, in base64. */
function newInteractionId(): string {
  const inner = Buffer.from(randomBytes(17).toString('base64url'));
  const packed = [Buffer.from([0x0a, inner.length]), inner, Buffer.from([0x12, inner.length]), inner];
  return `v1_${Buffer.concat(packed).toString('base64url')}`;
}
