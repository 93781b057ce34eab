import { expect } from 'vitest';
import type { RawAnswer } from '../raw-client.ts';

/**
 * The ends that a client can meet. `hangs`: bytes, then nothing more until the client leaves. `beyond`: all bytes have
 * come, and they are not those that the framing announced.
 */
export type End = 'whole' | 'fin' | 'rst' | 'hangs' | 'beyond';

export interface Expected {
  readonly end: End;
  readonly status?: number;
  /** For an SSE call. */
  readonly events?: number;
  /** For an SSE call: anything else that the line in the table promises. */
  readonly check?: (answer: RawAnswer, text: string) => void;
}

export const refused = (status: number, words: string): Expected => ({
  end: 'whole',
  status,
  check: (_, text) => expect(text).toContain(words),
});

/** The data of the events of an answer, read as JSON. */
export function eventsOf(body: Buffer): Record<string, unknown>[] {
  return [...body.toString().matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json));
}
