/** The language of the Interactions API and of what belongs to it: agents, environments, voices and the like. */

import { errorStatuses, type SluiceError } from '../../errors.ts';
import { type Dialect, saneCount } from '../dialect.ts';

/**
 * Interactions and their errors.
 *
 * @see https://ai.google.dev/api/interactions-api (read 2026-11-20)
 */
export const interactions: Dialect = {
  name: 'interactions',
  grammar: {
    list: 'steps',
    content: ['content'],
    parts: null,
    calls: [],
    finish: 'status',
    block: null,
    usage: 'usage',
    names: [
      ['id'],
      ['environment_id'],
      ['continuation_token'],
      ['interaction', 'id'],
      ['interaction', 'environment_id'],
      ['interaction', 'continuation_token'],
      // Pictures and the like that the model has left as files: whole, as they come, and as clients of 2025 are told.
      ['steps', 'content', 'uri'],
      ['interaction', 'steps', 'content', 'uri'],
      ['step', 'content', 'uri'],
      ['delta', 'uri'],
      ['content', 'uri'],
      ['outputs', 'uri'],
      ['interaction', 'outputs', 'uri'],
    ],
    events: {
      kind: 'event_type',
      error: 'error',
      // Clients that ask for the revision before 2026-05-20 are told `start` and `complete`.
      opening: ['interaction.created', 'interaction.start', 'interaction.status_update'],
      ends: ['interaction.completed', 'interaction.complete'],
      before: ['event_type', 'event_id', 'interaction_id'],
      whole: 'interaction',
      status: 'status',
      // `requires_action` waits for the client; an unknown one in the middle says nothing.
      ended: [
        'completed',
        'failed',
        'cancelled',
        'incomplete',
        'requires_action',
        'requires_continuation',
        'budget_exceeded',
      ],
    },
  },
  heartbeat: ': ping\n\n',
  errorBody: (error) => `${JSON.stringify({ error: errorObject(error) }, null, 2)}\n`,
  replacement: (_status, error) => interactions.errorBody(error),
  lastWords: (error, { form }) => (form === 'sse' ? errorEvent(errorObject(error)) : interactions.errorBody(error)),
  passOn: (error, { form }) => (form === 'sse' ? errorEvent(errorIn(error)) : error),
  readUsage(usage) {
    const counts = (usage ?? {}) as Record<string, unknown>;
    return {
      prompt: saneCount(counts.total_input_tokens),
      candidates: saneCount(counts.total_output_tokens),
      thoughts: saneCount(counts.total_thought_tokens),
      cached: saneCount(counts.total_cached_tokens),
      tools: saneCount(counts.total_tool_use_tokens),
    };
  },
};

/**
 * The words of this API for gRPC's names.
 *
 * @see https://ai.google.dev/gemini-api/docs/api-errors (read 2026-11-20)
 */
const words: Readonly<Record<string, string>> = {
  INVALID_ARGUMENT: 'invalid_request',
  FAILED_PRECONDITION: 'failed_precondition',
  UNAUTHENTICATED: 'authentication',
  PERMISSION_DENIED: 'permission_denied',
  NOT_FOUND: 'not_found',
  ABORTED: 'aborted',
  RESOURCE_EXHAUSTED: 'rate_limit_exceeded',
  UNIMPLEMENTED: 'unimplemented',
  UNAVAILABLE: 'service_unavailable',
  DEADLINE_EXCEEDED: 'deadline_exceeded',
};

/** Google's two fields, and a detail like those of its other errors, which says that the gateway speaks. */
function errorObject({ code, message, retryAfterMs }: SluiceError): object {
  const details: object[] = [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code.toUpperCase(), domain: 'sluice' },
  ];
  if (retryAfterMs !== undefined) {
    const retryDelay = `${Math.ceil(retryAfterMs / 1000)}s`;
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });
  }
  return { code: words[errorStatuses[code].rpc] ?? 'api_error', message, details };
}

/** The error object in a JSON text that holds one, wrapped as it may be. */
function errorIn(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  const holder = (Array.isArray(parsed) ? parsed[0] : parsed) as { error?: unknown } | null;
  return holder?.error;
}

/** The blank line in front ends what was broken off in the middle; behind a whole event it is none of the stream. */
function errorEvent(error: unknown): string {
  return `\n\nevent: error\ndata: ${JSON.stringify({ event_type: 'error', error })}\n\n`;
}
