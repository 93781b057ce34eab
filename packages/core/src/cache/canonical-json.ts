/**
 * JSON in one form: white space and the order of keys make no difference, everything else does. Numbers and strings keep
 * their text, for `1.0` and `1`, or 2^53 + 1 and 2^53, are not the same to everybody.
 *
 * Under `properties` the order stays: a schema is a prompt as well, and models write its fields in the order in which it
 * names them (docs/decisions/2026-11-21-what-is-identical.md).
 */

const keepsOrder = 'properties';
/** The provider refuses what is deeper than 100. */
const deepestLevel = 128;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A body that says one thing only. */
export interface Canonical {
  readonly text: string;
  /** What stands under `store` at its root, as it is written; null where nothing does. */
  readonly store: string | null;
}

/** @returns null for what a strict parser refuses, and for a key that comes twice: who knows which one is read */
export function canonicalJson(body: Uint8Array): Canonical | null {
  try {
    const text = decoder.decode(body);
    // The engine's own parser checks it, so that the walk need not.
    JSON.parse(text);
    const walk = new Walk(text);
    return { text: walk.value(0), store: walk.store };
  } catch {
    return null;
  }
}

interface Member {
  readonly name: string;
  readonly text: string;
}

/** One walk through a text that is known to be JSON. */
class Walk {
  store: string | null = null;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @param under - the key that it stands under */
  value(depth: number, under: string | null = null): string {
    if (depth > deepestLevel) throw new RangeError('too deep');
    switch (this.#peek()) {
      case '{':
        return this.#object(depth, under);
      case '[':
        return this.#list(depth);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #object(depth: number, under: string | null): string {
    const members: Member[] = [];
    this.#at++;
    while (this.#peek() !== '}') {
      const key = this.#string();
      const name = key.includes('\\') ? (JSON.parse(key) as string) : key.slice(1, -1);
      this.#pass(':');
      const text = this.value(depth + 1, name);
      if (depth === 0 && name === 'store') this.store = text;
      members.push({ name, text: `${key}:${text}` });
      this.#pass(',');
    }
    this.#at++;
    const sorted = members.length < 2 ? members : members.toSorted(byName);
    for (let at = 1; at < sorted.length; at++) if (sorted[at]?.name === sorted[at - 1]?.name) throw new Error('twice');
    const shown = under === keepsOrder ? members : sorted;
    return `{${shown.map(({ text }) => text).join(',')}}`;
  }

  #list(depth: number): string {
    const entries: string[] = [];
    this.#at++;
    while (this.#peek() !== ']') {
      entries.push(this.value(depth + 1));
      this.#pass(',');
    }
    this.#at++;
    return `[${entries.join(',')}]`;
  }

  /** As it stands, with its quotes. */
  #string(): string {
    const text = this.#text;
    const from = this.#at;
    let end = text.indexOf('"', from + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    this.#at = end + 1;
    return text.slice(from, end + 1);
  }

  #scalar(): string {
    const text = this.#text;
    const from = this.#at;
    while (this.#at < text.length && !endsScalar.has(text[this.#at] as string)) this.#at++;
    return text.slice(from, this.#at);
  }

  /** The next letter that is no white space. */
  #peek(): string {
    const text = this.#text;
    while (isSpace(text.charCodeAt(this.#at))) this.#at++;
    return text[this.#at] as string;
  }

  /** Steps over a mark, where there is one. */
  #pass(mark: string): void {
    if (this.#peek() !== mark) return;
    this.#at++;
    this.#peek();
  }
}

const endsScalar = new Set([',', ']', '}', ' ', '\n', '\r', '\t']);

function byName(one: Member, other: Member): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1;
  while (text[at] === '\\') at--;
  return (quote - at) % 2 === 0;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
