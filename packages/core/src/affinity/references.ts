/** Finds every stateful resource that a request names: in its path, its query and its body. */

import { SluiceError } from '../errors.ts';
import type { Eventually } from '../store/store.ts';
import type { NamedBy, Reference } from './affinity.ts';
import { type Field, fields, fieldWords, isFreeForm, newEnvironment, snakeCase } from './fields.ts';
import { LooseWalk, looseText } from './loose-json.ts';
import { mayNameResources } from './marks.ts';
import { isSearchable, nameInPath, nameInValue, nameOfId, segmentsOf } from './resource-name.ts';
import { tokenName } from './token.ts';

/** Different ones in one request. A prompt takes a few thousand files at most. */
export const mostReferences = 4_096;
/** A longer name or URI is read to here; a name that begins later does not exist. */
const longestNameBytes = 65_536;
/** A longer token names nothing. */
const longestTokenBytes = 1_048_576;

/** Calls of these collections use everyday words for their references. */
const everydayFamily = new Set(['interactions', 'triggers', 'agents', 'environments', 'voices']);
const noHosts: ReadonlySet<string> = new Set();

/** What a token in a request is until it is hashed. */
type Found = Omit<Reference, 'name'> & { readonly name: string | null; readonly token: string | null };

/**
 * What the request names, each thing once. A body that is no JSON names nothing, and neither does the content of an
 * upload. Read are: the whole body, 128 levels, names of 64 KiB, tokens of 1 MiB. At once, but where the runtime hashes
 * asynchronously and there is a token.
 *
 * @param ownHosts - `host:port` of URIs that mean the provider: its base URL, the gateway's own origin
 * @throws SluiceError `invalid_request` for more than {@link mostReferences}
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
    else if (mayNameResources(body)) readBody(body, found);
  }
  return found.hashed();
}

function readBody(body: Uint8Array, found: Findings): void {
  const walk = new LooseWalk(body, fieldWords, {
    enter: (at) => isFreeForm(at.key(at.depth - 2), at.key(at.depth - 1)),
    text(at, from, to) {
      const word = at.key(at.depth);
      const field = fields.get(word);
      if (field !== undefined) found.field(field, word, at, from, to);
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
  readonly #found = new Map<string, Found>();

  constructor(ownHosts: ReadonlySet<string>, isOfFamily: boolean) {
    this.#ownHosts = ownHosts;
    this.#isOfFamily = isOfFamily;
  }

  add(name: string | null, from: Reference['from'], field: string | null): void {
    if (name === null) return;
    this.#keep(name, { name, token: null, from, field, whenUnknown: isSearchable(name) ? 'search' : 'pass' });
  }

  addToken(token: string, from: Reference['from'], field: string): void {
    if (token !== '') this.#keep(`token ${token}`, { name: null, token, from, field, whenUnknown: 'pass' });
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

  field(field: Field, word: string, at: LooseWalk, from: number, to: number): void {
    if (field.holds !== 'id' && field.under !== null && !isSpelling(at.key(at.depth - 1), field.under)) return;
    switch (field.holds) {
      case 'name':
        return this.add(nameInValue(nameText(at.body, from, to), this.#ownHosts), 'body', word);
      case 'token':
        return to - from > longestTokenBytes ? undefined : this.addToken(looseText(at.body, from, to), 'body', word);
      case 'id': {
        if (field.isEveryday && !this.#isOfFamily) return;
        const isTop = at.depth === 1 || (at.depth === 2 && at.key(1) === 'interaction');
        if (field.atTop && !isTop) return;
        const id = nameText(at.body, from, to);
        if (field.collection === 'environments' && id === newEnvironment) return;
        return this.add(nameOfId(field.collection, id), 'body', word);
      }
    }
  }

  hashed(): Eventually<readonly Reference[]> {
    const references = [...this.#found.values()].map(hashed);
    const isReady = references.every((reference): reference is Reference => !(reference instanceof Promise));
    return isReady ? references : Promise.all(references);
  }

  #keep(key: string, found: Found): void {
    if (this.#found.has(key)) return;
    if (this.#found.size >= mostReferences) {
      throw new SluiceError('invalid_request', `The request names more than ${mostReferences} resources.`);
    }
    this.#found.set(key, found);
  }
}

function hashed({ name, token, ...rest }: Found): Eventually<Reference> {
  const known = name ?? tokenName(token as string);
  return typeof known === 'string' ? { name: known, ...rest } : known.then((hash) => ({ name: hash, ...rest }));
}

function isSpelling(key: string, word: string): boolean {
  return key === word || key === snakeCase(word);
}

/** Data URIs are long and name nothing: only the beginning of a long value is looked at. */
function nameText(body: Uint8Array, from: number, to: number): string {
  return looseText(body, from, Math.min(to, from + longestNameBytes));
}
