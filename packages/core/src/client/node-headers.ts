/** The header fields of a `node:http` request, as they came. */

import type { IncomingMessage } from 'node:http';
import type { HeaderBag } from '../wire.ts';

/**
 * Field names in lower case; one that came several times keeps all its values, also where Node would drop them. Where
 * none did, what Node has put together for itself is exactly that.
 */
export function bagOf(req: IncomingMessage): HeaderBag {
  const raw = req.rawHeaders;
  let names = 0;
  for (const _name in req.headers) names++;
  if (names * 2 === raw.length) return req.headers;
  const bag: HeaderBag = Object.create(null) as HeaderBag;
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    const value = raw[at + 1] as string;
    const before = bag[name];
    if (before === undefined) bag[name] = value;
    else if (typeof before === 'string') bag[name] = [before, value];
    else before.push(value);
  }
  return bag;
}
