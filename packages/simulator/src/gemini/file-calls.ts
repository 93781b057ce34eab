/** Answers calls about files that exist: list, get, delete, download. */

import type { SimulatedProject } from '../contract.ts';
import type { Call } from './call.ts';
import { fileJson, type StoredFile } from './files.ts';
import { pretty } from './google-json.ts';
import { Refused } from './refused.ts';
import { jsonType, type Reply, wholeReply } from './reply.ts';
import { pageSizeOf } from './shelf.ts';
import type { World } from './world.ts';

/** @returns the answer; somebody else's file and none at all are the same 403, as at Google */
export function answerFileCall(call: Call, project: SimulatedProject, world: World): Reply {
  const nowMs = world.now();
  const json = (value: unknown) => wholeReply(200, jsonType, pretty(value), nowMs);
  const { files } = world.belongings(project);
  if (call.method === 'listFiles') {
    const page = files.page(pageSizeOf(call.query, 10, 100), call.query.get('pageToken'), nowMs);
    if (page === null) throw new Refused('400');
    const shown = page.items.map((file) => fileJson(file, world));
    // An empty list is left out, as protobuf does.
    return json({ files: shown.length > 0 ? shown : undefined, nextPageToken: page.nextPageToken ?? undefined });
  }
  const file = ownFile(call.resource, project, world);
  if (call.method === 'getFile') return json(fileJson(file, world));
  if (call.method === 'deleteFile') {
    files.delete(file.id);
    return json({});
  }
  if (file.generated === null) throw new Refused('file-not-generated', { file: file.id });
  if (call.query.get('alt') !== 'media') return json({});
  return wholeReply(200, file.mimeType, file.generated, nowMs);
}

/** A file of this project. */
export function ownFile(id: string, project: SimulatedProject, world: World): StoredFile {
  const file = world.belongings(project).files.get(id, world.now());
  if (file === null) throw new Refused('403-permission', { file: id });
  return file;
}
