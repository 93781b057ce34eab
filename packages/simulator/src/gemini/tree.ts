/**
 * Things that can be made, read, changed, listed and deleted, and do nothing else: corpora with their documents and
 * chunks, and what stands around interactions (agents, environments, voices, webhooks, triggers, credentials).
 */

import { randomBytes } from 'node:crypto';
import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { type Fields, text } from './body.ts';
import type { Call } from './call.ts';
import { answerEnvironmentFile } from './environment-files.ts';
import { pageReply } from './pages.ts';
import { bodyOf, Refused } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { type Keepable, newId } from './shelf.ts';
import type { World } from './world.ts';

/** One of them. Its id is its whole name; what belongs to it begins with that. */
export interface Leaf extends Keepable {
  readonly fields: Fields;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** What a secret is called; it is shown when it is made, and never again. */
const secretFields = ['signing_secret', 'new_signing_secret', 'token', 'secret', 'value', 'client_secret'];

/** @returns the answer; somebody else's and none at all are the same: 403 under corpora, 404 elsewhere */
export function answerTreeCall(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const nowMs = world.now();
  const { tree } = world.belongings(project);
  const { resource } = call;
  switch (call.method) {
    case 'getEnvironmentFile':
      return answerEnvironmentFile(call, project, world);
    case 'pingWebhook':
      ownLeaf(`webhooks/${resource}`, project, world);
      return jsonReply({}, nowMs);
    case 'rotateSigningSecret':
      ownLeaf(`webhooks/${resource}`, project, world);
      return jsonReply({ secret: newSecret() }, nowMs);
    case 'listResources': {
      requireParent(resource, project, world);
      const isListed = ({ id }: Leaf) => id.startsWith(`${resource}/`) && !id.slice(resource.length + 1).includes('/');
      const name = resource.split('/').at(-1) ?? '';
      const listing = { name, usual: 10, most: 1000, isListed, show: (leaf: Leaf) => leafJson(leaf, call) };
      return pageReply(tree, call, world, listing);
    }
    case 'createResource': {
      requireParent(resource, project, world);
      const leaf = newLeaf(call, bodyOf(request), nowMs);
      if (tree.get(leaf.id, nowMs) !== null) throw new Refused('exists');
      tree.put(leaf);
      const secret = resource === 'webhooks' ? { new_signing_secret: newSecret() } : {};
      return jsonReply({ ...leafJson(leaf, call), ...secret }, nowMs);
    }
    case 'updateResource': {
      const leaf = ownLeaf(resource, project, world);
      const changed = { ...leaf, fields: { ...leaf.fields, ...bodyOf(request) }, updatedMs: nowMs };
      tree.put(changed);
      return jsonReply(leafJson(changed, call), nowMs);
    }
    case 'deleteResource':
      deleteLeaf(ownLeaf(resource, project, world), call, project, world);
      return jsonReply({}, nowMs);
    default:
      return jsonReply(leafJson(ownLeaf(resource, project, world), call), nowMs);
  }
}

/** One of this project's. */
export function ownLeaf(name: string, project: SimulatedProject, world: World): Leaf {
  const leaf = world.belongings(project).tree.get(name, world.now());
  if (leaf !== null) return leaf;
  const kind = { corpora: 'Corpus', documents: 'Document', chunks: 'Chunk' }[name.split('/').at(-2) ?? ''];
  const isRetriever = name.startsWith('corpora/') && kind !== undefined;
  throw isRetriever ? new Refused('not-yours', { kind, name: name.split('/').at(-1) ?? '' }) : new Refused('not-found');
}

/** A collection inside of something: that has to be there. */
function requireParent(collection: string, project: SimulatedProject, world: World): void {
  const parent = collection.split('/').slice(0, -1).join('/');
  if (parent !== '') ownLeaf(parent, project, world);
}

/** What is not empty under corpora wants `force`. */
function deleteLeaf(leaf: Leaf, call: Call, project: SimulatedProject, world: World): void {
  const { tree, environmentFiles } = world.belongings(project);
  const inside = tree.all(world.now()).filter(({ id }) => id.startsWith(`${leaf.id}/`));
  if (call.dialect === 'gemini' && inside.length > 0 && call.query.get('force') !== 'true') {
    throw new Refused('store-not-empty');
  }
  for (const { id } of [leaf, ...inside]) tree.delete(id);
  environmentFiles.delete(call.resource.replace(/^environments\//, ''));
}

/** Names of one's own work where Google takes them: `name` under corpora, `id` elsewhere. */
function newLeaf(call: Call, fields: Fields, nowMs: number): Leaf {
  const own = text(fields, call.dialect === 'gemini' ? 'name' : 'id')
    ?.split('/')
    .at(-1);
  const id = `${call.resource}/${own ?? newId(20)}`;
  return { id, fields, createdMs: nowMs, updatedMs: nowMs, expiresMs: Infinity };
}

function leafJson({ id, fields, createdMs, updatedMs }: Leaf, { dialect }: Call): Fields {
  const shown = Object.fromEntries(Object.entries(fields).filter(([name]) => !secretFields.includes(name)));
  const created = new Date(createdMs).toISOString();
  const updated = new Date(updatedMs).toISOString();
  if (dialect === 'gemini') return { ...shown, name: id, createTime: created, updateTime: updated };
  return { ...shown, id: id.split('/').at(-1), created, updated };
}

function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}
