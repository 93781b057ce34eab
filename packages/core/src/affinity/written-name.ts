/**
 * Reads names where they lie in a body. A value under a field that may name something nearly always says at its first
 * bytes that it does not, or is a name as it should be; only what is written oddly has to become a string and be parsed.
 */

import { hexAt } from '../bytes/hex.ts';
import { Words } from '../bytes/words.ts';
import { collections } from './resource-name.ts';

const HASH = 0x23;
const LETTER_H = 0x68;
const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION_MARK = 0x3f;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const longestId = 512;
const longestStart = 128;

/** It names nothing. */
export const NOTHING = 0;
/** It is a name, and stands between {@link NameReader.from} and {@link NameReader.to}. */
export const NAMED = 1;
/** Nobody knows: it has escapes, encodings, or another spelling of a host. */
export const ODD = 2;
export type Reading = typeof NOTHING | typeof NAMED | typeof ODD;

const google = new Words(['generativelanguage.googleapis.com']);
const googleService = new TextEncoder().encode('generativelanguage');
const googleDomain = new TextEncoder().encode('.googleapis.com');
const modelWord = 'models';
const collectionWords = new Words([...collections, modelWord]);
const operationsWord = new Words(['operations']);

/** What may stand in an id, as `idShape` in `resource-name.ts` has it. */
const isOfId = tableOf(/[\w.~=+-]/);
/** What says nothing about where a segment ends. */
const isOrdinary = tableOf(/(?![?#%\\/])[ -~]/);
const isOfScheme = tableOf(/[A-Za-z0-9+.-]/);
const isOfHost = tableOf(/[a-z0-9.-]/);
const isLetter = tableOf(/[a-z]/);
const isDigit = tableOf(/[0-9]/);
const httpSchemes = new Words(['http', 'https']);

function tableOf(letters: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    byte < 0x80 && letters.test(String.fromCharCode(byte)) ? 1 : 0,
  );
}

/** Agrees with `nameInValue` and `nameOfId` of `resource-name.ts` in all that it does not call odd. */
export class NameReader {
  /** Where the name is that was read last: `files/abc`, or the bare id. */
  from = 0;
  to = 0;
  readonly #ownHosts: Words;
  /** Scheme, host and the slash behind it of the last URI whose host was plain to read: many more begin so. */
  #start: Uint8Array | null = null;
  #startBytes = 0;
  #isForeign = false;

  constructor(ownHosts: ReadonlySet<string>) {
    this.#ownHosts = wordsOf(ownHosts);
  }

  /** A value that names something by a full name or a URI. */
  name(bytes: Uint8Array, from: number, to: number): Reading {
    const first = bytes[from] as number;
    if (from >= to) return NOTHING;
    if (this.#startsAsLast(bytes, from, to)) {
      return this.#isForeign ? NOTHING : this.#path(bytes, from + this.#startBytes - 1, to, true);
    }
    if (isTrimmed(first) || first === BACKSLASH) return ODD;
    if (first === SLASH && bytes[from + 1] === SLASH && from + 1 < to) return this.#uri(bytes, from, from + 2, to);
    let at = from;
    while (at < to && isOfScheme[bytes[at] as number] === 1) at++;
    if (at === to || bytes[at] !== COLON || !isSchemeStart(first)) return this.#path(bytes, from, to, false);
    if (httpSchemes.numberAt(bytes, from, at) === 0) {
      // In capitals it may be http all the same.
      return (first | SPACE) === LETTER_H && at - from <= 5 ? ODD : NOTHING;
    }
    return bytes[at + 1] === SLASH && bytes[at + 2] === SLASH && at + 2 < to ? this.#uri(bytes, from, at + 3, to) : ODD;
  }

  /** A value that names something of one collection by its id. */
  id(bytes: Uint8Array, from: number, to: number): Reading {
    if (from >= to) return NOTHING;
    if (isTrimmed(bytes[from] as number) || isTrimmed(bytes[to - 1] as number)) return ODD;
    let isId = to - from <= longestId;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] as number;
      if (byte === SLASH || byte === BACKSLASH || byte === COLON) return ODD;
      if (isOfId[byte] === 0) isId = false;
    }
    if (!isId) return NOTHING;
    this.from = from;
    this.to = to;
    return NAMED;
  }

  #startsAsLast(bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#start;
    const length = this.#startBytes;
    if (start === null || to - from < length) return false;
    // From the end: hosts differ there, and schemes hardly ever.
    for (let at = length - 1; at >= 0; at--) if (bytes[from + at] !== start[at]) return false;
    return true;
  }

  /** @param slash - behind the host */
  #remember(bytes: Uint8Array, from: number, slash: number, isForeign: boolean): void {
    const length = slash + 1 - from;
    if (length > longestStart) return;
    this.#start ??= new Uint8Array(longestStart);
    for (let at = 0; at < length; at++) this.#start[at] = bytes[from + at] as number;
    this.#startBytes = length;
    this.#isForeign = isForeign;
  }

  /** @param from - behind the slashes of `https://`; `start` is before the scheme */
  #uri(bytes: Uint8Array, start: number, from: number, to: number): Reading {
    let end = from;
    let label = from;
    while (end < to && isOfHost[bytes[end] as number] === 1) {
      if (bytes[end] === DOT) label = end + 1;
      end++;
    }
    let isWord = end > label;
    for (let at = label; at < end; at++) if (isLetter[bytes[at] as number] === 0) isWord = false;
    let path = end;
    if (bytes[end] === COLON) {
      path++;
      while (path < to && isDigit[bytes[path] as number] === 1) path++;
    }
    // Without a path no host has a name to tell.
    if (path >= to || bytes[path] === QUESTION_MARK || bytes[path] === HASH) return NOTHING;
    // More slashes than two mean the same as two.
    if (bytes[path] !== SLASH || end === from) return ODD;
    if (this.#ownHosts.numberAt(bytes, from, path) !== 0) {
      this.#remember(bytes, start, path, false);
      return this.#path(bytes, path, to, true);
    }
    // Other spellings of an address mean the same, and so do letters that are encoded, and ports that go without saying.
    if (!isWord || isEncoded(bytes, from, end) || !isSpelledOut(bytes, end, path)) {
      return this.#path(bytes, path, to, true) === NOTHING ? NOTHING : ODD;
    }
    const isGoogle = google.numberAt(bytes, from, end) !== 0;
    const isLikeGoogle = endsWith(bytes, from, end, googleDomain) && contains(bytes, from, end, googleService);
    if (isLikeGoogle && !isGoogle) return ODD;
    this.#remember(bytes, start, path, !isGoogle);
    return isGoogle ? this.#path(bytes, path, to, true) : NOTHING;
  }

  #path(bytes: Uint8Array, from: number, to: number, isUri: boolean): Reading {
    let start = from;
    let at = from;
    for (; at < to; at++) {
      const byte = bytes[at] as number;
      if (isOrdinary[byte] === 1) continue;
      if (byte === QUESTION_MARK || byte === HASH) break;
      if (byte === PERCENT || byte === BACKSLASH || (isUri && byte < SPACE)) return ODD;
      if (byte !== SLASH) continue;
      if (isUri && isDots(bytes, start, at)) return ODD;
      const word = collectionWords.numberAt(bytes, start, at);
      if (word !== 0) {
        if (isTrimmed(bytes[to - 1] as number)) return ODD;
        return this.#thing(bytes, start, at, to, isUri, collectionWords.list[word] === modelWord);
      }
      start = at + 1;
    }
    return NOTHING;
  }

  /** @param slash - behind the word of the collection */
  #thing(bytes: Uint8Array, from: number, slash: number, to: number, isUri: boolean, isModel: boolean): Reading {
    const next = slash + 1;
    let end = next;
    while (end < to && isOfId[bytes[end] as number] === 1) end++;
    const idEnd = end;
    const stop = segmentEnd(bytes, end, to);
    if (stop < 0 || (isUri && !isPlain(bytes, stop, to))) return ODD;
    const isLast = stop === to || bytes[stop] !== SLASH;
    // `files//abc` and `files/files/abc` mean what `files/abc` does.
    if (!isLast && (stop === next || stop - next === slash - from)) return ODD;
    if (isUri && isDots(bytes, next, stop)) return ODD;
    if (isModel) {
      if (isLast) return NOTHING;
      const behind = segmentEnd(bytes, stop + 1, to);
      const isOperation = behind < 0 || behind === stop + 1 || operationsWord.numberAt(bytes, stop + 1, behind) !== 0;
      return isOperation ? ODD : NOTHING;
    }
    const isId = (idEnd === stop || bytes[idEnd] === COLON) && idEnd > next && idEnd - next <= longestId;
    if (!isId) return NOTHING;
    this.from = from;
    this.to = idEnd;
    return NAMED;
  }
}

/**
 * False when a value that is odd cannot name anything all the same: no word of a collection stands in it, encoded or not.
 *
 * @param bytes - its own copy, whose encodings are undone here
 */
export function mayStillName(bytes: Uint8Array, length: number): boolean {
  let to = 0;
  for (let at = 0; at < length; at++) {
    let byte = bytes[at] as number;
    // Parsers of URIs leave these out, and take one slash for the other.
    if (byte < SPACE) continue;
    if (byte === BACKSLASH) byte = SLASH;
    if (byte === PERCENT) {
      const code = at + 2 < length ? hexAt(bytes, at + 1, 2) : -1;
      if (code >= 0) {
        byte = code;
        at += 2;
      }
    }
    bytes[to++] = byte;
  }
  let start = 0;
  while (start < to && isTrimmed(bytes[start] as number)) start++;
  for (let at = start; at < to; at++) {
    if (bytes[at] !== SLASH) continue;
    if (collectionWords.numberAt(bytes, start, at) !== 0) return true;
    start = at + 1;
  }
  return false;
}

/** Where the segment ends; -1 when there is something in it that may stand for something else. */
function segmentEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  for (; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte === SLASH || byte === QUESTION_MARK || byte === HASH) return at;
    if (byte === PERCENT || byte === BACKSLASH || byte < SPACE) return -1;
  }
  return at;
}

/** False when what follows may undo what came before it: `files/abc/..`. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  let start = from;
  for (;;) {
    if (bytes[start] !== SLASH || start >= to) return true;
    const end = segmentEnd(bytes, start + 1, to);
    if (end < 0 || isDots(bytes, start + 1, end)) return false;
    start = end;
  }
}

function isDots(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] === DOT && (to - from === 1 || (to - from === 2 && bytes[from + 1] === DOT));
}

/** White space around a value is no part of it; outside of ASCII there is some as well. */
function isTrimmed(byte: number): boolean {
  return byte <= SPACE || byte >= 0x80;
}

function isSchemeStart(byte: number): boolean {
  return isLetter[byte | SPACE] === 1;
}

/** `xn--`: letters of other scripts. */
function isEncoded(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + 3; at < to; at++) if (bytes[at] === 0x2d && bytes[at - 1] === 0x2d) return true;
  return false;
}

/** No port at all, or one that stays where it stands. */
function isSpelledOut(bytes: Uint8Array, colon: number, end: number): boolean {
  if (colon === end) return true;
  let port = 0;
  for (let at = colon + 1; at < end; at++) port = port * 10 + (bytes[at] as number) - 0x30;
  return bytes[colon + 1] !== 0x30 && port !== 0 && port !== 80 && port !== 443;
}

function endsWith(bytes: Uint8Array, from: number, to: number, end: Uint8Array): boolean {
  return to - from >= end.length && contains(bytes, to - end.length, to, end);
}

function contains(bytes: Uint8Array, from: number, to: number, part: Uint8Array): boolean {
  for (let start = from; start + part.length <= to; start++) {
    let at = 0;
    while (at < part.length && bytes[start + at] === part[at]) at++;
    if (at === part.length) return true;
  }
  return false;
}

const known = new WeakMap<ReadonlySet<string>, { readonly size: number; readonly words: Words }>();

/** Hosts that every parser leaves as they are; others are compared after parsing. */
function wordsOf(hosts: ReadonlySet<string>): Words {
  const made = known.get(hosts);
  if (made !== undefined && made.size === hosts.size) return made.words;
  const words = new Words([...hosts].filter((host) => hostOf('http', host) === host && hostOf('https', host) === host));
  known.set(hosts, { size: hosts.size, words });
  return words;
}

function hostOf(scheme: string, host: string): string | null {
  const uri = `${scheme}://${host}/`;
  return URL.canParse(uri) ? new URL(uri).host : null;
}
