/** Takes keys out of what a provider says, before anybody else reads it. */

/** Shapes of Google's keys: the old ones, and the auth keys that replace them. */
const shapes = /AIza[0-9A-Za-z_-]{30,}|AQ\.[A-Za-z0-9_-]{10,}/g;
/** Whatever could hold a key of ours: looked up rather than searched for, so that ten thousand keys cost as much as one. */
const words = /[A-Za-z0-9_.-]{8,}/g;
const word = /^[A-Za-z0-9_.-]{8,}$/;
/** By so many letters it is told whether a key may begin somewhere. */
const startLetters = 8;
const mark = '[key]';
/** `AQ.` and ten characters: no shape is shorter. */
const shortestShape = 13;

const longestKnown = 64;
const mostKnown = 1_000;

/** Replaces secrets by a mark that says what stood there. */
export class Scrubber {
  readonly #secrets: Set<string>;
  /** How long the keys are that begin with some letters, the longest first. */
  readonly #lengths = new Map<string, number[]>();
  /** Keys with signs that no word has, however they are spelt; no provider makes such, so there are few. Very short ones would hit ordinary text. */
  #odd: readonly RegExp[] = [];
  /** A run of characters as long as the shortest secret; most header values have none, and are done with. */
  #suspicious = /^$/;

  /** Short texts that held nothing: header values are few and come again with every answer. */
  readonly #known = new Set<string>();
  /** A key shorter than a word is only looked for where it went up itself, so what is clean for one is not for all. */
  #mayRemember = false;

  /** @param secrets - every configured key */
  constructor(secrets: Iterable<string>) {
    this.#secrets = new Set(secrets);
    this.#prepare();
  }

  /** One more key; from now on it is found everywhere. */
  learn(secret: string): void {
    this.#secrets.add(secret);
    this.#prepare();
  }

  #prepare(): void {
    this.#known.clear();
    const odd = [...this.#secrets].filter((secret) => secret.length >= startLetters && !word.test(secret));
    this.#odd = odd.sort((one, other) => other.length - one.length).map(anySpelling);
    this.#lengths.clear();
    for (const secret of this.#secrets) if (word.test(secret)) this.#noteLength(secret);
    this.#mayRemember = [...this.#secrets].every((secret) => secret.length >= 8);
    const shortest = Math.min(shortestShape, ...[...this.#secrets].map(({ length }) => Math.max(8, length)));
    this.#suspicious = new RegExp(`[A-Za-z0-9_.-]{${shortest}}`);
  }

  /** @param used - the key that went up with the call: it is found wherever it stands, whatever its shape */
  clean(text: string, used: string): string {
    if (this.#known.has(text)) return text;
    const clean = this.#cleaned(text, used);
    const isWorthKnowing = clean === text && text.length <= longestKnown && this.#known.size < mostKnown;
    if (isWorthKnowing && this.#mayRemember) this.#known.add(text);
    return clean;
  }

  #cleaned(text: string, used: string): string {
    let plain = text.includes(used) ? text.replaceAll(used, mark) : text;
    for (const secret of this.#odd) plain = plain.replaceAll(secret, mark);
    if (!this.#suspicious.test(plain)) return plain;
    return plain.replace(shapes, mark).replace(words, (word) => this.#cleanWord(word));
  }

  #noteLength(secret: string): void {
    const start = secret.slice(0, startLetters);
    const lengths = this.#lengths.get(start) ?? [];
    if (lengths.includes(secret.length)) return;
    this.#lengths.set(
      start,
      [...lengths, secret.length].sort((one, other) => other - one),
    );
  }

  /** A key may be a part of a word: providers put names before it, and dots behind it. */
  #cleanWord(word: string): string {
    let clean = '';
    let from = 0;
    for (let at = 0; at + startLetters <= word.length; at++) {
      const length = this.#lengthAt(word, at);
      if (length === 0) continue;
      clean += word.slice(from, at) + mark;
      from = at + length;
      at = from - 1;
    }
    return from === 0 ? word : clean + word.slice(from);
  }

  /** How long the key is that begins there; 0 when none does. */
  #lengthAt(word: string, at: number): number {
    for (const length of this.#lengths.get(word.slice(at, at + startLetters)) ?? none) {
      if (this.#secrets.has(word.slice(at, at + length))) return length;
    }
    return 0;
  }
}

const none: readonly number[] = [];

/** A key as it stands in plain text, in a URL or in JSON: each sign that no word has may be written in another way. */
function anySpelling(secret: string): RegExp {
  const signs = [...secret].map((sign) => {
    if (/[A-Za-z0-9_-]/.test(sign)) return sign;
    const code = sign.charCodeAt(0).toString(16).padStart(2, '0');
    const inHex = code.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
    return `(?:\\\\?\\x${code}|%${inHex}|\\\\u00${inHex})`;
  });
  return new RegExp(signs.join(''), 'g');
}
