/** Boils an error answer down to what the table of `classify.ts` asks for. */

import type { ErrorAnswer } from '../provider.ts';
import { askedDelayMs } from './asked-delay.ts';
import { type ErrorBody, findError, type Json, listOf, objectOf } from './error-body.ts';
import { statusSaid } from './status-words.ts';

/** A quota that was exceeded. */
export interface ExceededQuota {
  /** `GenerateRequestsPerDayPerProjectPerModel-FreeTier`, or an older error's words for it: `GenerateContent request limit per minute for a region`. */
  readonly id: string;
  /** The model that it counts, where it names one. */
  readonly model: string | null;
}

/** What an error answer says. */
export interface ErrorFacts {
  readonly httpStatus: number;
  /** What the body says: its number, or the one that its word stands for; else the HTTP status. */
  readonly code: number;
  /** gRPC's name of the status, or the Interactions API's code, upper case; empty when it is none of these. */
  readonly word: string;
  readonly form: ErrorBody['form'];
  readonly message: string;
  /** `reason` of every ErrorInfo; those of older errors by the names that they have now. */
  readonly reasons: readonly string[];
  /** The API that an ErrorInfo speaks of, `generativelanguage.googleapis.com`; null when none does. */
  readonly service: string | null;
  /** The last word of the method that an ErrorInfo speaks of, `GenerateContent`; null when none does. */
  readonly method: string | null;
  /** `projects/` and the number of the project that the key belongs to. */
  readonly consumer: string | null;
  readonly quotas: readonly ExceededQuota[];
  /** How long the provider asks to wait, clamped to [0, 24 h]; null when it does not. */
  readonly retryMs: number | null;
  readonly namesResource: boolean;
  readonly nowMs: number;
}

/** Never throws: what cannot be read is simply not known. */
export function readFacts(answer: ErrorAnswer): ErrorFacts {
  const body = findError(answer.text);
  const { form, message, details, legacy } = body;
  const { code, word } = statusSaid(body.code, body.status, answer.status);
  const infos = details.filter((detail) => typeof detail.reason === 'string' && isErrorInfo(detail));
  const metadata = infos.map((info) => objectOf(info.metadata)).filter((one) => one !== null);
  // A refused quota, key or project is Google's own matter; other messages may repeat what a caller wrote.
  const ownWords = code === 429 || code === 503 ? message : '';
  return {
    httpStatus: answer.status,
    code,
    word,
    form,
    message,
    reasons: [...infos.map(({ reason }) => reason as string), ...legacy.flatMap(modernReason)],
    service: textOf(metadata, 'service'),
    method: (textOf(metadata, 'method') ?? textOf(metadata, 'methodName'))?.split('.').at(-1) ?? null,
    consumer: consumerOf(metadata, message, code),
    quotas: quotasOf(details, metadata, ownWords),
    retryMs: askedDelayMs({ details, message: ownWords, header: answer.retryAfter, nowMs: answer.nowMs }),
    namesResource: answer.namesResource,
    nowMs: answer.nowMs,
  };
}

function isErrorInfo({ '@type': type }: Json): boolean {
  return type === undefined || (typeof type === 'string' && type.endsWith('.ErrorInfo'));
}

const modernReasons: ReadonlyMap<unknown, string> = new Map([
  ['keyInvalid', 'API_KEY_INVALID'],
  ['keyExpired', 'API_KEY_INVALID'],
  ['accessNotConfigured', 'SERVICE_DISABLED'],
  ['ipRefererBlocked', 'API_KEY_IP_ADDRESS_BLOCKED'],
]);

function modernReason({ reason }: Json): string[] {
  const modern = modernReasons.get(reason);
  return modern === undefined ? [] : [modern];
}

function textOf(metadata: readonly Json[], name: string): string | null {
  for (const { [name]: value } of metadata) if (typeof value === 'string') return value;
  return null;
}

/** Messages that name the project of a key. Only from their beginning on: others may name whatever a caller wrote. */
const inWords =
  /^(?:Quota exceeded for .* for consumer '(?:projects\/|project_number:)|Permission denied: Consumer '(?:projects\/|project_number:)|Generative Language API has not been used in project )(\d{1,20})\b/;

function consumerOf(metadata: readonly Json[], message: string, code: number): string | null {
  for (const { consumer } of metadata) {
    if (typeof consumer === 'string' && /^projects\/\d{1,20}$/.test(consumer)) return consumer;
  }
  const [, number] = code === 403 || code === 429 ? (inWords.exec(message) ?? []) : [];
  return number === undefined ? null : `projects/${number}`;
}

function quotasOf(details: readonly Json[], metadata: readonly Json[], ownWords: string): ExceededQuota[] {
  const violated = details
    .flatMap((detail) => listOf(detail.violations))
    .flatMap(({ quotaId, quotaDimensions }) =>
      typeof quotaId === 'string' ? [{ id: quotaId, model: modelOf(objectOf(quotaDimensions)?.model) }] : [],
    );
  const limit = textOf(metadata, 'quota_limit');
  const [, said] = /^Quota exceeded for quota metric '[^']*' and limit '([^']*)'/.exec(ownWords) ?? [];
  const older = [limit, said].flatMap((id) => (typeof id === 'string' ? [{ id, model: null }] : []));
  return [...violated, ...older];
}

function modelOf(model: unknown): string | null {
  return typeof model === 'string' ? model.replace(/^models\//, '') : null;
}
