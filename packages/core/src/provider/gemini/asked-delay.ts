/** How long the provider asks to wait: in a detail, in words, or in a header. Clamped, for it comes from outside. */

import { clampDelayMs } from '../../clock.ts';
import { type Json, objectOf } from './error-body.ts';

/** What may hold a delay. */
export interface DelaySaid {
  readonly details: readonly Json[];
  /** Empty where words are not to be trusted: most messages repeat what a caller wrote. */
  readonly message: string;
  /** The header `retry-after`. */
  readonly header: string | null;
  readonly nowMs: number;
}

/** @returns ms within [0, 24 h], or null when nothing was asked */
export function askedDelayMs({ details, message, header, nowMs }: DelaySaid): number | null {
  return inDetails(details) ?? inWords(message) ?? inHeader(header, nowMs);
}

/** RetryInfo: `"37s"`, `"34.07s"`, `"900ms"`, or protobuf's `{seconds, nanos}`. */
function inDetails(details: readonly Json[]): number | null {
  for (const { retryDelay } of details) {
    if (typeof retryDelay === 'string') {
      const [, amount, unit] = /^(-?\d+(?:\.\d+)?(?:e\d+)?)(ms|s)$/.exec(retryDelay) ?? [];
      if (amount !== undefined) return clampDelayMs(Number(amount) * (unit === 's' ? 1000 : 1));
    }
    const seconds = objectOf(retryDelay)?.seconds;
    // Nothing else is turned into a number: an object may have a `valueOf` of its own, and that throws.
    if (typeof seconds !== 'number' && typeof seconds !== 'string') continue;
    if (!Number.isNaN(Number(seconds))) return clampDelayMs(Number(seconds) * 1000);
  }
  return null;
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** `Please retry in 44.097740004s.`, in Go's notation, which also has `1h2m3.5s`: details are lost on the OpenAI path. */
function inWords(message: string): number | null {
  const [, duration] = /\bPlease retry in ((?:\d+(?:\.\d+)?(?:h|ms|m|s))+)/.exec(message) ?? [];
  if (duration === undefined) return null;
  let sumMs = 0;
  for (const [, amount, unit = ''] of duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    sumMs += Number(amount) * (unitMs[unit] ?? 0);
  }
  return clampDelayMs(sumMs);
}

/** RFC 9110 §10.2.3: delta-seconds or an HTTP date. */
function inHeader(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return clampDelayMs(Number(header) * 1000);
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? null : clampDelayMs(dateMs - nowMs);
}
