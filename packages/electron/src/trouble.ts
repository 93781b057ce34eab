/** What went wrong with a call, in words for a window. */

import { ApiError } from '@google/genai/web';
import { isSluiceError } from '@sluice/core';
import type { StreamError } from './contract.ts';

/** Without the id of the stream. */
export type Trouble = Omit<StreamError, 'id'>;

/** An error answer, read before the SDK does, which would leave its headers behind. */
export class RefusedCall extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

interface GoogleError {
  readonly status?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
}

const dayMs = 86_400_000;

/** Only words that were made for being shown: those of other errors may hold a piece of an answer. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof RefusedCall) return error.trouble;
  if (isSluiceError(error)) return withDelay(error.code, error.message, error.retryAfterMs);
  const told = error instanceof ApiError ? googleErrorIn(error.message) : null;
  if (told !== null) return spelled(told, undefined);
  return { code: 'upstream_truncated', message: 'The answer broke off. What came is not all of it.' };
}

/** What the gateway says about waiting goes before what a provider has written into the body. */
export async function troubleIn(response: Response): Promise<Trouble> {
  const told = googleErrorIn(await response.text()) ?? { status: `http_${response.status}` };
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return spelled(told, Number.isFinite(seconds) ? seconds : undefined);
}

function spelled({ status, message, details }: GoogleError, retryAfterSeconds: number | undefined): Trouble {
  const list = Array.isArray(details) ? (details as (Readonly<Record<string, unknown>> | null)[]) : [];
  const reason = list.find((one) => isOf(one, 'ErrorInfo'))?.reason;
  const code = [reason, status].find((one) => typeof one === 'string') ?? 'failed';
  const text = typeof message === 'string' && message !== '' ? message : 'The provider refused the call.';
  const seconds = retryAfterSeconds ?? secondsOf(list.find((one) => isOf(one, 'RetryInfo'))?.retryDelay);
  return withDelay(String(code).toLowerCase(), text, seconds === undefined ? undefined : seconds * 1_000);
}

/** The body of an error, with a few words of the SDK before it where a stream broke. */
function googleErrorIn(text: string): GoogleError | null {
  try {
    const { error } = JSON.parse(text.slice(text.indexOf('{'))) as { error?: GoogleError };
    return error ?? null;
  } catch {
    return null;
  }
}

function isOf(detail: Readonly<Record<string, unknown>> | null, type: string): boolean {
  return String(detail?.['@type']).endsWith(`google.rpc.${type}`);
}

function secondsOf(delay: unknown): number | undefined {
  return typeof delay === 'string' && /^\d+(\.\d+)?s$/.test(delay) ? Number(delay.slice(0, -1)) : undefined;
}

function withDelay(code: string, message: string, afterMs: number | undefined): Trouble {
  return afterMs === undefined ? { code, message } : { code, message, retryAfterMs: Math.min(afterMs, dayMs) };
}
