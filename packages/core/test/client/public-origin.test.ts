import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { publicOriginOf } from '../../src/client/public-origin.ts';
import { trustedAddresses } from '../../src/client/trusted-addresses.ts';

interface From {
  readonly remote?: string;
  readonly local?: string;
  readonly encrypted?: boolean;
}

function requestOf(headers: Record<string, string>, { remote = '10.0.0.1', local = '10.0.0.9', encrypted }: From = {}) {
  const socket = { remoteAddress: remote, localAddress: local, localPort: 8787, encrypted };
  return { headers, socket } as unknown as IncomingMessage;
}

const isTrusted = trustedAddresses(['10.0.0.0/24', '::1']);
const nobody = trustedAddresses([]);

describe('without anybody in front', () => {
  test.each<[string, Record<string, string>, From, string]>([
    ['the host that was asked for', { host: 'api.example:8080' }, {}, 'http://api.example:8080'],
    ['by TLS, too', { host: 'api.example' }, { encrypted: true }, 'https://api.example'],
    ['an address', { host: '[2001:db8::1]:80' }, {}, 'http://[2001:db8::1]:80'],
    ['on loopback the address itself', { host: 'rebound.example' }, { local: '127.0.0.1' }, 'http://127.0.0.1:8787'],
    ['in all its spellings', { host: 'x' }, { local: '::ffff:127.0.0.1' }, 'http://127.0.0.1:8787'],
    ['and the newer one', { host: 'x' }, { local: '::1' }, 'http://[::1]:8787'],
    ['no host', {}, {}, 'http://10.0.0.9:8787'],
    ['what is no host', { host: 'evil/path@x' }, {}, 'http://10.0.0.9:8787'],
    ['nor this', { host: 'a:b:c' }, {}, 'http://10.0.0.9:8787'],
    ['what nobody trusted forwards', { host: 'a', 'x-forwarded-host': 'evil', forwarded: 'host=evil' }, {}, 'http://a'],
  ])('%s', (_, headers, from, origin) => {
    expect(publicOriginOf(requestOf(headers, from), nobody)).toBe(origin);
  });
});

describe('what a trusted proxy forwards goes before all', () => {
  test.each<[Record<string, string>, string]>([
    [{ 'x-forwarded-host': 'ai.example', 'x-forwarded-proto': 'https' }, 'https://ai.example'],
    [{ 'x-forwarded-host': 'ai.example, inner', 'x-forwarded-proto': 'https, http' }, 'https://ai.example'],
    [{ host: 'ai.example', 'x-forwarded-proto': 'https' }, 'https://ai.example'],
    [{ 'x-forwarded-host': 'ai.example:444' }, 'http://ai.example:444'],
    [{ forwarded: 'for=1.2.3.4;proto=https;host=ai.example, for=10.0.0.1;host=inner' }, 'https://ai.example'],
    [{ forwarded: 'Host="ai.example:444"; Proto=HTTPS' }, 'https://ai.example:444'],
    [{ host: 'a', 'x-forwarded-host': 'not a host' }, 'http://a'],
    [{ host: 'a', 'x-forwarded-host': 'x', 'x-forwarded-proto': 'javascript' }, 'http://x'],
    [{ host: 'a' }, 'http://a'],
  ])('%o', (headers, origin) => {
    expect(publicOriginOf(requestOf(headers), isTrusted)).toBe(origin);
  });

  test('also over loopback', () => {
    const request = requestOf({ host: 'a', 'x-forwarded-host': 'ai.example' }, { remote: '::1', local: '::1' });
    expect(publicOriginOf(request, isTrusted)).toBe('http://ai.example');
    expect(publicOriginOf(request, nobody)).toBe('http://[::1]:8787');
  });
});

test('what is no address is nobody’s', () => {
  expect(trustedAddresses(['10.0.0.0/99', 'x', ''])('10.0.0.1')).toBe(false);
  expect(trustedAddresses(['10.0.0.0/8'])('unknown')).toBe(false);
  expect(trustedAddresses(['10.0.0.0/8'])('::ffff:10.1.2.3')).toBe(true);
});
