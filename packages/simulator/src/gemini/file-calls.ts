/** Answers calls about files: list, get, delete, download, and make one without an upload. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { list } from './body.ts';
import type { Call } from './call.ts';
import { fileDraft, fileJson, keepFile, measured, type StoredFile } from './files.ts';
import { pageReply } from './pages.ts';
import { bodyOf, Refused, requireSome } from './refused.ts';
import { jsonReply, type Reply, wholeReply } from './reply.ts';
import type { World } from './world.ts';

/** @returns the answer; somebody else's file and none at all are the same 403, as at Google */
export function answerFileCall(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const nowMs = world.now();
  const json = (value: unknown) => jsonReply(value, nowMs);
  const { files } = world.belongings(project);
  if (call.method === 'listFiles') {
    const show = (file: StoredFile) => fileJson(file, world);
    return pageReply(files, call, world, { name: 'files', usual: 10, most: 100, show });
  }
  if (call.method === 'createFile') {
    const base = { project, version: call.version, mimeType: 'application/octet-stream' };
    const draft = fileDraft(bodyOf(request), base, world);
    return json({ file: fileJson(keepFile(draft, measured(new Uint8Array()), world), world) });
  }
  if (call.method === 'registerFiles') return json({ files: registered(call, request, project, world) });
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

/** Objects in a bucket of the caller's become files; nothing is uploaded. */
function registered(call: Call, request: RecordedRequest, project: SimulatedProject, world: World) {
  const uris = list(bodyOf(request), 'uris');
  requireSome(uris, 'RegisterFilesRequest.uris', 'uris is not specified');
  const wrong = uris.find((uri) => typeof uri !== 'string' || !uri.startsWith('gs://'));
  if (wrong !== undefined) {
    throw new Refused('missing-field', { field: 'RegisterFilesRequest.uris', why: 'must begin with gs://' });
  }
  return uris.map((uri) => {
    const draft = { project, version: call.version, mimeType: 'application/octet-stream', displayName: String(uri) };
    const file = { ...keepFile(draft, measured(new Uint8Array()), world), isRegistered: true };
    world.belongings(project).files.put(file);
    return fileJson(file, world);
  });
}

/** A file of this project. */
export function ownFile(id: string, project: SimulatedProject, world: World): StoredFile {
  const file = world.belongings(project).files.get(id, world.now());
  if (file === null) throw new Refused('403-permission', { file: id });
  return file;
}
