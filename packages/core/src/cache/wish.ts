/** What a client says about answers that are known: the directives of RFC 9111 §5.2.1, as far as they concern a cache like this. */

import type { HeaderBag } from '../wire.ts';

/** One request's wish. */
export interface Wish {
  /** False: nothing of it is kept, and nothing that is kept answers it. */
  readonly stores: boolean;
  /** An answer may be so old, in ms; 0 or less wants a new one. */
  readonly maxAgeMs: number;
  /** It stays fresh for so long at least, in ms. */
  readonly minFreshMs: number;
  /** Only what is kept will do. */
  readonly isOnlyKept: boolean;
}

/** Nearly everybody says nothing. */
const anything: Wish = {
  stores: true,
  maxAgeMs: Number.POSITIVE_INFINITY,
  minFreshMs: 0,
  isOnlyKept: false,
};

/** Directives that are not known are passed over; a number that is none wants a new answer (§4.2.1). */
export function wishOf({ 'cache-control': control, pragma }: HeaderBag): Wish {
  if (control === undefined) {
    // §5.4: for those who know nothing newer.
    return pragma === undefined || !directivesOf(pragma).has('no-cache') ? anything : { ...anything, maxAgeMs: 0 };
  }
  const said = directivesOf(control);
  const maxAge = said.get('max-age');
  return {
    stores: !said.has('no-store'),
    maxAgeMs: said.has('no-cache') ? 0 : maxAge === undefined ? anything.maxAgeMs : (milliseconds(maxAge) ?? 0),
    minFreshMs: milliseconds(said.get('min-fresh') ?? '0') ?? Number.POSITIVE_INFINITY,
    isOnlyKept: said.has('only-if-cached'),
  };
}

function directivesOf(value: string | string[]): Map<string, string> {
  const said = new Map<string, string>();
  for (const one of String(value).toLowerCase().split(',')) {
    const [name = '', argument = ''] = one.split('=', 2);
    // Of one that comes twice the stricter could be meant; the first is what most take.
    if (!said.has(name.trim())) said.set(name.trim(), argument.trim().replace(/^"(.*)"$/, '$1'));
  }
  return said;
}

function milliseconds(seconds: string): number | null {
  return /^\d+$/.test(seconds) ? Number(seconds) * 1000 : null;
}
