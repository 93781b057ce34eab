import { wholeReply } from '../gemini/reply.ts';
import type { StepName } from '../steps.ts';
import * as body from './broken-body.ts';
import * as start from './broken-start.ts';
import * as odd from './odd-stream.ts';
import type { Play } from './play.ts';
import { ok, page, redirect, refused, sendReply } from './whole.ts';

const json = 'application/json; charset=UTF-8';
const html = 'text/html; charset=UTF-8';
const badGateway =
  '<!DOCTYPE html>\n<html lang=en>\n<title>Error 502 (Server Error)!!1</title>\n<p>The server encountered a temporary error.\n</html>\n';
const metadata = 'http://127.0.0.1/latest';
const bigBytes = 20_000_000;

/** How each step is played; the compiler sees to it that none is missing. */
export const plays: Readonly<Record<StepName, Play>> = {
  ok,
  '400': refused('400'),
  '400-key-invalid': refused('400-key-invalid'),
  '400-key-expired': refused('400-key-expired'),
  '400-location': refused('400-location'),
  '401': refused('401'),
  '402': refused('402'),
  '403-leaked': refused('403-leaked'),
  '403-suspended': refused('403-suspended'),
  '403-service-disabled': refused('403-service-disabled'),
  '403-permission': refused('403-permission'),
  '404': refused('404'),
  '429': refused('429'),
  '429-day': refused('429-day'),
  '429-limit-zero': refused('429-limit-zero'),
  '429-bare': refused('429-bare'),
  '429-billing': refused('429-billing'),
  '429-int64': refused('429-int64'),
  '500': refused('500'),
  '502-html': page(502, html, badGateway),
  '503': refused('503'),
  '503-invalid-json': page(503, json, '{\n  "error": {\n    "code": 503,\n    "message": "The model is overl'),
  '503-capacity': refused('503-capacity'),
  '504': refused('504'),
  redirect: redirect(302, metadata),
  'redirect-307': redirect(307, metadata),

  'rst-before-headers': start.rstBeforeHeaders,
  'fin-before-headers': start.finBeforeHeaders,
  'rst-mid-headers': start.rstMidHeaders,
  'no-answer': start.noAnswer,
  'slow-headers': start.slowHeaders,
  garbage: start.garbage,
  'too-many-headers': start.tooManyHeaders,
  'status-999': start.status999,

  'empty-200': page(200, json, ''),
  'html-200': page(200, html, '<!DOCTYPE html>\n<title>Welcome</title>\n<p>Please sign in to the network.\n'),
  'error-200': (stage, scene) => sendReply(stage, scene, wholeReply(200, json, scene.errorBody('503'), scene.nowMs)),
  'cut-length': body.cutLength,

  'rst-mid-stream': body.rstMidStream,
  'fin-mid-chunk': body.finMidChunk,
  'fin-no-last-chunk': body.finNoLastChunk,
  'close-delimited': body.closeDelimited,
  'close-delimited-rst': body.closeDelimitedRst,
  'empty-stream': odd.emptyStream,
  'usage-only-stream': odd.retold(() => [{}]),
  'no-finish': odd.retold(({ pieces }) => pieces.map((piece) => ({ ...piece, isFinal: false }))),
  'stall-before-first': odd.stallBeforeFirst,
  'stall-mid-stream': odd.stallMidStream,
  'comments-only': odd.commentsOnly,
  'error-first-event': odd.errorFirstEvent,
  'error-mid-stream': odd.errorMidStream,
  'finish-then-hang': odd.finishThenHang,
  'stop-first': odd.retold(() => [
    { text: 'First', isFinal: true },
    { text: ' things' },
    { text: ' come' },
    { text: ' last.', isFinal: true },
  ]),
  'gzip-stream': body.gzipStream,
  'gzip-truncated': body.gzipTruncated,
  'slow-stream': odd.slowStream,
  'endless-stream': odd.endlessStream,
  'one-byte-chunks': body.oneByteChunks,
  'big-event': odd.retold(() => [{ text: 'x'.repeat(bigBytes), isFinal: true }]),
};
