/** An error answer of the provider, read, judged and cleaned: what the client sees when there is no further try. */

import type { Dialect } from '../dialect/dialect.ts';
import { retryAfter } from '../dialect/refusal.ts';
import { SluiceError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { Call } from '../surface/surface.ts';
import type { HeaderBag, Sink } from '../wire.ts';
import { stillFlow } from '../wire.ts';

/** Ready to be shown. */
export interface HeldAnswer {
  readonly status: number;
  readonly headers: HeaderBag;
  readonly body: Uint8Array;
}

/** What an error answer may look like to be passed on as it is. */
export interface ReadAnswer {
  readonly status: number;
  readonly headers: HeaderBag;
  /** The body as it came. */
  readonly raw: Uint8Array;
  /** The body as text, decompressed. */
  readonly text: string;
  /** The text without keys. */
  readonly clean: string;
  /** False when a part of the body is missing: then it is not shown, for it would look whole. */
  readonly isWhole: boolean;
}

const encoder = new TextEncoder();

/** The original bytes where nothing had to be taken out; pages, broken JSON and halves are replaced by an error that can be read. */
export function holdAnswer(
  { status, headers, raw, text, clean, isWhole }: ReadAnswer,
  failure: Failure,
  { dialect, answer }: Pick<Call, 'dialect' | 'answer'>,
): HeldAnswer {
  const isPlain = answer === 'receipt' && String(headers['content-type'] ?? '').startsWith('text/plain');
  if (!isWhole || (answer !== 'opaque' && !isPlain && !isJson(text)))
    return replaced(status, headers, failure, dialect);
  if (clean === text) return { status, headers: { ...headers, 'content-length': String(raw.length) }, body: raw };
  const { 'content-encoding': _, ...plain } = headers;
  const body = encoder.encode(clean);
  return { status, headers: { ...plain, 'content-length': String(body.length) }, body };
}

/**
 * An error object that came with status 200: it gets the status that its code stands for.
 *
 * @param statusOf - what the provider's words for codes stand for
 * @returns null when its code is no HTTP error
 */
export function holdInnerError(
  clean: string,
  statusOf: (word: string) => number | null = () => null,
): HeldAnswer | null {
  let body: unknown;
  try {
    body = JSON.parse(clean);
  } catch {
    // Cut in the middle: there is nothing to show.
    return null;
  }
  const first = (Array.isArray(body) ? body[0] : body) as { error?: { code?: unknown } } | null | undefined;
  const code = first?.error?.code;
  // An object may have a `valueOf` of its own, and turning that into a number throws.
  const status = typeof code === 'string' ? (statusOf(code) ?? Number(code)) : code;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 599) return null;
  const bytes = encoder.encode(clean);
  const headers = { 'content-type': 'application/json; charset=UTF-8', 'content-length': String(bytes.length) };
  return { status, headers, body: bytes };
}

export function showAnswer(client: Sink, { status, headers, body }: HeldAnswer, more: HeaderBag): void {
  client.open(stillFlow);
  client.head(status, { ...headers, ...more });
  if (body.length > 0) client.write(body);
  client.end();
}

function replaced(status: number, headers: HeaderBag, { code, message }: Failure, dialect: Dialect): HeldAnswer {
  const { 'content-encoding': _, ...plain } = headers;
  // Its page says no more, and in the words of a browser.
  const isUnknown = status === 404 && String(headers['content-type'] ?? '').startsWith('text/html');
  const said = isUnknown ? unknownPath : message;
  const body = encoder.encode(dialect.replacement(status, new SluiceError(code, said)));
  return {
    status,
    headers: { ...plain, 'content-type': 'application/json; charset=UTF-8', 'content-length': String(body.length) },
    body,
  };
}

const unknownPath =
  'The provider has no such path, or not for this method (404). Gemini paths look like /v1beta/models/{model}:generateContent, OpenAI ones like /v1beta/openai/chat/completions.';

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

/** How long to wait is often only in the body, where few clients look; and who was tried for need not try at once. */
export function adviceOf({ status, headers }: HeldAnswer, { retryAfterMs }: Failure, calls: number): HeaderBag {
  const more: HeaderBag = calls > 1 ? { 'x-should-retry': 'false' } : {};
  const isWaiting = (status === 429 || status === 503) && headers['retry-after'] === undefined;
  return isWaiting && retryAfterMs !== undefined ? { ...more, 'retry-after': retryAfter(retryAfterMs) } : more;
}
