/** WHAT IS IDENTICAL: requests with one key want one answer. The key is a digest; nobody reads a prompt out of it. */

import { platform } from '#platform';
import type { Eventually } from '../store/store.ts';
import type { Call } from '../surface/surface.ts';
import { canonicalJson } from './canonical-json.ts';

/** Calls that answer the same question again, and leave nothing behind. */
const repeatable = new Set([
  'generateContent',
  'streamGenerateContent',
  'countTokens',
  'embedContent',
  'batchEmbedContents',
  'openai.chat',
  'openai.embeddings',
]);

/** Fields that tell who asks, when, and for how long, and change no answer. */
const aside = new Set([
  'user-agent',
  'x-goog-api-client',
  'x-server-timeout',
  'x-request-timeout-ms',
  'x-request-id',
  'x-client-request-id',
  'x-correlation-id',
  'x-cloud-trace-context',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'b3',
  'date',
  'cache-control',
  'pragma',
  'origin',
  'referer',
  'dnt',
  'priority',
]);
const asidePrefixes = ['x-stainless-', 'x-b3-', 'sec-', 'cf-'];

/** What the key is made of. */
export interface KeyParts {
  /** Callers never share an answer. */
  readonly callerId: string;
  /** The provider's: options may change while the gateway runs. */
  readonly origin: string;
  readonly method: string;
  readonly call: Call;
  /** The fields that go up: name, value, name, value … */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** What makes or uses things that last, and an answer whose end cannot be told, is asked for each time. */
export function isRepeatable({ name, isSticky, answer }: Call): boolean {
  return repeatable.has(name) && !isSticky && answer !== 'opaque';
}

/** @returns null where the body asks for something that is kept, or may do so for all that can be read */
export function answerKey(asked: KeyParts): Eventually<string> | null {
  const { call, body } = asked;
  const canonical = canonicalJson(body);
  if (canonical === null ? call.surface === 'openai' : isKept(canonical.store)) return null;
  const form = canonical === null ? 'bytes' : 'json';
  const digest = platform.sha256(canonical?.text ?? body);
  return typeof digest === 'string' ? keyOf(asked, form, digest) : digest.then((ready) => keyOf(asked, form, ready));
}

function keyOf(
  { callerId, origin, method, call, headers }: KeyParts,
  form: string,
  digest: string,
): Eventually<string> {
  return platform.sha256(JSON.stringify([callerId, origin, method, call.target, said(headers), form, digest]));
}

function isKept(store: string | null): boolean {
  return store !== null && store !== 'false' && store !== 'null';
}

/** The fields that count, by name; those that came several times stay in order. */
function said(headers: readonly string[]): string[] {
  const fields: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (aside.has(name) || asidePrefixes.some((prefix) => name.startsWith(prefix))) continue;
    fields.push(`${name}: ${headers[at + 1]}`);
  }
  return fields.length < 2 ? fields : fields.toSorted(byFieldName);
}

function byFieldName(one: string, other: string): number {
  const [name, otherName] = [one.slice(0, one.indexOf(':')), other.slice(0, other.indexOf(':'))];
  return name < otherName ? -1 : name > otherName ? 1 : 0;
}
