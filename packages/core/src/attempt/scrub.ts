/** Takes keys out of what a provider says, before anybody else reads it. */

/** Shapes of Google's keys: the old ones, and the auth keys that replace them. */
const shapes = /AIza[0-9A-Za-z_-]{30,}|AQ\.[A-Za-z0-9_-]{10,}/g;
/** Whatever could be a key of ours: looked up rather than searched for, so that ten thousand keys cost as much as one. */
const words = /[A-Za-z0-9_.-]{8,}/g;
const word = /^[A-Za-z0-9_.-]{8,}$/;
const trailingDots = /[.-]+$/;
const mark = '[key]';
/** `AQ.` and ten characters: no shape is shorter. */
const shortestShape = 13;

const longestKnown = 64;
const mostKnown = 1_000;

/** Replaces secrets by a mark that says what stood there. */
export class Scrubber {
  readonly #secrets: Set<string>;
  /** Keys with signs that no word has; no provider makes such, so there are few. Very short ones would hit ordinary text. */
  #odd: readonly string[] = [];
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
    this.#odd = [...this.#secrets].filter((secret) => secret.length >= 8 && !word.test(secret));
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
    return plain.replace(shapes, mark).replace(words, (word) => {
      if (this.#secrets.has(word)) return mark;
      const bare = word.replace(trailingDots, '');
      return this.#secrets.has(bare) ? mark + word.slice(bare.length) : word;
    });
  }
}
