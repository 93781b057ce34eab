/**
 * Page tokens of the gateway's own: where a list goes on, readable for nobody but the gateways of one store.
 *
 * They are encrypted, because a project's name is nobody's business, and authenticated together with the caller and the
 * list, because whoever could change one could read on in a list of somebody else's.
 */

import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Store } from '../store/store.ts';

/** Where a list goes on. */
export interface Cursor {
  readonly project: string;
  /** The provider's own; null for the project's first page. */
  readonly token: string | null;
  /** Set where a page of the provider's was larger than what the client takes: its size, and what was shown of it. */
  readonly shown?: { readonly size: number; readonly marks: readonly string[] };
  /** Where a list of an unknown API has begun: the others follow by their names. */
  readonly first?: string;
}

/** Whose list it is, and of what: a token says nothing anywhere else. */
export interface TokenOf {
  readonly callerId: string;
  readonly list: string;
}

export interface PageTokenTools {
  readonly store: Store;
  readonly pool: string;
  readonly clock: Clock;
  /** False while the store is out of reach: what it answers then is no agreement. */
  readonly canTell: () => boolean;
}

/** As the runtime holds it. */
type SecretKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const dayMs = 24 * 3_600_000;
/** From its last use on; lists are read to their end in minutes. */
const secretForMs = 30 * dayMs;
/** So often the claim is renewed. */
const agreedForMs = dayMs;
const nonceBytes = 12;
const longestToken = 65_536;
const cipher = 'AES-GCM';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The tokens of one pool. */
export class PageTokens {
  readonly #tools: PageTokenTools;
  #key: Promise<SecretKey> | null = null;
  #keyUntilMs = 0;

  constructor(tools: PageTokenTools) {
    this.#tools = tools;
  }

  async seal(cursor: Cursor, of: TokenOf): Promise<string> {
    const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
    const text = encoder.encode(JSON.stringify(cursor));
    const sealed = await crypto.subtle.encrypt(this.#how(nonce, of), await this.#agreed(), text);
    const bytes = new Uint8Array(nonceBytes + sealed.byteLength);
    bytes.set(nonce);
    bytes.set(new Uint8Array(sealed), nonceBytes);
    return base64url(bytes);
  }

  /** @throws SluiceError `invalid_request` for one of another caller, of another list, or of nobody's making */
  async open(token: string, of: TokenOf): Promise<Cursor> {
    const key = await this.#agreed();
    try {
      if (token.length > longestToken) throw new Error('too long');
      const bytes = bytesOf(token);
      const how = this.#how(bytes.slice(0, nonceBytes), of);
      const text = await crypto.subtle.decrypt(how, key, bytes.slice(nonceBytes));
      return JSON.parse(decoder.decode(text)) as Cursor;
    } catch {
      throw notOfThisList();
    }
  }

  #how(nonce: Uint8Array<ArrayBuffer>, { callerId, list }: TokenOf) {
    const context = JSON.stringify([this.#tools.pool, callerId, list]);
    return { name: cipher, iv: nonce, additionalData: encoder.encode(context) };
  }

  /** The same for all gateways of a store: the first one makes it up. */
  #agreed(): Promise<SecretKey> {
    const { clock } = this.#tools;
    if (this.#key !== null && clock.now() < this.#keyUntilMs) return this.#key;
    const key = this.#claim();
    this.#key = key;
    this.#keyUntilMs = clock.now() + agreedForMs;
    key.catch(() => this.#forget(key));
    return key;
  }

  async #claim(): Promise<SecretKey> {
    const { store, pool, canTell } = this.#tools;
    const offered = base64url(crypto.getRandomValues(new Uint8Array(32)));
    const secret = await store.claim(`lists/${pool}`, offered, secretForMs);
    // What memory has answered in the store's place is no agreement: it holds for this page alone.
    if (!canTell()) queueMicrotask(() => this.#forget(this.#key));
    return crypto.subtle.importKey('raw', bytesOf(secret), cipher, false, ['encrypt', 'decrypt']);
  }

  #forget(key: Promise<SecretKey> | null): void {
    if (this.#key === key) this.#key = null;
  }
}

export function notOfThisList(): SluiceError {
  return new SluiceError(
    'invalid_request',
    'The page token is not one of this list, or too old. Begin the list again, without a page token.',
  );
}

function base64url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}
