/** How errors are written around interactions: a word in the place of a number, and nothing beside the message. */

import type { GoogleError } from '../gemini/google-error.ts';

/** An error body's content. */
export interface InteractionError {
  readonly code: string;
  readonly message: string;
}

const words: Readonly<Record<string, string>> = {
  INVALID_ARGUMENT: 'invalid_request',
  FAILED_PRECONDITION: 'failed_precondition',
  OUT_OF_RANGE: 'out_of_range',
  UNAUTHENTICATED: 'authentication',
  PERMISSION_DENIED: 'permission_denied',
  NOT_FOUND: 'not_found',
  ALREADY_EXISTS: 'already_exists',
  ABORTED: 'aborted',
  CANCELLED: 'cancelled',
  INTERNAL: 'api_error',
  UNIMPLEMENTED: 'unimplemented',
  UNAVAILABLE: 'service_unavailable',
  DEADLINE_EXCEEDED: 'deadline_exceeded',
};

/** The same error in the words of interactions. */
export function interactionError(error: GoogleError): InteractionError {
  return { code: wordFor(error), message: error.message };
}

function wordFor(error: GoogleError): string {
  if (error.code === 402) return 'payment_required';
  if (error.code === 404 && error.message.startsWith('models/')) return 'model_not_found';
  if (error.code !== 429) return words[error.status] ?? 'api_error';
  if (error.details === undefined) return 'too_many_requests';
  // Days are a quota, minutes a rate.
  return JSON.stringify(error.details).includes('PerDay') ? 'quota_exceeded' : 'rate_limit_exceeded';
}
