/** `POST /upload/{version}/files`: which of the upload protocols a request speaks, and the answer in it. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { type Fields, readBody } from './body.ts';
import type { Call } from './call.ts';
import { measured } from './files.ts';
import { Refused } from './refused.ts';
import type { Reply } from './reply.ts';
import { continueClassic, startClassic } from './upload-classic.ts';
import { partsOf } from './upload-multipart.ts';
import { finalReply, unknownUpload } from './upload-reply.ts';
import { continueUpload, startUpload } from './upload-resumable.ts';
import { type UploadTarget, uploadTarget } from './upload-target.ts';
import { newUploadId } from './uploads.ts';
import type { World } from './world.ts';

/** @param project - null when no credential came: an upload that was started goes on without, but a wrong one is refused */
export function answerUpload(
  call: Call,
  request: RecordedRequest,
  project: SimulatedProject | null,
  world: World,
): Reply {
  const id = call.query.get('upload_id');
  if (id === null) {
    if (project === null) throw new Refused('no-credential');
    return begun(call, request, project, world);
  }
  const upload = world.uploads.get(id, world.now());
  if (upload === null) return unknownUpload(id, world.now());
  if (project !== null && project.id !== upload.target.project.id) throw new Refused('not-allowed');
  return isClassic(call) ? continueClassic(upload, request, world) : continueUpload(upload, request, world);
}

function isClassic({ query }: Call): boolean {
  return query.get('uploadType') === 'resumable';
}

function begun(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const { headers, body } = request;
  const protocol = headers['x-goog-upload-protocol'] ?? call.query.get('uploadType') ?? 'raw';
  const contentType = headers['content-type'] ?? '';
  const fileName = headers['x-goog-upload-file-name'];
  const target = (metadata: Fields, mimeType = unknownType) =>
    uploadTarget({ call, project, metadata, mimeType, fileName }, world);
  switch (protocol) {
    case 'resumable': {
      const mimeType = headers['x-goog-upload-header-content-type'] ?? headers['x-upload-content-type'];
      const start = isClassic(call) ? startClassic : startUpload;
      return start(target(metadataIn(body), mimeType), request, call.query, world);
    }
    case 'multipart': {
      const [about, media] = partsOf(contentType, body) ?? [];
      if (about === undefined || media === undefined) throw new Refused('400');
      return kept(target(metadataIn(about.bytes), media.type ?? undefined), media.bytes, world);
    }
    case 'raw':
    case 'media':
      return kept(target({}, contentType.split(';')[0]?.trim() || undefined), body, world);
    default:
      throw new Refused('400');
  }
}

const unknownType = 'application/octet-stream';

function kept(target: UploadTarget, bytes: Uint8Array, world: World): Reply {
  return finalReply(target.finish(measured(bytes))(), newUploadId(), world);
}

/** Google's parser forgives single quotes, and its own examples rely on that. */
function metadataIn(bytes: Uint8Array): Fields {
  const strict = readBody(bytes);
  if ('fields' in strict) return strict.fields;
  const lenient = readBody(Buffer.from(Buffer.from(bytes).toString().replaceAll("'", '"')));
  if ('fields' in lenient) return lenient.fields;
  throw new Refused('bad-json', { why: strict.why });
}
