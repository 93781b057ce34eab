/** What an answer looks like in a table, and in what two of them differ. */

import { type PlayedCase, reasonOf, saysClose, type Voice, voiceOf } from '@sluice/testkit';

/** An answer as people compare it. */
export interface Look {
  readonly interim: string;
  readonly status: string;
  readonly reason: string;
  readonly voice: Voice;
  readonly isLast: boolean;
  readonly closeCode: number | null;
  readonly calls: number;
}

const ends = 'the connection ends';
const waits = 'nothing';

/** One look per answer; a connection that ends without one is a look as well. */
function looksOf({ seen: { heard, calls } }: PlayedCase): Look[] {
  const interim = heard.interim.join();
  const status = heard.isClosed ? ends : waits;
  const nothing: Look = { interim, status, reason: '', voice: 'empty', isLast: true, closeCode: null, calls };
  if (heard.replies.length === 0) return [nothing];
  return heard.replies.map((reply, at) => {
    const isLast = at === heard.replies.length - 1 && (heard.isClosed || saysClose(reply));
    return {
      interim,
      status: String(reply.status),
      reason: reasonOf(reply) ?? '',
      voice: reply.status === 101 ? 'empty' : voiceOf(reply, calls),
      isLast,
      closeCode: heard.closeCode,
      calls,
    };
  });
}

/** `400 INVALID_REQUEST, closed`; `passed on: 200` */
export function wordsOf(cases: readonly PlayedCase[]): string {
  const words = cases.map((one) => looksOf(one).map(wordsOfLook).join(' and '));
  const same = new Set(words);
  return same.size === 1 ? (words[0] as string) : words.map((text, at) => `${nameOf(cases, at)}${text}`).join('; ');
}

function nameOf(cases: readonly PlayedCase[], at: number): string {
  const name = cases[at]?.one.name ?? '';
  return name === '' ? '' : `${name}: `;
}

function wordsOfLook({ interim, status, reason, voice, isLast, closeCode }: Look): string {
  const before = interim === '' ? '' : `${interim}, then `;
  if (closeCode !== null) return `closed with ${closeCode}`;
  if (status === ends) return ends;
  if (status === waits) return 'no answer in 3 s';
  if (voice === 'provider') return `${before}passed on: ${status}`;
  const end = isLast ? ', closed' : '';
  return `${before}${status}${reason === '' ? '' : ` \`${reason}\``}${end}`;
}

/** What is different from the first doorway's; null when nothing is. */
export function differenceOf(cases: readonly PlayedCase[], first: readonly PlayedCase[]): string | null {
  const differences = cases.flatMap((one, at) => {
    const [mine, theirs] = [looksOf(one), looksOf(first[at] as PlayedCase)];
    if (JSON.stringify(mine) === JSON.stringify(theirs)) return [];
    const words = mine.map((look) => `${wordsOfLook(look)}${voiceWords(look, theirs[0])}`).join(' and ');
    return [`${cases.length > 1 ? nameOf(cases, at) : ''}${words}`];
  });
  return differences.length === 0 ? null : [...new Set(differences)].join('; ');
}

function voiceWords({ voice, status }: Look, theirs: Look | undefined): string {
  if (voice === theirs?.voice || status === ends || status === waits || status === '101') return '';
  if (voice === 'empty') return ', empty page';
  return voice === 'other' ? ', in other words' : '';
}
