/** The two parts of a request target, as they came. */

export function pathOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? target : target.slice(0, mark);
}

/** Without its question mark; empty where there is none. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?');
  return mark < 0 ? '' : target.slice(mark + 1);
}

/** Each parameter of the query, not decoded. */
export function paramsOf(target: string): string[] {
  const query = queryOf(target);
  return query === '' ? [] : query.split('&');
}

export function withParams(path: string, params: readonly string[]): string {
  return params.length === 0 ? path : `${path}?${params.join('&')}`;
}
