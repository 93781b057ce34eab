/** Plays raw inputs against a doorway: every case of a row, and after it a proper request, to see that all is well. */

import type { Simulator } from '@sluice/simulator';
import { eventually } from '../eventually.ts';
import { hastyMs, type RawCase, type RawInput, rawCallerKey, rawMaxBodyBytes } from './input.ts';
import { rawInputs } from './inputs.ts';
import { judge, type Seen } from './judge.ts';
import { knock } from './knock.ts';

/** A server that listens, with a gateway before a simulator. */
export interface RawPlace {
  readonly port: number;
  /** The mount path without a slash at its end. */
  readonly prefix: string;
  readonly simulator: Simulator;
  /** How long to wait for an answer, in ms. @default longer than any row takes on a slow machine */
  readonly patienceMs?: number | undefined;
}

/** What came of one case. */
export interface PlayedCase {
  readonly row: RawInput;
  readonly one: RawCase;
  readonly seen: Seen;
  /** What is wrong. */
  readonly wrong: readonly string[];
}

/** The options that a gateway must have for its answers to be those that are expected. */
export function rawGateway({ needs }: Pick<RawInput, 'needs'>): {
  callers: { id: string; key: string }[];
  server: { maxBodyBytes: number; bodyInMs?: number };
} {
  const bodyInMs = needs === 'hasty' ? { bodyInMs: hastyMs } : {};
  return {
    callers: [{ id: 'alice', key: rawCallerKey }],
    server: { maxBodyBytes: rawMaxBodyBytes, ...bodyInMs },
  };
}

/** Plays a row. Rejects when a proper request is not answered afterwards. */
export async function playRow(row: RawInput, place: RawPlace): Promise<PlayedCase[]> {
  const played: PlayedCase[] = [];
  for (const one of row.cases) {
    const seen = await playCase(one, place);
    played.push({ row, one, seen, wrong: judge(one, seen) });
    const [proper] = (rawInputs[0] as RawInput).cases;
    const after = await playCase(proper as RawCase, place);
    const wrong = judge(proper as RawCase, after);
    if (wrong.length > 0) throw new Error(`${nameOf(row, one)}: afterwards a valid request gets ${wrong.join('; ')}`);
  }
  return played;
}

async function playCase(one: RawCase, { port, prefix, simulator, patienceMs = 15_000 }: RawPlace): Promise<Seen> {
  const { journal } = simulator;
  journal.clear();
  if (one.plan !== undefined) simulator.plan('*', one.plan);
  const sent = one.sends({ prefix, key: rawCallerKey });
  const { statuses, closeCode } = one.expected;
  const heard = await knock(sent, {
    port,
    patienceMs,
    count: statuses.length,
    halfCloses: one.halfCloses === true,
    wantsClose: closeCode !== undefined,
    called: () => eventually('nobody calls the provider', () => journal.running > 0, 10_000),
  });
  await eventually(`${one.name}: a call to the provider is under way`, () => journal.running === 0, 10_000);
  if (one.plan !== undefined) simulator.plan('*', ['ok']);
  const calls = journal.requests.length + journal.conversations.length;
  const isBodyAsSent = journal.requests.every(
    ({ body }) => sent.body === null || Buffer.compare(sent.body, body) === 0,
  );
  return { heard, calls, isBodyAsSent };
}

/** `B85 too large` */
export function nameOf({ id }: RawInput, { name }: RawCase): string {
  return name === '' ? id : `${id} ${name}`;
}
