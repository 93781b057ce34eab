/** What comes from a window is looked at before anything is done with it: plain data, of a bounded size, or nothing. */

/** Deeper is no conversation. */
const maxDepth = 64;
/** A value costs something by being there. */
const valueBytes = 8;
/** Names that mean something to the language when they are copied. */
const special: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * @returns what is wrong with it; null for a value that JSON could have carried, of at most so many bytes, which is
 *   neither cyclic nor deep. Members that are `undefined` count as absent.
 */
export function faultOf(value: unknown, maxBytes: number): string | null {
  let leftBytes = maxBytes;
  const look = (one: unknown, depth: number): string | null => {
    leftBytes -= typeof one === 'string' ? Buffer.byteLength(one) + valueBytes : valueBytes;
    if (leftBytes < 0) return `more than ${maxBytes} bytes`;
    if (one === null || one === undefined || typeof one === 'string' || typeof one === 'boolean') return null;
    if (typeof one === 'number') return Number.isFinite(one) ? null : 'a number that is none';
    if (typeof one !== 'object') return `a ${typeof one}`;
    if (depth === maxDepth) return `more than ${maxDepth} levels`;
    const prototype: unknown = Object.getPrototypeOf(one);
    if (Array.isArray(one)) {
      // A long list of nothing is a short message.
      leftBytes -= one.length * valueBytes;
      return leftBytes < 0 ? `more than ${maxBytes} bytes` : firstOf(one, (member) => look(member, depth + 1));
    }
    if (prototype !== Object.prototype && prototype !== null) return 'something that is no plain data';
    return firstOf(Object.keys(one), (name) => {
      if (special.has(name)) return 'a name that is not allowed';
      leftBytes -= Buffer.byteLength(name);
      return look((one as Record<string, unknown>)[name], depth + 1);
    });
  };
  return look(value, 0);
}

function firstOf<One>(many: readonly One[], find: (one: One) => string | null): string | null {
  for (const one of many) {
    const found = find(one);
    if (found !== null) return found;
  }
  return null;
}
