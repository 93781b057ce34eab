/** Which header fields go up to the provider, and which come down to the client. */

import type { HeaderBag } from '../wire.ts';

/** A field by this name is no field of anybody's, and would not become a property like any other. */
const noName = '__proto__';
const hopByHop = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-connection'];

/** `content-length` is ours to count, `host` ours to name, and an expectation was answered by us. */
const neverUp = new Set([
  noName,
  ...hopByHop,
  'host',
  'content-length',
  'expect',
  'http2-settings',
  'authorization',
  'x-goog-api-key',
  'x-api-key',
  'api-key',
  'cookie',
  'x-goog-user-project',
  'x-goog-iam-authorization-token',
  'forwarded',
  'x-real-ip',
  'via',
  'x-rewrite-url',
  'x-host',
  'x-http-host-override',
]);
const neverUpPrefixes = ['proxy-', 'x-forwarded-', 'x-sluice-', 'x-original-', ':'];

const neverDown = new Set([
  noName,
  ...hopByHop,
  'set-cookie',
  'location',
  'alt-svc',
  'strict-transport-security',
  'clear-site-data',
  'proxy-authenticate',
]);
const neverDownPrefixes = ['access-control-', 'x-sluice-'];

/** Names are few and come again with every request; a verdict is remembered up to this many names. */
const mostRemembered = 2_000;

function rule(
  names: ReadonlySet<string>,
  prefixes: readonly string[],
  allowed: (name: string) => boolean,
): (name: string) => boolean {
  const remembered = new Map<string, boolean>();
  return (name) => {
    const known = remembered.get(name);
    if (known !== undefined) return known;
    const passes = !names.has(name) && (allowed(name) || !prefixes.some((prefix) => name.startsWith(prefix)));
    if (remembered.size < mostRemembered) remembered.set(name, passes);
    return passes;
  };
}

const mayGoUp = rule(neverUp, neverUpPrefixes, () => false);
const mayComeDown = rule(neverDown, [...neverDownPrefixes, 'x-goog-'], (name) => name.startsWith('x-goog-upload-'));

/** The client's fields for the provider, as name, value, name, value …; without any credential and whatever names a host. */
export function headersUp(from: HeaderBag): string[] {
  const named = connectionOptions(from.connection);
  const up: string[] = [];
  for (const name in from) {
    const value = from[name];
    if (value === undefined || !mayGoUp(name) || named?.has(name)) continue;
    if (typeof value === 'string') up.push(name, value);
    else for (const one of value) up.push(name, one);
  }
  return up;
}

/** The provider's fields for the client; `scrub` cleans each value. */
export function headersDown(from: HeaderBag, scrub: (value: string) => string): HeaderBag {
  const named = connectionOptions(from.connection);
  const down: HeaderBag = {};
  for (const name in from) {
    const value = from[name];
    if (value === undefined || !mayComeDown(name) || named?.has(name)) continue;
    down[name] = typeof value === 'string' ? scrub(value) : value.map(scrub);
  }
  return down;
}

/** RFC 9110 §7.6.1: fields that `connection` names belong to this hop, as long as they are not ours to judge anyway. */
function connectionOptions(connection: string | string[] | undefined): Set<string> | null {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return null;
  return new Set(
    String(connection)
      .toLowerCase()
      .split(/\s*,\s*/),
  );
}
