/** Says what is wrong with options so that people can mend it: path, expectation, value, and the name they may have meant. */

import type * as z from 'zod/mini';
import { isKeyLike } from './secrets.ts';

/** Values under these names are secrets and are never repeated. */
const secret = new Set(['key', 'keys', 'callers', 'url']);

/** One line per issue, in the order of the options. */
export function describeFaults(issues: readonly z.core.$ZodIssue[], input: unknown): string[] {
  return issues.flatMap((issue) => describe(issue, input));
}

function describe(issue: z.core.$ZodIssue, input: unknown): string[] {
  const path = pathOf(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      // The schema says which names it knows in place of a message; zod keeps them to itself.
      return issue.keys.map((name) => unknownName(issue.path, name, issue.message.split(' ')));
    case 'invalid_union': {
      // The branch that understood the value best has something to say about its inside.
      const inner = issue.errors.find((branch) => branch.some(({ path: below }) => below.length > 0));
      const deeper = inner?.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
      if (deeper !== undefined) return describeFaults(deeper, input);
      const expected = issue.errors.map(([first]) => expectation(first)).join(' or ');
      return [`${path} must be ${expected}, got ${given(issue, input)}`];
    }
    case 'invalid_key':
      return [`${path} is not ${expectation(issue)}`];
    default:
      return [`${path === '' ? 'the options' : path} must be ${expectation(issue)}, got ${given(issue, input)}`];
  }
}

function expectation(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type': {
      const names: Readonly<Record<string, string>> = { record: 'an object', object: 'an object', array: 'a list' };
      return names[issue.expected] ?? `a ${issue.expected}`;
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join(' and ');
    case 'too_small':
      return issue.origin === 'array' ? `a list of at least ${issue.minimum}` : 'a text that is not empty';
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    default:
      // `zod/mini` loads no words of its own: a shape that gets here brings them.
      return issue?.message ?? 'something else';
  }
}

function unknownName(path: readonly PropertyKey[], name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  // A key that stands in the place of a name is not repeated.
  const full = pathOf([...path, meant === null && isKeyLike(name) ? `a name of ${name.length} characters` : name]);
  return `${full} is not an option${meant === null ? '' : `; did you mean ${meant}?`}`;
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${withoutKeys(String(part))}`))
    .join('');
}

/** A text is shown where a text belongs; what stands in the place of an object, or is one, may hold keys. */
function given({ code, path }: z.core.$ZodIssue, input: unknown): string {
  let value = input;
  for (const part of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  if (value === undefined) return 'nothing';
  // A number and an empty list give nothing away.
  const isHarmless = typeof value === 'number' || (Array.isArray(value) && value.length === 0);
  const isSecret = !isHarmless && path.some((part) => secret.has(String(part)));
  if (Array.isArray(value) && value.length === 0) return 'an empty list';
  if (typeof value === 'string' && (isSecret || code === 'invalid_type')) return `${value.length} characters`;
  if (isSecret || (typeof value === 'object' && value !== null)) return kindOf(value);
  // JSON has no NaN and no Infinity.
  const text = withoutKeys(typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value)));
  return `${text.length > 60 ? `${text.slice(0, 60)}…` : text} (${kindOf(value)})`;
}

/** A URL is shown without its password and its query, and what has the shape of a key nowhere. */
function withoutKeys(text: string): string {
  return text
    .replace(/\/\/[^/]*@/, '//…@')
    .replace(/(\/\/[^?]*\?)[^"]+/, '$1…')
    .replace(/(?:AIza|AQ\.|sk-)[A-Za-z0-9_-]{8,}/g, '…');
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
}

/** @returns the known name that takes the fewest edits, if that is few for its length */
export function nearest(name: string, known: readonly string[]): string | null {
  const [best] = known
    .map((candidate) => ({ candidate, edits: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((left, right) => left.edits - right.edits);
  if (best === undefined) return null;
  const { candidate, edits } = best;
  // Two edits turn any short name into any other; one that begins alike may still be meant.
  const isLikely = candidate.length >= 5 || candidate[0] === name[0];
  return isLikely && edits <= Math.max(2, candidate.length / 3) ? candidate : null;
}

/** Levenshtein's, a row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = (row[j - 1] as number) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(same, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[right.length] as number;
}
