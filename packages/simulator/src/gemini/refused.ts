import type { RecordedRequest } from '../contract.ts';
import type { ErrorName } from '../errors.ts';
import { type Fields, readBody } from './body.ts';
import type { GoogleError } from './google-error.ts';
import type { Blanks } from './refusal.ts';

/** Google's no: carried up to the one place that writes it down. */
export class Refused extends Error {
  readonly reason: ErrorName | GoogleError;
  readonly blanks: Blanks;
  constructor(reason: ErrorName | GoogleError, blanks: Blanks = {}) {
    super(typeof reason === 'string' ? reason : reason.message);
    this.reason = reason;
    this.blanks = blanks;
  }
}

/** The JSON body of a request; refused when it is none. */
export function bodyOf(request: RecordedRequest): Fields {
  const body = readBody(request.body);
  if ('why' in body) throw new Refused('bad-json', { why: body.why });
  return body.fields;
}

/** Refuses a request whose list is empty. */
export function requireSome(items: readonly unknown[], name: string, why: string): void {
  if (items.length === 0) throw new Refused('missing-field', { field: name, why });
}
