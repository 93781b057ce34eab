/** How many tokens a call may use, guessed from its body before anybody knows. */

const COLON = 0x3a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;

/** English and code: about four bytes a token (https://ai.google.dev/gemini-api/docs/tokens, read 2026-11-20). */
const bytesPerToken = 4;
/** A picture or a page counts 258 tokens a tile; what one inline file costs on the whole is anybody's guess. */
const tokensPerInlineFile = 1_000;
/** Shorter values of `data` are text like any other. */
const shortestFileBytes = 256;
const mostDigits = 9;
/**
 * Keys that are looked at. Base64 has no colon, so a body of any size with files in it costs one search; only text in
 * megabytes has more. Behind them every byte counts as text: a file there counts a quarter of its bytes, which is too much.
 */
const mostLooks = 65_536;
/** The limit of the answer mostly stands at the end, and is looked for there too. */
const tailBytes = 8_192;

const encoder = new TextEncoder();
const dataKey = encoder.encode('"data"');
const limitKeys = ['maxOutputTokens', 'max_output_tokens', 'max_tokens', 'max_completion_tokens'].map((word) =>
  encoder.encode(`"${word}"`),
);

/** What a look through a body has found. */
interface Seen {
  files: number;
  fileBytes: number;
  /** The most that the answer may have; null where nothing has said so yet. */
  answer: number | null;
}

/**
 * The prompt by its length and the answer by the most that was allowed for it. An answer without a limit counts nothing:
 * it is put right when it has come.
 */
export function estimateTokens(body: Uint8Array): number {
  const seen: Seen = { files: 0, fileBytes: 0, answer: null };
  const end = look(body, 0, seen);
  if (end < body.length && seen.answer === null) {
    const { answer } = tailOf(body, Math.max(end, body.length - tailBytes));
    seen.answer = answer;
  }
  const bytes = body.length - seen.fileBytes;
  return Math.ceil(bytes / bytesPerToken) + seen.files * tokensPerInlineFile + (seen.answer ?? 0);
}

function tailOf(body: Uint8Array, from: number): Seen {
  const seen: Seen = { files: 0, fileBytes: 0, answer: null };
  look(body, from, seen);
  return seen;
}

/** From colon to colon: each key stands before one. @returns where it has stopped */
function look(body: Uint8Array, from: number, seen: Seen): number {
  let at = body.indexOf(COLON, from);
  for (let looks = 0; at >= 0; looks++) {
    if (looks === mostLooks) return at;
    at = body.indexOf(COLON, see(body, at, seen));
  }
  return body.length;
}

/** @returns where to go on: behind a file, or behind the colon */
function see(body: Uint8Array, colon: number, seen: Seen): number {
  let end = colon;
  while (isSpace(body[end - 1])) end--;
  if (body[end - 1] !== QUOTE) return colon + 1;
  if (endsWith(body, end, dataKey)) return seeFile(body, colon, end, seen);
  if (seen.answer === null && limitKeys.some((key) => endsWith(body, end, key))) seen.answer = numberAt(body, colon);
  return colon + 1;
}

function seeFile(body: Uint8Array, colon: number, keyEnd: number, seen: Seen): number {
  const quote = skipSpace(body, colon + 1);
  if (body[quote] !== QUOTE) return colon + 1;
  for (let at = quote + 1; at <= quote + shortestFileBytes; at++) if (!isBase64(body[at])) return colon + 1;
  const closing = body.indexOf(QUOTE, quote + 1);
  if (closing < 0) return body.length;
  seen.files++;
  seen.fileBytes += closing + 1 - (keyEnd - dataKey.length);
  return closing + 1;
}

/** A whole number of up to nine digits. @returns null where there is none */
function numberAt(body: Uint8Array, colon: number): number | null {
  const from = skipSpace(body, colon + 1);
  let value = 0;
  let at = from;
  for (; at < from + mostDigits && isDigit(body[at]); at++) value = value * 10 + (body[at] as number) - ZERO;
  return at === from ? null : value;
}

/** False also where a backslash stands before the word: that is a text which speaks of it. */
function endsWith(body: Uint8Array, end: number, word: Uint8Array): boolean {
  const from = end - word.length;
  if (from < 0 || body[from - 1] === BACKSLASH) return false;
  for (let at = word.length - 2; at >= 0; at--) if (body[from + at] !== word[at]) return false;
  return true;
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(body[at])) at++;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/** Of both alphabets. */
function isBase64(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const letter = byte | 0x20;
  const isSign = byte === 0x2b || byte === 0x2f || byte === 0x3d || byte === 0x2d || byte === 0x5f;
  return (letter >= 0x61 && letter <= 0x7a) || isDigit(byte) || isSign;
}
