import { wholeReply } from '../gemini/reply.ts';
import type { StepName } from '../steps.ts';
import * as body from './broken-body.ts';
import * as framing from './broken-framing.ts';
import * as head from './broken-head.ts';
import * as start from './broken-start.ts';
import * as endless from './endless.ts';
import * as encoding from './odd-encoding.ts';
import * as events from './odd-events.ts';
import * as finish from './odd-finish.ts';
import * as refusal from './odd-refusal.ts';
import * as odd from './odd-stream.ts';
import type { Play } from './play.ts';
import * as resumable from './resumable.ts';
import { ok, page, redirect, refused, sendReply, tooLargePage } from './whole.ts';

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
  '400-too-long': refused('400-too-long'),
  '401': refused('401'),
  '402': refused('402'),
  '403-leaked': refused('403-leaked'),
  '403-suspended': refused('403-suspended'),
  '403-service-disabled': refused('403-service-disabled'),
  '403-permission': refused('403-permission'),
  '404': refused('404'),
  '413': page(413, html, tooLargePage),
  '429': refused('429'),
  '429-day': refused('429-day'),
  '429-limit-zero': refused('429-limit-zero'),
  '429-bare': refused('429-bare'),
  '429-billing': refused('429-billing'),
  '429-int64': refused('429-int64'),
  '429-negative': refused('429-negative'),
  '429-nan': refused('429-nan'),
  '429-1e9': refused('429-1e9'),
  '429-zero': refused('429-zero'),
  '429-past-date': refusal.pastDate,
  '429-bad-date': refusal.badDate,
  '500': refused('500'),
  '502-html': page(502, html, badGateway),
  '503': refused('503'),
  '503-invalid-json': page(503, json, '{\n  "error": {\n    "code": 503,\n    "message": "The model is overl'),
  '503-capacity': refused('503-capacity'),
  '504': refused('504'),
  '529': refused('529'),
  'endless-error': endless.endlessError,
  'big-error': endless.bigError,
  redirect: redirect(302, metadata),
  'redirect-307': redirect(307, metadata),
  'redirect-308': redirect(308, metadata),
  'no-content': refusal.bodiless(204),
  'partial-206': framing.partial206,
  'not-modified': refusal.bodiless(304),

  'rst-before-headers': start.rstBeforeHeaders,
  'rst-when-reused': head.rstWhenReused,
  'fin-before-headers': start.finBeforeHeaders,
  'rst-mid-headers': start.rstMidHeaders,
  'fin-mid-headers': head.finMidHeaders,
  'no-answer': start.noAnswer,
  'slow-headers': start.slowHeaders,
  garbage: start.garbage,
  'too-many-headers': start.tooManyHeaders,
  'headers-over-16k': head.headersOver16k,
  'length-and-chunks': head.lengthAndChunks,
  'two-lengths': head.twoLengths,
  'folded-header': head.foldedHeader,
  'nul-in-header': head.nulInHeader,
  'lf-only': head.lfOnly,
  'status-999': start.status999,
  'status-099': head.status099,
  'early-hints': head.earlyHints,
  'unasked-100': head.unasked100,
  'unasked-101': head.unasked101,
  'early-413': head.early413,

  'empty-200': page(200, json, ''),
  'html-200': page(200, html, '<!DOCTYPE html>\n<title>Welcome</title>\n<p>Please sign in to the network.\n'),
  'error-200': (stage, scene) => sendReply(stage, scene, wholeReply(200, json, scene.errorBody('503'), scene.nowMs)),
  'cut-length': body.cutLength,
  'length-too-short': framing.lengthTooShort,
  'extra-bytes': framing.extraBytes,
  'no-content-type': encoding.typedAs(null),
  'wrong-content-type': encoding.typedAs('text/plain; charset=utf-8'),

  'rst-mid-stream': body.rstMidStream,
  'fin-mid-chunk': body.finMidChunk,
  'fin-no-last-chunk': body.finNoLastChunk,
  'bad-chunk-size': framing.badChunkSize,
  'huge-chunk-size': framing.hugeChunkSize,
  'error-trailer': framing.errorTrailer,
  'ignores-fin': odd.ignoresFin,
  'close-delimited': body.closeDelimited,
  'close-delimited-rst': body.closeDelimitedRst,
  'empty-stream': odd.emptyStream,
  'usage-only-stream': finish.usageOnly,
  'thought-only': finish.thoughtOnly,
  'blocked-prompt': finish.blockedPrompt,
  'no-finish': finish.noFinish,
  'stall-before-first': odd.stallBeforeFirst,
  'stall-mid-stream': odd.stallMidStream,
  'comments-only': odd.commentsOnly,
  'error-first-event': odd.errorFirstEvent,
  'error-mid-stream': odd.errorMidStream,
  'bad-json-event': events.badJsonEvent,
  'finish-then-hang': odd.finishThenHang,
  'stop-first': finish.stopFirst,
  'finish-twice': finish.finishTwice,
  'malformed-function-call': finish.gaveUp('MALFORMED_FUNCTION_CALL'),
  'unexpected-tool-call': finish.gaveUp('UNEXPECTED_TOOL_CALL'),
  'finish-other': finish.finishOther,
  'usage-missing': finish.counted(null),
  'usage-negative': finish.counted(-5),
  'usage-huge': finish.counted(1e15),
  'usage-first': finish.usageFirst,
  'gzip-stream': body.gzipStream,
  'gzip-truncated': body.gzipTruncated,
  'gzip-claimed': encoding.gzipClaimed,
  'gzip-bomb': endless.gzipBomb,
  'gzip-six-times': encoding.gzipSixTimes,
  'br-stream': encoding.brStream,
  'zstd-stream': encoding.zstdStream,
  'slow-stream': odd.slowStream,
  'endless-stream': endless.endlessStream,
  'one-byte-chunks': body.oneByteChunks,
  'mixed-line-ends': events.mixedLineEnds,
  'multi-line-data': events.multiLineData,
  'thousand-events': events.thousandEvents,
  'no-newline': endless.noNewline,
  'big-event': finish.retold(() => [{ text: 'x'.repeat(bigBytes), isFinal: true }]),
  'drop-after-checkpoint': resumable.dropAfterCheckpoint,
  'interaction-drop': resumable.interactionDrop,
  'interaction-error': resumable.interactionError,

  // What goes wrong in a session is played in it, and a session that begins never comes here.
  'live-refuse-429': (stage, scene) => (scene.isLive ? refused('429') : ok)(stage, scene),
  'live-close-1011-mid': ok,
  'live-go-away': ok,
  'live-slow': ok,
  'live-flood': ok,
};

/** Played as soon as the head of a request is read; its body never is. */
export const earlySteps: ReadonlySet<StepName> = new Set<StepName>(['early-413']);
