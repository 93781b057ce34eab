import type { RequestHead } from '../wire/request-reader.ts';
import { queryOf } from './call.ts';

/** A credential and how it was shown. */
export interface Credential {
  readonly kind: 'api-key' | 'bearer';
  readonly value: string;
}

/** Everything in a request that claims who is asking, in the order in which Google looks. */
export function credentialsOf({ target, headers, rawHeaders }: RequestHead): Credential[] {
  const query = queryOf(target);
  const inHeaders = rawHeaders.filter(([name]) => name.toLowerCase() === 'x-goog-api-key').map(([, value]) => value);
  const apiKeys = [...inHeaders, ...query.getAll('key')].filter((value) => value !== '');
  const tokens = query.getAll('access_token');
  const [, bearer] = /^(?:Bearer|Token) +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (bearer !== undefined) tokens.unshift(bearer);
  return [
    ...apiKeys.map((value) => ({ kind: 'api-key', value }) as const),
    ...tokens.map((value) => ({ kind: 'bearer', value }) as const),
  ];
}
