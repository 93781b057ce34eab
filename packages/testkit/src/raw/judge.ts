/** Compares what came of a raw input with what had to come of it. */

import { type RawReply, saysClose } from './answers.ts';
import { canary, type Expected, type RawCase, rawCallerKey } from './input.ts';
import type { Heard } from './knock.ts';

/** Whose words an answer is in: Google's shape from the gateway, the provider's, an empty page of Node's, somebody else's. */
export type Voice = 'gateway' | 'provider' | 'empty' | 'other';

/** What was seen of one case. */
export interface Seen {
  readonly heard: Heard;
  /** Calls to the provider. */
  readonly calls: number;
  /** Each call had the bytes that were sent. */
  readonly isBodyAsSent: boolean;
}

/** Bodies that show what nobody outside should see: stacks, paths of files, the prompt, the caller's key. */
const inside = /\n\s+at \S+|node_modules|file:\/\/|\.[cm]?[jt]s:\d+/;

/** @returns what is wrong, one sentence each; none when all is well */
export function judge({ expected }: RawCase, { heard, calls, isBodyAsSent }: Seen): string[] {
  const { by, statuses, closes, interim = [], closeCode } = expected;
  const wrong: string[] = [];
  const { replies } = heard;
  if (replies.length !== statuses.length) wrong.push(`${replies.length} answers instead of ${statuses.length}`);
  for (const [at, status] of statuses.entries()) {
    const got = replies[at]?.status;
    if (got !== undefined && status !== null && ![status].flat().includes(got))
      wrong.push(`${got} instead of ${[status].flat().join(' or ')}`);
  }
  if (heard.interim.join() !== interim.join()) wrong.push(`${heard.interim.join(', ') || 'nothing'} before the answer`);
  const most = expected.calls === undefined ? (by === 'provider' ? statuses.length : 0) : expected.calls;
  if (most !== null && calls !== most) wrong.push(`${calls} calls to the provider instead of ${most}`);
  if (!isBodyAsSent) wrong.push('the provider got other bytes');
  if (closes !== undefined && closes !== isLast(heard)) wrong.push(closes ? 'it stays open' : 'it closes');
  if (closeCode !== undefined && heard.closeCode !== closeCode)
    wrong.push(`closed with ${heard.closeCode ?? 'nothing'} instead of ${closeCode}`);
  return [...wrong, ...wrongWords(expected, replies, calls)];
}

/** Whether the connection is over with the last answer. */
function isLast({ isClosed, replies }: Heard): boolean {
  const last = replies.at(-1);
  return isClosed || (last !== undefined && saysClose(last));
}

function wrongWords({ by, reason }: Expected, replies: readonly RawReply[], calls: number): string[] {
  const wrong: string[] = [];
  for (const reply of replies) {
    const voice = voiceOf(reply, calls);
    const said = reasonOf(reply);
    if (by === 'gateway' && voice !== 'gateway' && reply.status !== 101)
      wrong.push(`in other words: ${excerpt(reply)}`);
    if (reason !== undefined && said !== null && said !== reason) wrong.push(`${said} instead of ${reason}`);
    if (inside.test(reply.body)) wrong.push(`it shows what is inside: ${excerpt(reply)}`);
    const isOurs = voice !== 'provider';
    if (isOurs && [canary, rawCallerKey].some((secret) => reply.body.includes(secret)))
      wrong.push('it repeats the prompt or the key');
    // What a gateway repeats of a name is short.
    if (isOurs && reply.body.includes('x'.repeat(129))) wrong.push('it repeats what it was sent');
  }
  return wrong;
}

function excerpt({ body }: RawReply): string {
  return JSON.stringify(body.slice(0, 120));
}

/** Who has said it. */
export function voiceOf(reply: RawReply, calls: number): Voice {
  if (reasonOf(reply) !== null) return 'gateway';
  if (calls > 0 && reply.body !== '') return 'provider';
  return reply.body === '' ? 'empty' : 'other';
}

/** The reason that an error of the gateway's gives, in any of its dialects; null for everybody else's. */
export function reasonOf({ body }: RawReply): string | null {
  try {
    const { error } = JSON.parse(body) as { error?: { details?: readonly { domain?: string; reason?: string }[] } };
    return error?.details?.find(({ domain }) => domain === 'sluice')?.reason ?? null;
  } catch {
    return null;
  }
}
