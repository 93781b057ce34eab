/** Answers as they can pass through Next's app router, which takes `content-encoding` away and compresses by itself. */

/** What every runtime can undo. */
const known = ['gzip', 'deflate'] as const;

/** The same request, under the address that the client knows, for an answer that is not compressed. */
export function plainRequest(request: Request, url: string): Request {
  const { method, body, signal } = request;
  const headers = new Headers(request.headers);
  headers.set('accept-encoding', 'identity');
  const init = { method, headers, body, signal, ...(body === null ? null : { duplex: 'half' as const }) };
  return new Request(url, init);
}

/**
 * The same answer with its bytes as they are to arrive. `no-transform` keeps Next's `compress` away: it would still hold
 * the last words of a stream that breaks when the connection ends, and they would be lost.
 */
export function plainAnswer(answer: Response): Response {
  const { status, statusText, body } = answer;
  if (body === null) return answer;
  const headers = new Headers(answer.headers);
  headers.append('cache-control', 'no-transform');
  const coding = headers.get('content-encoding')?.toLowerCase() ?? 'identity';
  if (coding === 'identity') return new Response(body, { status, statusText, headers });
  const format = known.find((one) => one === coding);
  if (format === undefined) {
    void body.cancel();
    return unknownCoding(coding);
  }
  headers.delete('content-encoding');
  headers.delete('content-length');
  return new Response(body.pipeThrough(new DecompressionStream(format)), { status, statusText, headers });
}

function unknownCoding(coding: string): Response {
  const message = `The provider has compressed its answer (${coding}) though it was asked not to.`;
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'UPSTREAM_PROTOCOL', domain: 'sluice' };
  return Response.json({ error: { code: 502, message, status: 'UNAVAILABLE', details: [info] } }, { status: 502 });
}
