/** The fault matrix: every way in which a provider, or the way to it, is known to fail, and what plays it. */

import type { NetworkFaultKind } from './network/kinds.ts';
import type { lookups } from './network/lookups.ts';
import type { StepName } from './steps.ts';

/** What plays a fault; one of these. */
export type FaultCause =
  /** For `Simulator.plan`; each plan is a case of its own. */
  | { readonly plans: readonly (readonly StepName[])[] }
  /** For `startNetworkFault`; each kind is a case of its own. */
  | { readonly network: readonly NetworkFaultKind[] }
  /** A name in `lookups`, for clients that take a `lookup`. */
  | { readonly lookup: keyof typeof lookups }
  /** Why it cannot be played here. */
  | { readonly not: string };

/** One row of the matrix. */
export interface Fault {
  /** `F01` to `F96`. */
  readonly id: string;
  /** What goes wrong, in a few words. */
  readonly plays: string;
  readonly by: FaultCause;
  /** What the test itself has to do beside it. */
  readonly test?: string;
}

const everyPlan = (...names: StepName[]): FaultCause => ({ plans: names.map((name) => [name]) });

/**
 * The rows of the matrix, in their order.
 *
 * @example
 * const simulator = await startSimulator();
 * for (const { id, plays, by } of faults) {
 *   if (!('plans' in by)) continue;
 *   for (const plan of by.plans) {
 *     simulator.plan(demoKey, plan);
 *     const response = await fetch(`${simulator.url}/v1/models`, { headers: { 'x-goog-api-key': demoKey } });
 *     console.log(id, plays, response.status);
 *   }
 * }
 */
export const faults: readonly Fault[] = [
  { id: 'F01', plays: 'connection refused', by: { network: ['refused'] } },
  { id: 'F02', plays: 'a name that does not exist', by: { lookup: 'nxdomain' } },
  { id: 'F03', plays: 'a name server that is busy once', by: { lookup: 'againOnce' } },
  { id: 'F04', plays: 'a handshake of TCP that never finishes', by: { network: ['black-hole'] } },
  {
    id: 'F05',
    plays: 'a certificate that is self-signed, expired, or for another host',
    by: { network: ['tls-self-signed', 'tls-expired', 'tls-wrong-host'] },
  },
  { id: 'F06', plays: 'a TLS port that says nothing', by: { network: ['tls-silent'] } },
  { id: 'F07', plays: 'an alert in the handshake of TLS', by: { network: ['tls-alert'] } },
  {
    id: 'F08',
    plays: 'reset on a connection that was used before',
    by: everyPlan('rst-when-reused'),
    test: 'asks twice: the first answer comes whole, and the second call takes its connection',
  },
  { id: 'F09', plays: 'reset before the headers', by: everyPlan('rst-before-headers') },
  { id: 'F10', plays: 'closed before the headers', by: everyPlan('fin-before-headers') },
  { id: 'F11', plays: 'reset in the headers', by: everyPlan('rst-mid-headers') },
  { id: 'F12', plays: 'closed in the headers', by: everyPlan('fin-mid-headers') },
  {
    id: 'F13',
    plays: 'the first of two addresses is dead',
    by: { lookup: 'deadFirst' },
    test: 'gives `lookups.deadFirst` an address on which a black hole has the port of the simulator',
  },

  { id: 'F14', plays: 'never answers', by: everyPlan('no-answer') },
  { id: 'F15', plays: 'headers byte by byte', by: everyPlan('slow-headers') },
  { id: 'F16', plays: 'bytes that are not HTTP', by: everyPlan('garbage') },
  { id: 'F17', plays: 'headers of more than 16 KiB', by: everyPlan('headers-over-16k') },
  { id: 'F18', plays: '2,500 headers', by: everyPlan('too-many-headers') },
  { id: 'F19', plays: 'a content length and chunks', by: everyPlan('length-and-chunks') },
  { id: 'F20', plays: 'two content lengths that differ', by: everyPlan('two-lengths') },
  { id: 'F21', plays: 'a folded header, a NUL, bare LF', by: everyPlan('folded-header', 'nul-in-header', 'lf-only') },
  { id: 'F22', plays: 'the status 999 or 099', by: everyPlan('status-999', 'status-099') },
  { id: 'F23', plays: '103 before the answer', by: everyPlan('early-hints') },
  { id: 'F24', plays: '100 that nobody asked for', by: everyPlan('unasked-100') },
  { id: 'F25', plays: '101 that nobody asked for', by: everyPlan('unasked-101') },
  { id: 'F26', plays: '302 to an internal address', by: everyPlan('redirect') },
  { id: 'F27', plays: '307 or 308 to another host', by: everyPlan('redirect-307', 'redirect-308') },
  { id: 'F28', plays: '204, 206 or 304', by: everyPlan('no-content', 'partial-206', 'not-modified') },
  {
    id: 'F29',
    plays: '413 before the body is read, then closed',
    by: everyPlan('early-413'),
    test: 'sends a body of some megabytes',
  },

  { id: 'F30', plays: '429 with RetryInfo, other keys are fine', by: { plans: [['429', 'ok']] }, test: 'has two keys' },
  { id: 'F31', plays: '429 without a hint', by: { plans: [['429-bare', 'ok']] } },
  { id: 'F32', plays: '429 for the day', by: { plans: [['429-day', 'ok']] } },
  {
    id: 'F33',
    plays: '429 with a delay that makes no sense',
    by: everyPlan('429-int64', '429-negative', '429-nan', '429-1e9', '429-past-date', '429-bad-date', '429-zero'),
  },
  { id: 'F34', plays: '429 on every key', by: everyPlan('429') },
  { id: 'F35', plays: '429 with a limit of 0', by: { plans: [['429-limit-zero', 'ok']] } },
  { id: 'F36', plays: '401 or 403 for a bad key', by: everyPlan('401', '403-suspended') },
  { id: 'F37', plays: '400 API_KEY_INVALID', by: everyPlan('400-key-invalid', '400-key-expired') },
  { id: 'F38', plays: '403 for a leaked key, 402', by: everyPlan('403-leaked', '402', '429-billing') },
  { id: 'F39', plays: '400 for the request', by: everyPlan('400') },
  { id: 'F40', plays: '404 for the model', by: everyPlan('404') },
  { id: 'F41', plays: '413, or a context that is too long', by: everyPlan('413', '400-too-long') },
  { id: 'F42', plays: '500 once', by: { plans: [['500', 'ok']] } },
  {
    id: 'F43',
    plays: '503 on one call in five',
    by: everyPlan('503'),
    test: 'plans a function that chooses `503` or `ok` at random',
  },
  { id: 'F44', plays: '503 on every call for a minute', by: everyPlan('503'), test: 'asks 100 times a second' },
  { id: 'F45', plays: '529', by: everyPlan('529') },
  { id: 'F46', plays: '504 after a minute', by: everyPlan('504'), test: 'turns the clock on by a minute meanwhile' },
  { id: 'F47', plays: '502 with a page of HTML', by: everyPlan('502-html') },
  { id: 'F48', plays: '503 with broken JSON', by: everyPlan('503-invalid-json') },
  { id: 'F49', plays: 'an error of 50 MB, or without an end', by: everyPlan('big-error', 'endless-error') },

  { id: 'F50', plays: '200 with a page of HTML', by: everyPlan('html-200') },
  { id: 'F51', plays: '200 with nothing', by: everyPlan('empty-200') },
  { id: 'F52', plays: 'a body shorter than its length', by: everyPlan('cut-length') },
  { id: 'F53', plays: '200 with an error in it', by: everyPlan('error-200') },
  { id: 'F54', plays: 'a body longer than its length', by: everyPlan('length-too-short') },
  {
    id: 'F55',
    plays: 'a JSON answer of 200 MB and more',
    by: everyPlan('endless-stream'),
    test: 'asks without streaming',
  },

  { id: 'F56', plays: 'reset in mid-stream', by: everyPlan('rst-mid-stream') },
  { id: 'F57', plays: 'closed inside a chunk', by: everyPlan('fin-mid-chunk') },
  { id: 'F58', plays: 'closed without the last chunk', by: everyPlan('fin-no-last-chunk') },
  { id: 'F59', plays: 'whole, ended by closing', by: everyPlan('close-delimited') },
  { id: 'F60', plays: 'ended by closing, and reset', by: everyPlan('close-delimited-rst') },
  { id: 'F61', plays: 'a chunk with a bad size', by: everyPlan('bad-chunk-size', 'huge-chunk-size') },
  { id: 'F62', plays: 'silence before the first event', by: everyPlan('stall-before-first') },
  { id: 'F63', plays: 'silence in mid-stream', by: everyPlan('stall-mid-stream') },
  { id: 'F64', plays: 'comments and nothing else', by: everyPlan('comments-only') },
  { id: 'F65', plays: 'a stream without events', by: everyPlan('empty-stream') },
  {
    id: 'F66',
    plays: 'no candidates, only counters, only thoughts',
    by: everyPlan('blocked-prompt', 'usage-only-stream', 'thought-only'),
  },
  { id: 'F67', plays: 'text without a finish reason', by: everyPlan('no-finish') },
  { id: 'F68', plays: 'a finish reason, and text behind it', by: everyPlan('stop-first') },
  { id: 'F69', plays: 'a second finish reason behind the end', by: everyPlan('finish-twice') },
  { id: 'F70', plays: 'an error as the first event', by: everyPlan('error-first-event') },
  { id: 'F71', plays: 'an error in mid-stream', by: everyPlan('error-mid-stream') },
  { id: 'F72', plays: 'an event that is no JSON', by: everyPlan('bad-json-event') },
  { id: 'F73', plays: 'an event of 20 MB', by: everyPlan('big-event') },
  { id: 'F74', plays: '100 MB and more without a line end', by: everyPlan('no-newline') },
  {
    id: 'F75',
    plays: 'UTF-8 cut at every byte',
    by: everyPlan('one-byte-chunks'),
    test: 'has the simulator answer with emoji, Chinese and joiners',
  },
  { id: 'F76', plays: 'a byte order mark, and CR, LF, CRLF mixed', by: everyPlan('mixed-line-ends') },
  { id: 'F77', plays: 'a byte at a time', by: everyPlan('one-byte-chunks') },
  { id: 'F78', plays: '1,000 events at once', by: everyPlan('thousand-events') },
  {
    id: 'F79',
    plays: 'a stream that is one array, cut anywhere',
    by: everyPlan('one-byte-chunks'),
    test: 'asks streamGenerateContent without alt=sse',
  },
  { id: 'F80', plays: 'data in many lines, id, retry and event', by: everyPlan('multi-line-data') },
  { id: 'F81', plays: 'compressed event by event', by: everyPlan('gzip-stream', 'br-stream', 'zstd-stream') },
  { id: 'F82', plays: 'said to be gzip, and is not', by: everyPlan('gzip-claimed') },
  { id: 'F83', plays: 'gzip that ends in the middle', by: everyPlan('gzip-truncated') },
  { id: 'F84', plays: 'a gzip bomb', by: everyPlan('gzip-bomb') },
  { id: 'F85', plays: 'gzip six times over', by: everyPlan('gzip-six-times') },
  { id: 'F86', plays: 'no content type, or a wrong one', by: everyPlan('no-content-type', 'wrong-content-type') },
  { id: 'F87', plays: 'an error in trailers', by: everyPlan('error-trailer') },
  {
    id: 'F88',
    plays: 'bytes behind the answer',
    by: everyPlan('extra-bytes'),
    test: 'asks again: the second answer is its own',
  },
  { id: 'F89', plays: 'faster than its reader', by: everyPlan('endless-stream'), test: 'reads 1 KiB a second' },
  {
    id: 'F90',
    plays: 'left by its client',
    by: everyPlan('no-answer', 'stall-before-first', 'slow-stream', 'finish-then-hang'),
    test: 'leaves: in the queue, in a pause, before the head, before the first event, in mid-stream, behind the end',
  },
  {
    id: 'F91',
    plays: 'goes on after its peer has closed',
    by: everyPlan('ignores-fin'),
    test: 'leaves in mid-stream',
  },
  { id: 'F92', plays: 'GOAWAY and resets of HTTP/2', by: { not: 'providers are spoken to in HTTP/1.1' } },
  { id: 'F93', plays: 'errors of gRPC', by: { not: 'providers are spoken to in JSON over HTTP/1.1' } },
  {
    id: 'F94',
    plays: 'a finish reason that stands for an error',
    by: everyPlan('malformed-function-call', 'unexpected-tool-call', 'finish-other'),
  },
  {
    id: 'F95',
    plays: 'counters that are missing, negative, huge, or early',
    by: everyPlan('usage-missing', 'usage-negative', 'usage-huge', 'usage-first'),
  },
  { id: 'F96', plays: 'the end, and a connection that stays open', by: everyPlan('finish-then-hang') },
];
