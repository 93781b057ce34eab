/** What web pages of other origins may do here (https://fetch.spec.whatwg.org/#http-cors-protocol). */

import { type HeaderBag, type Sink, stillFlow } from '../wire.ts';

const preflightSeconds = '600';
const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE';

/** The rules of one gateway. */
export interface Cors {
  /** Answers a preflight; it never goes up. @returns false when the request is none */
  preflight(method: string, headers: HeaderBag, client: Sink): boolean;
  /** Fields that let a page of the request's origin read the answer. */
  headersFor(headers: HeaderBag): HeaderBag;
}

const none: HeaderBag = {};

/** @param origins - those that may call; `*` stands for all. Credentials are keys in headers, so cookies play no part. */
export function corsRules(origins: readonly string[]): Cors {
  const allowed = new Set(origins);
  const isForAll = allowed.has('*');

  function headersFor(headers: HeaderBag): HeaderBag {
    const { origin } = headers;
    if (typeof origin !== 'string' || !(isForAll || allowed.has(origin))) return none;
    return {
      'access-control-allow-origin': isForAll ? '*' : origin,
      'access-control-expose-headers': '*',
      ...(isForAll ? {} : { vary: 'origin' }),
    };
  }

  return {
    headersFor,
    preflight(method, headers, client) {
      if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
      const granted = headersFor(headers);
      const asked = headers['access-control-request-headers'];
      client.open(stillFlow);
      client.head(204, {
        ...granted,
        ...(granted === none
          ? {}
          : {
              'access-control-allow-methods': allowedMethods,
              'access-control-allow-headers': typeof asked === 'string' ? asked : '*',
              'access-control-max-age': preflightSeconds,
            }),
      });
      client.end();
      return true;
    },
  };
}
