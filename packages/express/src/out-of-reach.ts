/** Keeps the host's hands off a response that the gateway has taken. */

import type { IncomingMessage, ServerResponse } from 'node:http';

/** On each response that the gateway has taken: whether it is the gateway that acts on it just now. */
const isOurs = Symbol('sluice.isOurs');
/** Under this name the gateway's view of a response has the response itself. */
const itself = Symbol('sluice.itself');
type Taken = ServerResponse & { [isOurs]?: boolean; readonly [itself]: Taken } & Record<string, unknown>;
type Method = (...args: unknown[]) => unknown;

/** All that a late error handler would write with. */
const writers = 'setHeader setHeaders appendHeader removeHeader flushHeaders writeHead write end'.split(' ');
const deafWriters = writers.map((name) => [name, deaf(name)] as const);

function deaf(name: string, own?: unknown): Method {
  return function (this: Taken, ...args) {
    if (!this[isOurs]) return name === 'write' || this;
    return ((own ?? Reflect.get(Object.getPrototypeOf(this), name)) as Method).apply(this, args);
  };
}

const isBegun = (res: Taken): boolean => Reflect.get(Object.getPrototypeOf(res), 'headersSent', res);

/** Error handlers ask this before they write or destroy. For them nothing is sent until everything is. */
const headersSent = {
  configurable: true,
  get(this: Taken): boolean {
    return this[isOurs] ? isBegun(this) : this.writableFinished || this.destroyed;
  },
};

/**
 * The response as the gateway uses it; the one that the host holds becomes deaf. Middleware that fails after `next()` wakes
 * error handlers, which would answer in our place, throw the body away or, once headers are sent, destroy the socket.
 * Wrappers that others put around `res` before stay in the chain, and `destroy` stays in the host's hands.
 */
export function outOfReach(req: IncomingMessage, response: ServerResponse): ServerResponse {
  const res = response as Taken;
  for (const [name, method] of deafWriters) res[name] = Object.hasOwn(res, name) ? deaf(name, res[name]) : method;
  Object.defineProperty(res, 'headersSent', headersSent);
  // Before an answer has begun, the body flows to nobody but a reader.
  const { resume } = req;
  req.resume = () => (req.listenerCount('data') > 0 || isBegun(res) || res.destroyed ? resume.call(req) : req);
  return new Proxy(res, { get: asOurs });
}

const methods = new Map<string | symbol, Method>();

function asOurs(taken: Taken, name: string | symbol): unknown {
  if (name === itself) return taken;
  const value: unknown = Reflect.get(taken, name);
  if (typeof value !== 'function') return value;
  const method = methods.get(name) ?? ours(name);
  methods.set(name, method);
  return method;
}

function ours(name: string | symbol): Method {
  return function (this: Taken, ...args) {
    const taken = this[itself];
    const before = taken[isOurs] ?? false;
    taken[isOurs] = true;
    try {
      return (taken[name as string] as Method)(...args);
    } finally {
      taken[isOurs] = before;
    }
  };
}
