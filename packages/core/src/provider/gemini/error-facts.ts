/** Reads what Google's error bodies say, in all the shapes that they come in. */

import { clampDelayMs } from '../../clock.ts';
import type { ErrorAnswer } from '../provider.ts';

/** An error answer boiled down to what the table of `classify.ts` asks for. */
export interface ErrorFacts {
  readonly httpStatus: number;
  /** The numeric code of the body where it has one, else the HTTP status. */
  readonly code: number;
  /** gRPC's name of the status, or the Interactions API's string code, upper case; empty when there is none. */
  readonly rpc: string;
  readonly message: string;
  /** `reason` of every ErrorInfo. */
  readonly reasons: readonly string[];
  /** `quotaId` of every violation. */
  readonly quotaIds: readonly string[];
  /** The model that the quota counts, where a violation names one. */
  readonly quotaModel: string | null;
  /** RetryInfo or `retry-after`, clamped to [0, 24 h]; null when neither came. */
  readonly retryMs: number | null;
  /** The body was JSON in a known shape. */
  readonly isReadable: boolean;
  readonly hasDetails: boolean;
  readonly namesResource: boolean;
  readonly nowMs: number;
}

type Json = Record<string, unknown>;

/** Never throws: what cannot be read is simply not known. */
export function readFacts(answer: ErrorAnswer): ErrorFacts {
  const error = errorObject(parsed(answer.text));
  const details = listOf(error?.details);
  const violations = details.flatMap((detail) => listOf(detail.violations));
  const code = typeof error?.code === 'number' ? error.code : answer.status;
  const rpc = typeof error?.status === 'string' ? error.status : typeof error?.code === 'string' ? error.code : '';
  return {
    httpStatus: answer.status,
    code,
    rpc: rpc.toUpperCase(),
    message: typeof error?.message === 'string' ? error.message : '',
    reasons: details.flatMap(({ reason }) => (typeof reason === 'string' ? [reason] : [])),
    quotaIds: violations.flatMap(({ quotaId }) => (typeof quotaId === 'string' ? [quotaId] : [])),
    quotaModel: modelOf(violations),
    retryMs: retryInfoMs(details) ?? retryAfterMs(answer.retryAfter, answer.nowMs),
    isReadable: error !== null,
    hasDetails: details.length > 0,
    namesResource: answer.namesResource,
    nowMs: answer.nowMs,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // HTML, plain text or half a body; the status alone decides then.
    return null;
  }
}

/** `{error}`, `[{error}]`, `{error: {error}}`, and a message that is itself such a JSON text. */
function errorObject(body: unknown): Json | null {
  const first = Array.isArray(body) ? body[0] : body;
  const error = objectOf(objectOf(first)?.error);
  if (error === null) return null;
  const inner = objectOf(error.error) ?? nestedIn(error.message);
  return inner ?? error;
}

function nestedIn(message: unknown): Json | null {
  if (typeof message !== 'string' || !message.trimStart().startsWith('{')) return null;
  return objectOf(objectOf(parsed(message))?.error);
}

function modelOf(violations: readonly Json[]): string | null {
  for (const { quotaDimensions } of violations) {
    const model = objectOf(quotaDimensions)?.model;
    if (typeof model === 'string') return model;
  }
  return null;
}

/** `"37s"`, `"34.07s"`, `"900ms"`, or protobuf's `{seconds, nanos}`. */
function retryInfoMs(details: readonly Json[]): number | null {
  for (const { retryDelay } of details) {
    if (typeof retryDelay === 'string') {
      const [, amount, unit] = /^(-?[0-9.]+(?:e[0-9]+)?)(ms|s)$/.exec(retryDelay) ?? [];
      if (amount !== undefined) return clampDelayMs(Number(amount) * (unit === 's' ? 1000 : 1));
    }
    const seconds = objectOf(retryDelay)?.seconds;
    if (seconds !== undefined && !Number.isNaN(Number(seconds))) return clampDelayMs(Number(seconds) * 1000);
  }
  return null;
}

/** RFC 9110 §10.2.3: delta-seconds or an HTTP date. */
function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return clampDelayMs(Number(header) * 1000);
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? null : clampDelayMs(dateMs - nowMs);
}

function objectOf(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf).filter((one) => one !== null) : [];
}
