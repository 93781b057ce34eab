/** The contract of a client: it asks once, can stop reading, can leave, and tells what it has seen. */

import type { Form } from '../row.ts';
import type { Seen } from '../seen.ts';

/** Who the gateway knows. */
export const callerKey = 'canary-of-caller-key-7f3a9c51d2';

export const model = 'gemini-2.5-flash';

/** A question under way. */
export interface Asked<Answer extends Seen = Seen> {
  /** Never rejects: what goes wrong is seen. */
  readonly answer: Promise<Answer>;
  /** Bytes, or texts, that have arrived so far. */
  readonly received: number;
  /** Goes away without a word. */
  leave(): void;
}

/** One way of asking. */
export interface Client {
  readonly name: 'bytes' | 'sdk';
  ask(form: Form, prompt: string): Asked;
}

/** The path of a question. */
export function targetOf(form: Form): string {
  const verb = { stream: 'streamGenerateContent?alt=sse', array: 'streamGenerateContent', unary: 'generateContent' }[
    form
  ];
  return `/v1beta/models/${model}:${verb}`;
}

/** The body of a question. */
export function bodyOf(prompt: string): string {
  return JSON.stringify({ contents: [{ role: 'user', parts: [{ text: prompt }] }] });
}

/** Everything that an error says, its causes included. */
export function wordsOf(error: unknown): string {
  const { name, message, stack, cause } = error as Error;
  const inner: string = cause === undefined ? '' : wordsOf(cause);
  return `${name}: ${message}\n${stack}\n${JSON.stringify(error)}\n${inner}`;
}
