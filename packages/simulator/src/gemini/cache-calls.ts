/** Cached contents: create, list, get, patch, delete, as the API shows them. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { geminiTokens } from './ask.ts';
import { type Fields, field, text } from './body.ts';
import type { Call } from './call.ts';
import { requireFiles } from './file-references.ts';
import { modelFor } from './models.ts';
import { pageReply } from './pages.ts';
import { bodyOf, Refused } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { type Keepable, newId } from './shelf.ts';
import { requireStores } from './store-references.ts';
import type { World } from './world.ts';

/** What was cached for one model. */
export interface CachedContent extends Keepable {
  readonly model: string;
  readonly displayName: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly tokens: number;
  /** The request that made it: contents, system instruction, tools. */
  readonly fields: Fields;
}

const usualLifeMs = 3_600_000;

/** @returns the answer; somebody else's cached content and none at all are the same 403, as at Google */
export function answerCacheCall(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const nowMs = world.now();
  const json = (value: unknown) => jsonReply(value, nowMs);
  const { caches } = world.belongings(project);
  switch (call.method) {
    case 'listCachedContents':
      return pageReply(caches, call, world, { name: 'cachedContents', usual: 50, most: 1000, show: cacheJson });
    case 'createCachedContent': {
      const cache = cacheFrom(bodyOf(request), project, world);
      caches.put(cache);
      return json(cacheJson(cache));
    }
    case 'updateCachedContent': {
      const cache = ownCache(call.resource, project, world);
      const expiresMs = expiryIn(bodyOf(request), nowMs);
      // Nothing but the end of its life can be changed.
      if (expiresMs === null) throw new Refused('400');
      const changed = { ...cache, expiresMs, updatedMs: nowMs };
      caches.put(changed);
      return json(cacheJson(changed));
    }
    case 'deleteCachedContent':
      caches.delete(ownCache(call.resource, project, world).id);
      return json({});
    default:
      return json(cacheJson(ownCache(call.resource, project, world)));
  }
}

/** A cached content of this project. */
export function ownCache(id: string, project: SimulatedProject, world: World): CachedContent {
  const cache = world.belongings(project).caches.get(id, world.now());
  if (cache === null) throw new Refused('cache-unknown');
  return cache;
}

function cacheFrom(fields: Fields, project: SimulatedProject, world: World): CachedContent {
  const nowMs = world.now();
  const model = (text(fields, 'model') ?? '').replace(/^models\//, '');
  if (model === '') {
    throw new Refused('missing-field', { field: 'CreateCachedContentRequest.model', why: 'model is not specified' });
  }
  if (modelFor(model, 'createCachedContent') === null) throw new Refused('404', { model });
  requireFiles(fields, project, world);
  requireStores(fields, project, world);
  const tokens = geminiTokens(fields);
  if (tokens < world.minCachedTokens) {
    throw new Refused('cache-too-small', { tokens: String(tokens), least: String(world.minCachedTokens) });
  }
  return {
    ...{ id: newId(40), model, tokens, fields },
    displayName: text(fields, 'displayName') ?? '',
    createdMs: nowMs,
    updatedMs: nowMs,
    expiresMs: expiryIn(fields, nowMs) ?? nowMs + usualLifeMs,
  };
}

/** When it shall expire, from a duration or a time; null when neither is said. */
function expiryIn(fields: Fields, nowMs: number): number | null {
  const ttl = field(fields, 'ttl');
  const expireTime = field(fields, 'expireTime');
  if (ttl !== undefined) {
    const seconds = /^(\d{1,12}(?:\.\d{1,9})?)s$/.exec(String(ttl))?.[1];
    if (seconds === undefined) throw badValue('ttl', 'Duration', "Illegal duration format; duration must end with 's'");
    return nowMs + Math.round(Number(seconds) * 1000);
  }
  if (expireTime === undefined) return null;
  const expiresMs = Date.parse(String(expireTime));
  if (!Number.isFinite(expiresMs)) throw badValue('expire_time', 'Timestamp', 'Illegal timestamp format');
  return expiresMs;
}

function badValue(name: string, type: string, why: string): Refused {
  const blanks = { field: `cached_content.${name}`, type: `type.googleapis.com/google.protobuf.${type}`, why };
  return new Refused('bad-value', blanks);
}

/** Nothing of what was cached is shown again, as recorded. */
function cacheJson(cache: CachedContent): Fields {
  return {
    name: `cachedContents/${cache.id}`,
    model: `models/${cache.model}`,
    createTime: new Date(cache.createdMs).toISOString(),
    updateTime: new Date(cache.updatedMs).toISOString(),
    expireTime: new Date(cache.expiresMs).toISOString(),
    displayName: cache.displayName,
    usageMetadata: { totalTokenCount: cache.tokens },
  };
}
