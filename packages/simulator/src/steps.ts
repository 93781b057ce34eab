/**
 * Everything that can be played, and what the client of it meets.
 *
 * A step applies to whatever call comes in: where a line speaks of events, a call that is answered with one JSON text
 * has that text cut into slices and gets the same. What differs in content only (`usage-only-stream`, `no-finish`,
 * `stop-first`, `big-event`, `endless-stream`) needs a call that generates; others are answered as with `ok`.
 */
export const steps = {
  ok: 'the answer of the fake Gemini: right, or refused for a real reason',

  '400': '400 INVALID_ARGUMENT: the caller is to blame',
  '400-key-invalid': '400 API_KEY_INVALID, with the key in a DebugInfo',
  '400-key-expired': '400 API_KEY_INVALID, "API key expired"',
  '400-location': '400 FAILED_PRECONDITION, "User location is not supported"',
  '401': '401 UNAUTHENTICATED, ACCESS_TOKEN_TYPE_UNSUPPORTED',
  '402': '402, a project without billing',
  '403-leaked': '403 PERMISSION_DENIED, "reported as leaked"',
  '403-suspended': '403 CONSUMER_SUSPENDED, with the key in message and metadata',
  '403-service-disabled': '403 SERVICE_DISABLED: the API is off in this project',
  '403-permission': '403 PERMISSION_DENIED on a file of somebody else',
  '404': '404 NOT_FOUND for the model of the request',
  '429': '429 RESOURCE_EXHAUSTED per minute, RetryInfo 17 s',
  '429-day': '429 per day, with a RetryInfo of 17 s that lies',
  '429-limit-zero': '429 with "limit: 0": this model is not in the tier',
  '429-bare': '429 without details',
  '429-billing': '429, "prepayment credits are depleted"',
  '429-int64': '429 with a RetryInfo of 9223372036854775807 s',
  '500': '500 INTERNAL',
  '502-html': '502 with an HTML page of the front end',
  '503': '503 UNAVAILABLE, "high demand"',
  '503-invalid-json': '503 whose JSON body stops in the middle of a string',
  '503-capacity': '503 MODEL_CAPACITY_EXHAUSTED',
  '504': '504 DEADLINE_EXCEEDED',
  redirect: '302 to http://127.0.0.1/latest',
  'redirect-307': '307 to http://127.0.0.1/latest',

  'rst-before-headers': 'reset before the first byte',
  'fin-before-headers': 'closed before the first byte',
  'rst-mid-headers': 'reset in the middle of a header line',
  'no-answer': 'accepted, read, never answered',
  'slow-headers': 'the head of the answer, a byte every 50 ms, then the answer',
  garbage: 'bytes that are not HTTP, then closed',
  'too-many-headers': 'the answer under 2,500 headers of six bytes each',
  'status-999': 'the answer with the status 999',

  'empty-200': '200 with a content length of 0',
  'html-200': '200 with an HTML page',
  'error-200': '200 with a JSON body that says 503 UNAVAILABLE',
  'cut-length': 'half of the body that the content length promised, then closed',

  'rst-mid-stream': 'half of the events, then reset',
  'fin-mid-chunk': 'half of the events, then half of a chunk, then closed',
  'fin-no-last-chunk': 'all events, then closed without the last chunk',
  'close-delimited': 'all events without length or chunks, ended by closing',
  'close-delimited-rst': 'half of the events without length or chunks, then reset',
  'empty-stream': 'a stream without a single event, ended cleanly',
  'usage-only-stream': 'one event with usage and no candidates, ended cleanly',
  'no-finish': 'all of the text but no finish reason, ended cleanly',
  'stall-before-first': 'the head, then silence until the peer leaves',
  'stall-mid-stream': 'half of the events, then silence until the peer leaves',
  'comments-only': 'a comment line every 50 ms (white space outside of SSE) until the peer leaves',
  'error-first-event': 'a stream whose first and only content is an error in raw JSON',
  'error-mid-stream': 'half of the events, an error in raw JSON, ended cleanly',
  'finish-then-hang': 'all events, then silence until the peer leaves',
  'stop-first': 'STOP, nothing, nothing, STOP: text goes on behind the first finish reason',
  'gzip-stream': 'the answer compressed with gzip, event by event, whatever the client accepts',
  'gzip-truncated': 'half of a gzip body, in chunks that end cleanly',
  'slow-stream': 'an event (a word) every 50 ms',
  'endless-stream': 'events of 16 KiB as fast as the socket takes them, until the peer leaves',
  'one-byte-chunks': 'every byte of the body in a chunk and a write of its own',
  'big-event': 'the answer in one event of 20 MB',
} as const;

/** A name from the table. */
export type StepName = keyof typeof steps;

/** Whether a text is the name of a step. */
export function isStepName(name: string): name is StepName {
  return Object.hasOwn(steps, name);
}
