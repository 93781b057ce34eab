/** What an HTTP request must say to become a channel (RFC 6455 §4.2.1), and which of its fields are only about that. */

import { headersUp } from '../attempt/headers.ts';
import { SluiceError } from '../errors.ts';
import { upgradeRequired } from '../surface/live-path.ts';
import type { HeaderBag } from '../wire.ts';

const version = '13';
/** 16 bytes in Base64. */
const keyShape = /^[+/0-9A-Za-z]{22}==$/;
const protocolShape = /^[!#$%&'*+\-.0-9A-Z^_`a-z|~]+$/;
const ownFields = 'sec-websocket-';

/**
 * @returns the subprotocols that the client offers, the preferred one first
 * @throws SluiceError `upgrade_required` for another protocol or version, `invalid_request` for what breaks the rules
 */
export function readHandshake(headers: HeaderBag): readonly string[] {
  const { upgrade } = headers;
  if (typeof upgrade !== 'string' || upgrade.toLowerCase() !== 'websocket') {
    throw upgradeRequired();
  }
  if (headers['sec-websocket-version'] !== version) {
    throw new SluiceError('upgrade_required', `WebSocket is spoken here in version ${version} only.`);
  }
  const key = headers['sec-websocket-key'];
  if (typeof key !== 'string' || !keyShape.test(key)) {
    throw new SluiceError('invalid_request', 'The header sec-websocket-key must be there once, as 16 bytes in Base64.');
  }
  const offered = headers['sec-websocket-protocol'];
  if (offered === undefined) return none;
  const protocols = String(offered).split(/\s*,\s*/);
  if (new Set(protocols).size === protocols.length && protocols.every((one) => protocolShape.test(one)))
    return protocols;
  throw new SluiceError('invalid_request', 'The header sec-websocket-protocol must be a list of different names.');
}

/** The client's own fields for the provider, by name: no credential, and nothing of the handshake, which is made anew. */
export function dialFields(from: HeaderBag): Record<string, string> {
  const up = headersUp(from);
  const fields: Record<string, string> = {};
  for (let at = 0; at < up.length; at += 2) {
    const name = up[at] as string;
    const value = up[at + 1] as string;
    if (name.startsWith(ownFields)) continue;
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  return fields;
}

const none: readonly string[] = [];
