/** OpenAI's chat completions, as Google's compatibility endpoint speaks them. */

import { errorStatuses, rpcOf, type SluiceError } from '../../errors.ts';
import { type Dialect, saneCount } from '../dialect.ts';

/**
 * Chat completions and their errors.
 *
 * @see https://ai.google.dev/gemini-api/docs/openai (read 2026-11-20)
 */
export const openaiChat: Dialect = {
  name: 'openai-chat',
  grammar: {
    list: 'choices',
    content: ['delta', 'message'],
    parts: null,
    calls: [],
    finish: 'finish_reason',
    block: null,
    usage: 'usage',
    names: [],
    events: null,
  },
  heartbeat: ': ping\n\n',
  errorBody: (error) => `${JSON.stringify({ error: errorObject(error) }, null, 2)}\n`,
  replacement(code, { code: own, message }) {
    return `${JSON.stringify({ error: { code, message, status: rpcOf(code, own) } }, null, 2)}\n`;
  },
  // OpenAI's clients read errors from events, and only from events of one line.
  lastWords: (error, { form }) =>
    form === 'sse' ? `data: ${JSON.stringify({ error: errorObject(error) })}\n\n` : openaiChat.errorBody(error),
  passOn: (error, { form }) => (form === 'sse' ? `data: ${oneLine(error)}\n\n` : error),
  readUsage(usage) {
    const counts = (usage ?? {}) as Record<string, Record<string, unknown> | unknown>;
    const promptDetails = (counts.prompt_tokens_details ?? {}) as Record<string, unknown>;
    const completionDetails = (counts.completion_tokens_details ?? {}) as Record<string, unknown>;
    return {
      prompt: saneCount(counts.prompt_tokens),
      candidates: saneCount(counts.completion_tokens),
      thoughts: saneCount(completionDetails.reasoning_tokens),
      cached: saneCount(promptDetails.cached_tokens),
      tools: 0,
    };
  },
};

/** Google's three fields, and the two that OpenAI's clients read beside the message. */
function errorObject(error: SluiceError): object {
  const { status: code, message } = error;
  return { code, message, status: errorStatuses[error.code].rpc, type: error.code, param: null };
}

/** Google wraps errors of this endpoint in an array, and its clients do not look into arrays. */
function oneLine(error: string): string {
  const parsed: unknown = JSON.parse(error);
  return JSON.stringify(Array.isArray(parsed) ? parsed[0] : parsed);
}
