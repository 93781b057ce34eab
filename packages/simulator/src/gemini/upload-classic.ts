/** The older resumable protocol: a `Location` to PUT ranges to, and 308 for as long as some are missing. */

import type { RecordedRequest } from '../contract.ts';
import type { Reply } from './reply.ts';
import { finalReply, silentReply, uploadRefusal } from './upload-reply.ts';
import { keyIn, uploadUrl } from './upload-resumable.ts';
import type { UploadTarget } from './upload-target.ts';
import type { Upload } from './uploads.ts';
import type { World } from './world.ts';

/** Opens a session and says where it goes on. */
export function startClassic(
  target: UploadTarget,
  request: RecordedRequest,
  query: URLSearchParams,
  world: World,
): Reply {
  const announced = request.headers['x-upload-content-length'] ?? '';
  const upload = world.uploads.start(target, /^\d{1,15}$/.test(announced) ? Number(announced) : null, world.now());
  const location = `${uploadUrl(upload, world)}&uploadType=resumable${keyIn(query)}`;
  return silentReply(200, upload.id, null, [['Location', location]], world.now());
}

/** Takes a range of the file, or says how much has come when the range is a `*`; a DELETE gives the upload up. */
export function continueClassic(upload: Upload, request: RecordedRequest, world: World): Reply {
  const nowMs = world.now();
  if (upload.shown !== null) return finalReply(upload.shown, upload.id, world);
  if (request.method === 'DELETE') {
    upload.cancel();
    return silentReply(499, upload.id, null, [], nowMs);
  }
  if (upload.status !== 'active') return uploadRefusal(400, 'Upload has already been terminated.', upload, nowMs);
  const { length } = request.body;
  const line = request.headers['content-range'] ?? (length === 0 ? 'bytes */0' : `bytes 0-${length - 1}/${length}`);
  const [, range, total = '*'] = /^bytes (\*|\d{1,15}-\d{1,15})\/(\*|\d{1,15})$/.exec(line) ?? [];
  const [first = 0, last = -1] = (range ?? '').split('-').map(Number);
  const isQuery = range === '*';
  const isNext = first === upload.receivedBytes && last - first + 1 === length;
  if (range === undefined || !(isQuery || isNext)) {
    return uploadRefusal(400, `Invalid Content-Range: "${line}"`, upload, nowMs);
  }
  if (!isQuery) upload.receive(request.body);
  if (upload.receivedBytes === Number(total)) return finalReply(upload.finish(), upload.id, world);
  const received = upload.receivedBytes === 0 ? [] : [['Range', `bytes=0-${upload.receivedBytes - 1}`] as const];
  return silentReply(308, upload.id, null, received, nowMs);
}
