/** Finds the error in an error answer, in all the shapes that it comes in. Never throws: what cannot be read is not known. */

/** Somebody else's object; nothing is known of its fields. */
export type Json = Readonly<Record<string, unknown>>;

/** An error as far as it could be found. */
export interface ErrorBody {
  /** `error`: an error object; `page`: HTML; `text`: anything else, perhaps nothing at all. */
  readonly form: 'error' | 'page' | 'text';
  readonly code: unknown;
  readonly status: unknown;
  readonly message: string;
  readonly details: readonly Json[];
  /** The list that Google's errors had before they had details; clients can still ask for it by `$.xgafv=1`. */
  readonly legacy: readonly Json[];
}

/** Errors are wrapped in errors, by SDKs and by gateways; nobody wraps them deeper than this. */
const mostWrappings = 3;
/** Patterns are matched against it. */
const longestMessage = 4_000;

export function findError(text: string): ErrorBody {
  const error = errorIn(parsed(text), 0) ?? eventError(text);
  if (error === null) {
    const isPage = text.trimStart().startsWith('<');
    const message = isPage ? '' : text.trim().slice(0, longestMessage);
    return { form: isPage ? 'page' : 'text', code: null, status: null, message, details: [], legacy: [] };
  }
  const legacy = listOf(error.errors);
  const said = [error.message, legacy[0]?.message].find((one) => typeof one === 'string') ?? '';
  const { code, status, details } = error;
  return { form: 'error', code, status, message: said.slice(0, longestMessage), details: listOf(details), legacy };
}

export function objectOf(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf).filter((one) => one !== null) : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // HTML, plain text, events or half a body.
    return null;
  }
}

/** `{error}`, `[…, {error}]`, `{error: {error}}`, `{error: "text"}`, a message that is itself such a JSON text, and a bare status. */
function errorIn(value: unknown, wrappings: number): Json | null {
  if (wrappings > mostWrappings) return null;
  if (Array.isArray(value)) {
    for (const one of value) {
      const error = errorIn(objectOf(one), wrappings);
      if (error !== null) return error;
    }
    return null;
  }
  const body = objectOf(value);
  if (body === null) return null;
  if (typeof body.error === 'string') return { message: body.error };
  const error = objectOf(body.error) ?? (isBareStatus(body) ? body : null);
  if (error === null) return null;
  const inner = errorIn(error.error == null ? nestedIn(error.message) : error, wrappings + 1);
  // The wrapping may know what the inside does not say.
  return inner === null
    ? error
    : { ...error, ...Object.fromEntries(Object.entries(inner).filter(([, one]) => one !== null)) };
}

function isBareStatus({ code, message, status }: Json): boolean {
  return (
    typeof message === 'string' && typeof code === 'number' && (status === undefined || typeof status === 'string')
  );
}

function nestedIn(message: unknown): unknown {
  return typeof message === 'string' && /^\s*[[{]/.test(message) ? parsed(message) : null;
}

/** Server-sent events of which one is an error. */
function eventError(text: string): Json | null {
  for (const [, data = ''] of text.matchAll(/^data: ?(.*)$/gm)) {
    const error = errorIn(parsed(data), 0);
    if (error !== null) return error;
  }
  return null;
}
