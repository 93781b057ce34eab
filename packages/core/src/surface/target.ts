/** The path and query of a request, taken apart without changing them, and refused where they are not what they seem. */

import { SluiceError } from '../errors.ts';

/** A request target that has passed. */
export interface Target {
  /** Path segments, decoded, as the provider will read them; the last one without its verb. */
  readonly segments: readonly string[];
  /** What follows the colon of the last segment, decoded: `generateContent`; null when there is none. */
  readonly verb: string | null;
  /** The path as it came. */
  readonly path: string;
  /** Name and value of each query parameter as it came, and its name decoded. */
  readonly query: readonly QueryParameter[];
}

export interface QueryParameter {
  readonly raw: string;
  readonly name: string;
  readonly value: string;
}

const segmentShape = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const verbShape = /^[A-Za-z]{1,64}$/;
const printable = /^[\x21-\x7e]*$/;

/**
 * Takes a target apart. Each segment is decoded once and must then be a plain name, so that nobody after us can read
 * another path out of it; what goes up are the original bytes.
 *
 * @throws SluiceError `invalid_request` for what is no path at all, `not_found` for a path that no provider has
 */
export function parseTarget(target: string): Target {
  if (!target.startsWith('/') || !printable.test(target) || target.includes('#') || target.includes('\\')) {
    throw new SluiceError(
      'invalid_request',
      'The request target is no plain path. It starts with a slash and has no host, fragment, backslash or control character.',
    );
  }
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const parts = path.slice(1).split('/');
  const last = parts.pop() as string;
  const colon = last.indexOf(':');
  const verb = colon < 0 ? null : decodedOnce(last.slice(colon + 1));
  parts.push(colon < 0 ? last : last.slice(0, colon));
  const segments = path.includes('%') ? parts.map(decodedOnce).flatMap(withoutNames) : parts;
  if (!segments.every((segment) => segmentShape.test(segment))) throw noSuchPath();
  if (verb !== null && !verbShape.test(verb)) throw noSuchPath();
  return { segments, verb, path, query: mark < 0 ? [] : parseQuery(target.slice(mark + 1)) };
}

/**
 * A whole name where an id stands: the OpenAI endpoint lists `models/gemini-2.5-flash`, and OpenAI's SDK asks for that with
 * an encoded slash. Both of its parts have to be plain names like all others.
 */
function withoutNames(segment: string, at: number, segments: readonly string[]): readonly string[] {
  const [collection = '', ...ids] = segment.split('/');
  const isName = at === 3 && segments[1] === 'openai' && collection === segments[2] && ids.length === 1;
  return isName ? [collection, ...ids] : [segment];
}

function parseQuery(query: string): QueryParameter[] {
  if (query === '') return [];
  return query.split('&').map((raw) => {
    const equals = raw.indexOf('=');
    const name = equals < 0 ? raw : raw.slice(0, equals);
    const value = equals < 0 ? '' : raw.slice(equals + 1);
    return { raw, name: lenientlyDecoded(name), value: lenientlyDecoded(value) };
  });
}

function decodedOnce(text: string): string {
  if (!text.includes('%')) return text;
  const decoded = lenientlyDecoded(text);
  if (decoded === text || /\p{Cc}/u.test(decoded)) {
    throw new SluiceError(
      'invalid_request',
      'The request path has a broken percent-encoding or a control character in it.',
    );
  }
  return decoded;
}

/** What cannot be decoded stays as it is: a parameter that nobody understands is the provider's to refuse. */
function lenientlyDecoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function noSuchPath(): SluiceError {
  return new SluiceError(
    'not_found',
    'There is no such path here. Gemini paths look like /v1beta/models/{model}:generateContent.',
  );
}
