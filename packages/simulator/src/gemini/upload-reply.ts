/** How the upload server answers: with headers of its own, never compressed, and in plain words when it refuses. */

import type { Fields } from './body.ts';
import type { Call } from './call.ts';
import { pretty } from './google-json.ts';
import { jsonType, type Reply, replyWith } from './reply.ts';
import type { Upload, UploadStatus } from './uploads.ts';
import type { World } from './world.ts';

type Headers = readonly (readonly [string, string])[];

const plainType = 'text/plain; charset=utf-8';

/** Headers of every answer of the upload server. `status` is what SDKs wait for; without it they send a chunk again. */
function uploadHeaders(type: string, id: string, status: UploadStatus | null, more: Headers, nowMs: number): Headers {
  return [
    ['Content-Type', type],
    ['X-GUploader-UploadID', id],
    ...(status === null ? [] : [['X-Goog-Upload-Status', status] as const]),
    ...more,
    ['Date', new Date(nowMs).toUTCString()],
    ['Server', 'UploadServer'],
  ];
}

/** An answer without a body: all that there is to say stands in the headers. */
export function silentReply(
  code: number,
  id: string,
  status: UploadStatus | null,
  more: Headers,
  nowMs: number,
): Reply {
  return replyWith(code, uploadHeaders(plainType, id, status, more, nowMs), '', true);
}

/** What the bytes have become, in the answer to the last one. */
export function finalReply(shown: Fields, id: string, world: World): Reply {
  const nowMs = world.now();
  const headers = uploadHeaders(jsonType, id, 'final', [['Vary', 'Origin, X-Origin, Referer']], nowMs);
  return replyWith(200, headers, pretty(shown), true);
}

/** A refusal in plain text, as the upload server has them. */
export function uploadRefusal(code: number, why: string, upload: Upload, nowMs: number): Reply {
  return replyWith(code, uploadHeaders(plainType, upload.id, upload.status, [], nowMs), why, true);
}

/** The same for an upload that does not exist. */
export function unknownUpload(id: string, nowMs: number): Reply {
  return replyWith(404, uploadHeaders(plainType, id, null, [], nowMs), 'Not Found', true);
}

/** A refusal of the API itself, on its way through the upload server: nothing more will come of this upload. */
export function throughUploads(reply: Reply, call: Call | null): Reply {
  if (call?.method !== 'uploadFile') return reply;
  const headers = [...reply.headers, ['X-Goog-Upload-Status', 'final'] as const];
  return { ...reply, headers, isPlain: true };
}
