/** The first assertion: what the client has seen is what the row expects, and its bytes are the provider's own. */

import type { ObservedCall } from './observed-upstream.ts';
import type { Expectation } from './row.ts';
import { decoded, errorIn, hasMarker, type Seen, type SeenAnswer, type SeenBytes, saidIn } from './seen.ts';

/** What a client has seen, in a few words that are the same for each run: the cell of the table. */
export interface Told {
  readonly is: Expectation['is'];
  readonly status: number;
  readonly reason: string | null;
}

/** Puts what was seen into words. @param call - the call whose answer was shown */
export function tell(seen: Seen, call: ObservedCall | undefined): Told {
  return seen.by === 'sdk' ? tellAnswer(seen) : tellBytes(seen, call);
}

/** How that looks in a table. */
export function inWords(seen: Seen, told: Told, expected: Expectation): string {
  return seen.by === 'sdk' ? answerInWords(told, expected) : bytesInWords(told);
}

function bytesInWords({ is, status, reason }: Told): string {
  switch (is) {
    case 'whole':
      return `${status} whole`;
    case 'unclean':
      return `${status} whole, unclean end`;
    case 'broken':
      return `${status}, then ${reason}`;
    case 'refused':
      return `${status} ${reason}`;
  }
}

/** How the SDK tells of an error in the middle depends on how the pieces came: that it tells is what counts. */
function answerInWords({ is, status }: Told, expected: Expectation): string {
  if (is === 'whole') return 'answer';
  return expected.is === 'refused' && status > 0 ? `error ${status}` : 'error';
}

function tellAnswer({ end, status, text }: SeenAnswer): Told {
  if (end === 'whole') return { is: 'whole', status: 200, reason: null };
  return text === '' ? { is: 'refused', status, reason: null } : { is: 'broken', status: 200, reason: null };
}

function tellBytes(seen: SeenBytes, call: ObservedCall | undefined): Told {
  const { status, end } = seen;
  if (status >= 300 || status === 0) {
    const said = errorIn(Buffer.from(seen.body).toString('utf8'));
    return { is: 'refused', status, reason: said?.reason ?? 'no JSON' };
  }
  if (end === 'whole') return { is: 'whole', status, reason: null };
  const last = lastWordsOf(seen);
  if (last === null && call !== undefined && seen.body.length === call.bytes)
    return { is: 'unclean', status, reason: null };
  return { is: 'broken', status, reason: last?.reason ?? 'silence' };
}

/** The error in the last piece of an answer that broke; null when that is something else. */
function lastWordsOf({ pieces }: SeenBytes): ReturnType<typeof errorIn> {
  return errorIn(Buffer.from(pieces.at(-1) ?? []).toString('utf8'));
}

/** Everything that is not as it should be; nothing when all is. */
export function checkAnswer(seen: Seen, expected: Expectation, call: ObservedCall | undefined): string[] {
  return seen.by === 'sdk' ? checkSdk(seen, expected, call) : checkBytes(seen, expected, call);
}

function checkBytes(seen: SeenBytes, expected: Expectation, call: ObservedCall | undefined): string[] {
  const told = tell(seen, call);
  const faults: string[] = [];
  const { is, status, reason } = expected;
  if (told.is !== is || told.status !== status || told.reason !== reason) {
    faults.push(`saw "${bytesInWords(told)}" instead of "${bytesInWords(expected)}"`);
  }
  const { retryAfterS: [from, to] = [0, Number.POSITIVE_INFINITY] } = expected;
  const retryAfterS = Number(seen.headers['retry-after'] ?? 0);
  if (retryAfterS < from || retryAfterS > to) faults.push(`retry-after is ${retryAfterS}`);
  if (is === 'refused' || told.is === 'refused') return faults;
  const sent = Buffer.concat(call?.pieces ?? []);
  const isSame = told.is === 'broken' ? isBeginning(seen, sent) : sent.equals(seen.body);
  if (!isSame)
    faults.push(`the client has ${seen.body.length} bytes, and they are not the ${sent.length} of the provider`);
  return faults;
}

/** All whole events of what was sent, as they were sent, and behind them nothing but the last words. */
function isBeginning(seen: SeenBytes, sent: Buffer): boolean {
  const last = lastWordsOf(seen) === null ? 0 : (seen.pieces.at(-1)?.length ?? 0);
  const shown = seen.body.subarray(0, seen.body.length - last);
  return shown.length > 0 && sent.subarray(0, shown.length).equals(shown);
}

function checkSdk(seen: SeenAnswer, { is, status }: Expectation, call: ObservedCall | undefined): string[] {
  const said = call === undefined ? '' : saidIn(bodyOf(call));
  const faults: string[] = [];
  const isAnswer = seen.end === 'whole';
  if (is === 'whole' && !isAnswer) faults.push(`the SDK threw (${seen.status}) instead of answering`);
  if (isAnswer && (is === 'broken' || is === 'refused')) faults.push('the SDK took it for an answer');
  if (isAnswer && seen.text !== said) faults.push(`the SDK says ${seen.text.length} characters of ${said.length}`);
  if (is === 'refused' && !isAnswer && seen.status !== status)
    faults.push(`the SDK's error says ${seen.status}, not ${status}`);
  return faults;
}

const bodies = new WeakMap<ObservedCall, string>();

/** What the provider has said in a call that is over, without its content encoding. */
function bodyOf(call: ObservedCall): string {
  const known = bodies.get(call);
  if (known !== undefined) return known;
  const encoding = call.headers['content-encoding'];
  const body = decoded(Buffer.concat(call.pieces), typeof encoding === 'string' ? encoding : undefined);
  bodies.set(call, body);
  return body;
}

/** The provider began an answer and did not bring it to its end: the transport broke, or the marker never came. */
export function wasCut(call: ObservedCall): boolean {
  if (call.status < 200 || call.status >= 300) return false;
  return !hasMarker(bodyOf(call)) || call.end === 'broken';
}

/** The worst that a gateway can do: the client took for whole what is not. Goes by what was sent, not by what is expected. */
export function isSilentlyShort(seen: Seen, call: ObservedCall | undefined): boolean {
  if (seen.end !== 'whole' || seen.status < 200 || seen.status >= 300) return false;
  if (call === undefined) return true;
  const sent = bodyOf(call);
  if (seen.by === 'sdk') return !seen.hasFinish || seen.text !== saidIn(sent);
  return !hasMarker(sent) || seen.body.length !== call.bytes;
}
