/** Where a route is mounted, read from what is asked for: nobody has to say it. */

/** What Next found in the place of `[name]`, `[...name]` and `[[...name]]`. */
export type Params = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A path as the client wrote it, in two. */
export interface Mounted {
  /** What precedes the API's own path, without a slash at its end. */
  readonly mountPath: string;
  /** The API's own path. */
  readonly path: string;
  /** The mount path with the names of parameters in the place of their values. */
  readonly pattern: string;
}

/**
 * A catch-all takes whole segments off the end, so as many are the API's.
 *
 * @param path - raw, without its query
 */
export function mounted(path: string, params: Params): Mounted {
  // A slash at the end means nothing to Next, which adds and removes it as it is configured.
  const segments = path.replace(/\/+$/, '').split('/');
  const own = segments.length - caughtBy(params, segments.map(decoded));
  const mountSegments = segments.slice(0, own);
  return {
    mountPath: mountSegments.join('/'),
    path: `/${segments.slice(own).join('/')}`,
    pattern: mountSegments.map((segment) => nameOf(decoded(segment), params) ?? segment).join('/'),
  };
}

/** How many segments the catch-all took. In the pages router fields of the query stand beside it, as lists too. */
function caughtBy(params: Params, segments: readonly string[]): number {
  const counts = Object.values(params).map((value) => {
    if (typeof value !== 'object' || value.length >= segments.length) return 0;
    const tail = segments.slice(-value.length);
    return value.every((one, at) => decoded(one) === tail[at]) ? value.length : 0;
  });
  return Math.max(0, ...counts);
}

/**
 * A query without what Next has put into it: on the edge, where it plays one, that is every parameter.
 *
 * @param search - empty, or with its question mark
 */
export function withoutParams(search: string, params: Params): string {
  const isOwn = (pair: string): boolean => !Object.hasOwn(params, decoded(pair.split('=', 1)[0] as string));
  const kept = search.slice(1).split('&').filter(isOwn).join('&');
  return kept === '' ? '' : `?${kept}`;
}

function nameOf(segment: string, params: Params): string | undefined {
  const name = Object.keys(params).find((one) => typeof params[one] === 'string' && decoded(params[one]) === segment);
  return name && `[${name}]`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
