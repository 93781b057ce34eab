/** Finds every stateful resource that a request names: in its path, its query and its body. */

import { SluiceError } from '../errors.ts';
import type { Eventually } from '../store/store.ts';
import type { NamedBy, Reference } from './affinity.ts';
import { type Field, fields, fieldsByNumber, fieldWords, isFreeForm, newEnvironment, snakeCase } from './fields.ts';
import { LooseWalk, looseText, unescapedInto } from './loose-json.ts';
import { mayNameResources } from './marks.ts';
import { isSearchable, nameInPath, nameInValue, nameOfId, segmentsOf } from './resource-name.ts';
import { SeenSpans } from './seen-spans.ts';
import { tokenName } from './token.ts';
import { mayStillName, NameReader, NOTHING, ODD, type Reading } from './written-name.ts';

/** Different ones in one request. A prompt takes a few thousand files at most. */
export const mostReferences = 4_096;
/**
 * Different values in one request that have to be parsed to know whether they name anything: with escapes, encodings or
 * another spelling of a host in them, and a word of a collection. Nobody writes so many of them.
 */
export const mostOddValues = 4_096;
/** A longer name or URI is read to here; a name that begins later does not exist. */
const longestNameBytes = 65_536;
/** A first look at a short body saves most of the work; a long one is read at once, for what it names may stand last. */
const mostScannedBytes = 262_144;
/** A longer token names nothing. */
const longestTokenBytes = 1_048_576;

/** Calls of these collections use everyday words for their references. */
const everydayFamily = new Set(['interactions', 'triggers', 'agents', 'environments', 'voices']);
const noHosts: ReadonlySet<string> = new Set();

/** What a token in a request is until it is hashed. */
interface FoundToken extends Omit<Reference, 'name'> {
  readonly token: string;
}

const decoder = new TextDecoder();

/**
 * What the request names, each thing once. A body that is no JSON names nothing, and neither does the content of an
 * upload. Read are: the whole body, 128 levels, names of 64 KiB, tokens of 1 MiB. At once, but where the runtime hashes
 * asynchronously and there is a token.
 *
 * @param ownHosts - `host:port` of URIs that mean the provider: its base URL, the gateway's own origin
 * @throws SluiceError `invalid_request` for more than {@link mostReferences}, and for more than {@link mostOddValues}
 */
export function referencesOf(
  call: NamedBy,
  body: Uint8Array,
  contentType: string | null,
  ownHosts: ReadonlySet<string> = noHosts,
): Eventually<readonly Reference[]> {
  const segments = segmentsOf(call.path);
  const found = new Findings(ownHosts, everydayFamily.has(segments[1] ?? ''));
  const named = nameInPath(call.path);
  if (named !== null) found.add(named, 'path', null);
  for (const { name, value } of call.query) found.parameter(name, value, 'query');
  if (segments[0] !== 'upload') {
    if (/^application\/x-www-form-urlencoded\b/i.test(contentType ?? '')) readForm(body, found);
    else if (body.length > mostScannedBytes || mayNameResources(body)) readBody(body, found);
  }
  return found.hashed();
}

function readBody(body: Uint8Array, found: Findings): void {
  const walk = new LooseWalk(body, fieldWords, {
    wordsOnly: true,
    enter: (at) => isFreeForm(at.key(at.depth - 2), at.key(at.depth - 1)),
    text(at, from, to) {
      const field = fieldsByNumber[at.number(at.depth)];
      if (field !== undefined) found.field(field, at, from, to);
      return false;
    },
  });
  walk.run();
}

function readForm(body: Uint8Array, found: Findings): void {
  if (body.length > longestTokenBytes) return;
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(body))) found.parameter(name, value, 'body');
}

/** What was found so far, each thing once. */
class Findings {
  readonly #ownHosts: ReadonlySet<string>;
  readonly #isOfFamily: boolean;
  readonly #found = new Map<string, Reference | FoundToken>();
  #seen: SeenSpans | null = null;
  #reader: NameReader | null = null;
  #scratch = new Uint8Array();
  #oddValues = 0;
  #hasToken = false;
  /** Of the body. */
  #view: DataView | null = null;
  #lastField: Field | null = null;
  #lastFrom = 0;
  #lastTo = 0;

  constructor(ownHosts: ReadonlySet<string>, isOfFamily: boolean) {
    this.#ownHosts = ownHosts;
    this.#isOfFamily = isOfFamily;
  }

  add(name: string | null, from: Reference['from'], field: string | null): void {
    if (name === null || this.#found.has(name)) return;
    this.#keep(name, { name, from, field, whenUnknown: isSearchable(name) ? 'search' : 'pass' });
  }

  addToken(token: string, from: Reference['from'], field: string): void {
    const key = `token ${token}`;
    if (token === '' || this.#found.has(key)) return;
    this.#hasToken = true;
    this.#keep(key, { token, from, field, whenUnknown: 'pass' });
  }

  /** A query parameter: upload sessions and ephemeral tokens come by one, and any field may. */
  parameter(name: string, value: string, from: 'query' | 'body'): void {
    if (name === 'upload_id') return this.addToken(value, from, name);
    if (name === 'access_token' && value.startsWith('auth_tokens/')) return this.addToken(value, from, name);
    const field = fields.get(name);
    if (field === undefined || field.holds === 'id' || field.under !== null) return;
    if (field.holds === 'token') return this.addToken(value, from, name);
    this.add(nameInValue(value, this.#ownHosts), from, name);
  }

  field(field: Field, at: LooseWalk, from: number, to: number): void {
    if (field.holds !== 'id' && field.under !== null && !isSpelling(at.key(at.depth - 1), field.under)) return;
    switch (field.holds) {
      case 'name':
        if (this.#isLast(field, at.body, from, to)) return;
        return this.#readName(null, at, from, to);
      case 'token': {
        if (to - from > longestTokenBytes || !this.#isNew('token', at.body, from, to)) return;
        return this.addToken(looseText(at.body, from, to), 'body', at.key(at.depth));
      }
      case 'id': {
        if (field.isEveryday && !this.#isOfFamily) return;
        const isTop = at.depth === 1 || (at.depth === 2 && at.key(1) === 'interaction');
        if (field.atTop && !isTop) return;
        if (this.#isLast(field, at.body, from, to)) return;
        return this.#readName(field.collection, at, from, to);
      }
    }
  }

  hashed(): Eventually<readonly Reference[]> {
    if (!this.#hasToken) return [...this.#found.values()] as Reference[];
    const references = [...this.#found.values()].map(hashed);
    const isReady = references.every((reference): reference is Reference => !(reference instanceof Promise));
    return isReady ? references : Promise.all(references);
  }

  /**
   * Most values are told where they lie. Data URIs are long and name nothing: only the beginning of one is looked at.
   *
   * @param collection - of a bare id; null where the value is a full name or a URI
   */
  #readName(collection: string | null, at: LooseWalk, from: number, end: number): void {
    const { body } = at;
    const to = Math.min(end, from + longestNameBytes);
    let bytes = body;
    let reading = this.#reading(collection, body, from, to);
    if (reading === ODD) {
      if (this.#scratch.length < to - from) this.#scratch = new Uint8Array(to - from);
      bytes = this.#scratch;
      const length = unescapedInto(bytes, body, from, to);
      reading = this.#reading(collection, bytes, 0, length);
      if (reading === ODD) {
        // A bare id need not have a word before it.
        const mayName = collection !== null || mayStillName(bytes, length);
        if (!mayName || !this.#isNew(collection, body, from, to)) return;
        return this.#parseName(collection, at.key(at.depth), looseText(body, from, to));
      }
    }
    if (reading === NOTHING) return;
    const reader = this.#reader as NameReader;
    if (!this.#isNew(collection, bytes, reader.from, reader.to)) return;
    const word = at.key(at.depth);
    const name = decoder.decode(bytes.subarray(reader.from, reader.to));
    if (collection === null) return this.add(name, 'body', word);
    if (collection === 'environments' && name === newEnvironment) return;
    this.add(`${collection}/${name}`, 'body', word);
  }

  #reading(collection: string | null, bytes: Uint8Array, from: number, to: number): Reading {
    this.#reader ??= new NameReader(this.#ownHosts);
    return collection === null ? this.#reader.name(bytes, from, to) : this.#reader.id(bytes, from, to);
  }

  #parseName(collection: string | null, word: string, text: string): void {
    if (this.#oddValues++ >= mostOddValues) {
      throw new SluiceError(
        'invalid_request',
        `The request has more than ${mostOddValues} values that may name resources and are oddly written.`,
      );
    }
    if (collection === null) return this.add(nameInValue(text, this.#ownHosts), 'body', word);
    if (collection === 'environments' && text === newEnvironment) return;
    this.add(nameOfId(collection, text), 'body', word);
  }

  #isNew(kind: string | null, bytes: Uint8Array, from: number, to: number): boolean {
    this.#seen ??= new SeenSpans();
    return this.#seen.isNew(kind ?? 'name', bytes, from, to, bytes === this.#scratch);
  }

  /** What comes again and again mostly comes in a row. */
  #isLast(field: Field, body: Uint8Array, from: number, to: number): boolean {
    const isSame = field === this.#lastField && this.#isSameText(body, from, to);
    this.#lastField = field;
    this.#lastFrom = from;
    this.#lastTo = to;
    return isSame;
  }

  /** From the end, for names that are not the same differ there, and by four bytes at once, for URIs are long. */
  #isSameText(body: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    const lastTo = this.#lastTo;
    if (length !== lastTo - this.#lastFrom) return false;
    this.#view ??= new DataView(body.buffer, body.byteOffset, body.length);
    const view = this.#view;
    let back = 4;
    for (; back <= length; back += 4) if (view.getInt32(to - back) !== view.getInt32(lastTo - back)) return false;
    for (back -= 3; back <= length; back++) if (body[to - back] !== body[lastTo - back]) return false;
    return true;
  }

  #keep(key: string, found: Reference | FoundToken): void {
    if (this.#found.size >= mostReferences) {
      throw new SluiceError('invalid_request', `The request names more than ${mostReferences} resources.`);
    }
    this.#found.set(key, found);
  }
}

function hashed(found: Reference | FoundToken): Eventually<Reference> {
  if (!('token' in found)) return found;
  const { token, ...rest } = found;
  const name = tokenName(token);
  return typeof name === 'string' ? { name, ...rest } : name.then((hash) => ({ name: hash, ...rest }));
}

function isSpelling(key: string, word: string): boolean {
  return key === word || key === snakeCase(word);
}
