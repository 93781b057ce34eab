/** The words that Google's errors have for a status, and the HTTP status that each stands for. */

/** gRPC's names, upper case, and the codes of the Interactions API, lower case. They differ in `out_of_range` alone. */
const statusOf: ReadonlyMap<string, number> = new Map([
  ['CANCELLED', 499],
  ['INVALID_ARGUMENT', 400],
  ['FAILED_PRECONDITION', 400],
  ['OUT_OF_RANGE', 400],
  ['UNAUTHENTICATED', 401],
  ['PERMISSION_DENIED', 403],
  ['NOT_FOUND', 404],
  ['ABORTED', 409],
  ['ALREADY_EXISTS', 409],
  ['RESOURCE_EXHAUSTED', 429],
  ['INTERNAL', 500],
  ['UNKNOWN', 500],
  ['DATA_LOSS', 500],
  ['UNIMPLEMENTED', 501],
  ['UNAVAILABLE', 503],
  ['DEADLINE_EXCEEDED', 504],
  // https://ai.google.dev/gemini-api/docs/api-errors (read 2026-11-20)
  ['invalid_request', 400],
  ['failed_precondition', 400],
  ['parameter_unknown', 400],
  ['out_of_range', 416],
  ['authentication', 401],
  ['payment_required', 402],
  ['permission_denied', 403],
  ['not_found', 404],
  ['model_not_found', 404],
  ['already_exists', 409],
  ['aborted', 409],
  ['rate_limit_exceeded', 429],
  ['quota_exceeded', 429],
  ['too_many_requests', 429],
  ['cancelled', 499],
  ['api_error', 500],
  ['unimplemented', 501],
  ['service_unavailable', 503],
  ['deadline_exceeded', 504],
]);

export function statusOfWord(word: string): number | null {
  return statusOf.get(word) ?? null;
}

/** What an error says of its status. */
export interface StatusSaid {
  /** An HTTP status from 400 up. */
  readonly code: number;
  /** One of the words above, upper case; empty when none of them was said. */
  readonly word: string;
}

/** A number beats a word, and both beat the status of the answer: an error may come with status 200. */
export function statusSaid(code: unknown, status: unknown, httpStatus: number): StatusSaid {
  const word = [code, status].find((said): said is string => typeof said === 'string' && statusOf.has(said)) ?? '';
  const number = typeof code === 'string' && /^\d{3}$/.test(code) ? Number(code) : code;
  const isHttp = typeof number === 'number' && number >= 400 && number < 600;
  return { code: isHttp ? number : (statusOf.get(word) ?? httpStatus), word: word.toUpperCase() };
}
