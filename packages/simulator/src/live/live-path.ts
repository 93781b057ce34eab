/** Which requests begin a Live session. */

/** Google's names of the three kinds of session. */
export type LiveMethod = 'BidiGenerateContent' | 'BidiGenerateContentConstrained' | 'BidiGenerateMusic';

/** What a handshake asks for. */
export interface LiveCall {
  readonly version: string;
  readonly method: LiveMethod;
}

/** The SDK for JavaScript writes two slashes when its base URL has no path. */
const path =
  /^\/{1,2}ws\/google\.ai\.generativelanguage\.(v[0-9][a-z0-9]*)\.GenerativeService\.(BidiGenerate(?:Content(?:Constrained)?|Music))$/;

/** Reads a request target; null when no session is there, or when the request is no handshake. */
export function liveCallOf(request: {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}): LiveCall | null {
  const { method, target, headers } = request;
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return null;
  const [, version, name] = path.exec(target.split('?', 1)[0] ?? '') ?? [];
  return version === undefined || name === undefined ? null : { version, method: name as LiveMethod };
}
