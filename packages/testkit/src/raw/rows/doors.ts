/** B87 to B90: who asks, and doors beside the one for JSON. */

import type { Expected, RawAddress, RawCase, RawInput } from '../input.ts';
import { bytes, passedOn, refused, unary, wished } from '../request.ts';

const unknown = refused(401, 'UNAUTHORIZED');
const live = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';

function signed(name: string, expected: Expected, ...lines: readonly string[]): RawCase {
  return wished(expected, { key: null, more: lines }, name);
}

/** A caller of Bearer tokens, whose key is known when it is sent. */
function bearer(name: string, expected: Expected, write: (key: string) => readonly string[]): RawCase {
  return {
    name,
    expected,
    sends: (to) => {
      const sent = wished(expected, { key: null, more: write(to.key) }).sends(to);
      return sent;
    },
  };
}

function handshake({ prefix, key }: RawAddress, ...others: readonly string[]): string {
  const lines = ['host: localhost', 'connection: Upgrade', 'upgrade: websocket', ...others];
  return [`GET ${prefix}${live}?key=${key} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

const version = 'sec-websocket-version: 13';
const nonce = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==';

/** An open connection, and a frame that breaks the rules. */
function framed(name: string, closeCode: number, frame: () => Uint8Array): RawCase {
  return {
    name,
    sends: (to) => bytes(handshake(to, version, nonce), 'until-heard', frame()),
    expected: { by: 'gateway', statuses: [101], closeCode },
  };
}

/** A frame of a client, with a mask of zeros. */
function frame(first: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

function fragments(count: number): Buffer {
  const pieces = Array.from({ length: count }, (_, at) => frame(at === 0 ? 0x01 : 0x00, Buffer.from('x')));
  return Buffer.concat(pieces);
}

/** The head of a frame that says it has 64 MiB. */
const huge = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);

/** Callers, forms, sockets, and the operator's side. */
export const doors: readonly RawInput[] = [
  {
    id: 'B87',
    what: 'odd credentials',
    rule: 'whoever is not let in is told the same, whatever was wrong; two that differ are 400',
    cases: [
      signed('none', unknown),
      signed('empty', unknown, 'authorization:', 'x-goog-api-key:'),
      bearer('`bearer`', passedOn(200), (key) => [`authorization: bearer ${key}`]),
      bearer('Basic', unknown, (key) => [`authorization: Basic ${Buffer.from(`alice:${key}`).toString('base64')}`]),
      bearer('two fields', refused(400, 'INVALID_REQUEST'), (key) => [
        `authorization: Bearer ${key}`,
        'authorization: Bearer another-key-0123456789',
      ]),
      signed('8 KB', unknown, `authorization: Bearer ${'x'.repeat(8_192)}`),
      signed('outside ASCII', unknown, 'authorization: Bearer k\u00e9y-k\u00e9y-k\u00e9y-k\u00e9y'),
      wished(refused(400, 'INVALID_REQUEST'), { target: `${unary}?key=another-key-0123456789` }, 'two places'),
    ],
  },
  {
    id: 'B88',
    what: 'multipart forms',
    cases: [],
    notHere: 'no surface of the gateway reads a form yet; multipart uploads of the Files API pass as bytes',
  },
  {
    id: 'B89',
    what: 'WebSockets that break the rules',
    rule: 'RFC 6455; too many fragments are 1008',
    needs: 'live',
    cases: [
      {
        name: 'version 8',
        sends: (to) => bytes(handshake(to, 'sec-websocket-version: 8', nonce)),
        expected: { ...refused(426, 'UPGRADE_REQUIRED'), closes: undefined },
      },
      { name: 'no key', sends: (to) => bytes(handshake(to, version)), expected: refused(400, 'INVALID_REQUEST') },
      framed('no mask', 1002, () => Buffer.from([0x81, 2, 0x7b, 0x7d])),
      framed('a reserved opcode', 1002, () => frame(0x83, Buffer.from('x'))),
      framed('text that is no UTF-8', 1007, () => frame(0x81, Buffer.from([0xff, 0xfe]))),
      framed('a frame of 64 MiB', 1009, () => huge),
      framed('100,000 fragments', 1008, () => fragments(100_000)),
    ],
  },
  {
    id: 'B90',
    what: 'the operator’s API',
    cases: [],
    notHere: 'there is none over HTTP yet; operators use `gateway.pools`, and `keys` of the proxy over a Unix socket',
  },
];
