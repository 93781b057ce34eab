/** The Gemini API's own language. */

import { errorStatuses, rpcOf, type SluiceError } from '../../errors.ts';
import { type BrokenAnswer, type Dialect, saneCount } from '../dialect.ts';

/**
 * Gemini's answers and errors.
 *
 * @see https://ai.google.dev/api/generate-content (read 2026-11-20)
 */
export const gemini: Dialect = {
  name: 'gemini',
  grammar: {
    list: 'candidates',
    content: ['content'],
    parts: 'parts',
    // Server-side tools make streams of the shape STOP, –, –, STOP: the first one asks for the tool.
    calls: ['functionCall', 'toolCall', 'executableCode'],
    finish: 'finishReason',
    block: ['promptFeedback', 'blockReason'],
    usage: 'usageMetadata',
    // A model that draws or films may leave a file behind.
    names: [
      ['candidates', 'continuationToken'],
      ['candidates', 'content', 'parts', 'fileData', 'fileUri'],
    ],
    events: null,
  },
  // A comment breaks two of its clients.
  heartbeat: null,
  errorBody: googleErrorBody,
  replacement: googleReplacement,
  lastWords: (error, answer) => inPlace(googleErrorBody(error), answer),
  // The element's comma has gone out before it.
  passOn: (error, { form }) => (form === 'array' ? `${error}\n]` : error),
  readUsage(usage) {
    const counts = (usage ?? {}) as Record<string, unknown>;
    return {
      prompt: saneCount(counts.promptTokenCount),
      candidates: saneCount(counts.candidatesTokenCount),
      thoughts: saneCount(counts.thoughtsTokenCount),
      cached: saneCount(counts.cachedContentTokenCount),
      tools: saneCount(counts.toolUsePromptTokenCount),
    };
  },
};

/**
 * An error as Google's services write it: pretty-printed, with `code`, `message` and `status`, and as details an
 * `ErrorInfo` whose domain is `sluice` and, where a wait is known, a `RetryInfo`.
 *
 * @example
 * googleErrorBody(new SluiceError('unauthorized', 'No caller key.'));
 * @see https://cloud.google.com/apis/design/errors (read 2026-11-20)
 */
export function googleErrorBody(error: SluiceError): string {
  const details: object[] = [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: error.code.toUpperCase(), domain: 'sluice' },
  ];
  if (error.retryAfterMs !== undefined) {
    const retryDelay = `${Math.ceil(error.retryAfterMs / 1000)}s`;
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });
  }
  const { status: code, message } = error;
  const status = errorStatuses[error.code].rpc;
  return `${JSON.stringify({ error: { code, message, status, details } }, null, 2)}\n`;
}

/** Without a reason of ours: it was the provider who refused. */
function googleReplacement(code: number, { code: own, message }: SluiceError): string {
  return `${JSON.stringify({ error: { code, message, status: rpcOf(code, own) } }, null, 2)}\n`;
}

/** Google's clients look for a bare error object in a chunk of its own; in an array it is one more entry. */
function inPlace(error: string, { form, isBetweenEvents }: BrokenAnswer): string {
  return form === 'array' && isBetweenEvents ? `,\r\n${error}]` : error;
}
