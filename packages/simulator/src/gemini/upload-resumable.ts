/** Resumable uploads: a session that is started, fed by chunks, asked how far it is, and finished or cancelled. */

import type { RecordedRequest } from '../contract.ts';
import type { Reply } from './reply.ts';
import { finalReply, silentReply, uploadRefusal } from './upload-reply.ts';
import type { UploadTarget } from './upload-target.ts';
import type { Upload } from './uploads.ts';
import type { World } from './world.ts';

/** Opens a session. A key from the query comes back in the addresses, as leaky as at Google. */
export function startUpload(
  target: UploadTarget,
  request: RecordedRequest,
  query: URLSearchParams,
  world: World,
): Reply {
  const announced = request.headers['x-goog-upload-header-content-length'] ?? '';
  const upload = world.uploads.start(target, /^\d{1,15}$/.test(announced) ? Number(announced) : null, world.now());
  const url = `${uploadUrl(upload, world)}&upload_protocol=resumable${keyIn(query)}`;
  const headers = [
    ['X-Goog-Upload-URL', url],
    ['X-Goog-Upload-Control-URL', url],
    ['X-Goog-Upload-Chunk-Granularity', String(world.uploadGranularityBytes)],
  ] as const;
  return silentReply(200, upload.id, 'active', headers, world.now());
}

/** Where an upload goes on. */
export function uploadUrl({ id, target }: Upload, world: World): string {
  return `${world.origin()}/upload/${target.version}/${target.path}?upload_id=${id}`;
}

/** The key of a query, to be written behind another one. */
export function keyIn(query: URLSearchParams): string {
  const key = query.get('key');
  return key === null ? '' : `&key=${encodeURIComponent(key)}`;
}

const known: ReadonlySet<string> = new Set(['upload', 'finalize', 'query', 'cancel']);

/** Does what `X-Goog-Upload-Command` says; it may be a list, and a GET without one asks how far the upload is. */
export function continueUpload(upload: Upload, request: RecordedRequest, world: World): Reply {
  const usual = request.method === 'GET' ? 'query' : '';
  const line = request.headers['x-goog-upload-command'] ?? usual;
  const commands = line.split(',').map((command) => command.trim().toLowerCase());
  const nowMs = world.now();
  if (!commands.every((command) => known.has(command))) {
    return uploadRefusal(400, `Invalid X-Goog-Upload-Command: "${line}"`, upload, nowMs);
  }
  if (commands.includes('query')) {
    const received = ['X-Goog-Upload-Size-Received', String(upload.receivedBytes)] as const;
    const granularity = ['X-Goog-Upload-Chunk-Granularity', String(world.uploadGranularityBytes)] as const;
    return silentReply(200, upload.id, upload.status, [received, granularity], nowMs);
  }
  if (upload.status !== 'active') return uploadRefusal(400, 'Upload has already been terminated.', upload, nowMs);
  if (commands.includes('cancel')) {
    upload.cancel();
    return silentReply(200, upload.id, upload.status, [], nowMs);
  }
  const isLast = commands.includes('finalize');
  const bytes = commands.includes('upload') ? request.body : new Uint8Array();
  const why = commands.includes('upload') ? faultIn(bytes, isLast, upload, request, world) : null;
  if (why !== null) return uploadRefusal(400, why, upload, nowMs);
  const { announcedBytes, receivedBytes } = upload;
  const totalBytes = receivedBytes + bytes.length;
  if (announcedBytes !== null && (isLast ? totalBytes !== announcedBytes : totalBytes > announcedBytes)) {
    return uploadRefusal(400, `${announcedBytes} bytes were announced, and ${totalBytes} came.`, upload, nowMs);
  }
  upload.receive(bytes);
  if (!isLast) return silentReply(200, upload.id, 'active', [], nowMs);
  return finalReply(upload.finish(), upload.id, world);
}

/** What is wrong with a chunk: it is not the next one, or not as long as all but the last have to be. */
function faultIn(
  bytes: Uint8Array,
  isLast: boolean,
  upload: Upload,
  request: RecordedRequest,
  world: World,
): string | null {
  const offset = request.headers['x-goog-upload-offset'];
  if (offset !== undefined && Number(offset) !== upload.receivedBytes) {
    return `The offset is ${offset}, and ${upload.receivedBytes} bytes have been received.`;
  }
  if (offset === undefined) return 'X-Goog-Upload-Offset is missing.';
  const { uploadGranularityBytes } = world;
  if (isLast || bytes.length % uploadGranularityBytes === 0) return null;
  return `A chunk of ${bytes.length} bytes is no multiple of ${uploadGranularityBytes}.`;
}
