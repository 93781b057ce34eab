/** Which paths lead to a live session, and what goes up of them. */

import { SluiceError } from '../errors.ts';
import { credentialParameters } from '../surface/gemini.ts';
import { parseTarget } from '../surface/target.ts';

/** What a client wants to talk to. */
export interface LiveCall {
  /** Google's name of the method. */
  readonly name: 'BidiGenerateContent' | 'BidiGenerateContentConstrained' | 'BidiGenerateMusic';
  /** Path and query as they came, without slashes too many. */
  readonly asked: string;
  /** Path and query for the provider, without any credential. */
  readonly target: string;
  /** The client signs with an ephemeral token. */
  readonly isConstrained: boolean;
}

const live =
  /^\/ws\/google\.ai\.generativelanguage\.v[0-9][a-z0-9]*\.GenerativeService\.(BidiGenerateContent(?:Constrained)?|BidiGenerateMusic)$/;

/** @throws SluiceError `not_found` for any other path, `method_not_allowed`, `invalid_request` */
export function liveCall({ method, target }: { readonly method: string; readonly target: string }): LiveCall {
  const mark = target.indexOf('?');
  const path = (mark < 0 ? target : target.slice(0, mark)).replaceAll(/\/{2,}/g, '/');
  const name = live.exec(path)?.[1] as LiveCall['name'] | undefined;
  if (name === undefined) {
    throw new SluiceError(
      'not_found',
      `No session at ${path.slice(0, 128)}. The Live API is at /ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent.`,
    );
  }
  if (method !== 'GET') {
    const message = `The method ${method.slice(0, 16)} opens no session; GET does.`;
    throw new SluiceError('method_not_allowed', message, { allow: 'GET' });
  }
  const asked = mark < 0 ? path : path + target.slice(mark);
  const { query } = parseTarget(asked);
  const kept = query.filter((one) => !credentialParameters.has(one.name)).map(({ raw }) => raw);
  return {
    name,
    asked,
    target: kept.length === 0 ? path : `${path}?${kept.join('&')}`,
    isConstrained: name === 'BidiGenerateContentConstrained',
  };
}
