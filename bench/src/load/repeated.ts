/** One client that asks for the same again and again, with a pause after each answer. */

import type { Kind } from '../traffic.ts';
import { Connection } from './connection.ts';

/** What is asked for. */
export interface RepeatOrder {
  readonly port: number;
  readonly kind: Kind;
  readonly key: string;
  readonly pauseMs: number;
  /** Nothing is asked any more after this long. */
  readonly ms: number;
}

/** What came of it. */
export interface RepeatResult {
  /** How long each answer took. */
  readonly tookMs: readonly number[];
  readonly problems: readonly string[];
}

/** Ends with the last answer. */
export async function repeatOne({ port, kind, key, pauseMs, ms }: RepeatOrder): Promise<RepeatResult> {
  const tookMs: number[] = [];
  const problems: string[] = [];
  let onAnswer: () => void = () => {};
  const connection = new Connection(
    port,
    { kind, key },
    {
      onRight: () => onAnswer(),
      onWrong(problem) {
        problems.push(problem);
        onAnswer();
      },
    },
  );
  const startedAt = performance.now();
  while (problems.length === 0 && performance.now() - startedAt < ms) {
    const sentAt = performance.now();
    const answered = new Promise<void>((resolve) => (onAnswer = resolve));
    connection.send();
    await answered;
    tookMs.push(performance.now() - sentAt);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  connection.close();
  return { tookMs, problems };
}
