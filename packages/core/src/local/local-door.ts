/** Who may come in by a listener on the loopback interface: any program of this machine knocks there, and any web page. */

import * as crypto from 'node:crypto'; // not `hash` by name, which an old Node lacks: it is told in `platform/`
import type { IncomingMessage } from 'node:http';
import { credentialsOf } from '../auth/credential.ts';
import { SluiceError } from '../errors.ts';

/** Nobody's credential is longer than this, and whatever is longer is not hashed. */
const longestCredential = 1_024;

/** What stands at the door. */
export interface LocalDoorOptions {
  readonly token: string;
  /** What goes on in the place of the token; null when that is the token itself. */
  readonly callerKey: string | null;
  readonly port: number;
}

/** The door of one listener. */
export class LocalDoor {
  readonly #options: LocalDoorOptions;
  readonly #digest: Buffer;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: LocalDoorOptions) {
    this.#options = options;
    this.#digest = digestOf(options.token);
    this.#hosts = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${options.port}`));
  }

  /** @returns why the request may not come in; null when it may, and then it reads as one that the gateway knows */
  refuse(req: IncomingMessage): SluiceError | null {
    const { url = '/', method, headers } = req;
    // A name of somebody else's that resolves to this machine is how a page gets round the rule of one origin.
    if (!this.#hosts.has((headers.host ?? '').toLowerCase())) return misdirected();
    if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) return noPages();
    if (!credentialsOf(url, headers).some((credential) => this.#isToken(credential))) return unauthorized();
    this.#admit(req);
    return null;
  }

  /** Compared by digests of one length, in a time that tells nothing. */
  #isToken(credential: string): boolean {
    return credential.length <= longestCredential && crypto.timingSafeEqual(digestOf(credential), this.#digest);
  }

  /** The token becomes the caller's key where it stands, and who asks from another origin hears nothing of `server.cors`. */
  #admit(req: IncomingMessage): void {
    const { token, callerKey } = this.#options;
    const key = callerKey ?? token;
    const raw = req.rawHeaders;
    const kept: string[] = [];
    for (let at = 0; at < raw.length; at += 2) {
      const [name = '', value = ''] = [raw[at], raw[at + 1]];
      const lowerName = name.toLowerCase();
      if (lowerName !== 'origin') kept.push(name, isSigning(lowerName) ? value.replaceAll(token, () => key) : value);
    }
    req.rawHeaders = kept;
    const { origin: _, ...headers } = req.headers;
    for (const name of ['authorization', 'x-goog-api-key'] as const) {
      const value = headers[name];
      if (typeof value === 'string') headers[name] = value.replaceAll(token, () => key);
    }
    req.headers = headers;
    req.url = withKey(req.url ?? '/', token, key);
  }
}

function isSigning(name: string): boolean {
  return name === 'authorization' || name === 'x-goog-api-key';
}

/** The bytes of all other parameters stay as they are. */
function withKey(target: string, token: string, key: string): string {
  const mark = target.indexOf('?');
  if (mark < 0 || token === key) return target;
  const signed = target
    .slice(mark + 1)
    .split('&')
    .map((pair) => {
      const [[name, value] = []] = new URLSearchParams(pair);
      return name === 'key' && value === token ? `key=${encodeURIComponent(key)}` : pair;
    });
  return `${target.slice(0, mark)}?${signed.join('&')}`;
}

function digestOf(credential: string): Buffer {
  return crypto.hash('sha256', credential, 'buffer');
}

function misdirected(): SluiceError {
  return new SluiceError(
    'misdirected_request',
    'This listener serves this machine alone: the request has to be for 127.0.0.1, localhost or [::1], and its port.',
  );
}

function noPages(): SluiceError {
  return new SluiceError('forbidden', 'This listener takes no calls from pages of other origins.');
}

function unauthorized(): SluiceError {
  return new SluiceError(
    'unauthorized',
    'This listener wants the key that listenLocally returned. Send it as x-goog-api-key, Authorization: Bearer or ?key=.',
  );
}
