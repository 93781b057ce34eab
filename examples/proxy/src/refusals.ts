/** Requests that Node lets through and nobody here should: refused before any route, in Google's shape. */

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { googleErrorBody, SluiceError } from '@sluice/core';

/** Fields beyond this are refused: Node would drop them without a word, and with them perhaps a credential. */
const maxHeaderFields = 100;
/** How long a refused client may go on sending before the connection is cut, so that it can still read the answer. */
const lingerMs = 1000;

/** Told of each refusal, for the log and the metrics. */
export type OnRefusal = (error: SluiceError, remote: string | undefined) => void;

/** The refusal of a request that Node has read and would pass on as if nothing were wrong; null when nothing is. */
export function refusalOfHeaders({ rawHeaders, httpVersion }: IncomingMessage): SluiceError | null {
  if (rawHeaders.length / 2 > maxHeaderFields) {
    return new SluiceError('headers_too_large', `The request has more than ${maxHeaderFields} header fields.`);
  }
  let hosts = 0;
  let host: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    hosts++;
    host = rawHeaders[at + 1];
  }
  // RFC 9112 §3.2: with two, or with none, whoever stands in front may have understood another host than we do.
  const isClear = hosts === 1 ? host !== '' : hosts === 0 && httpVersion === '1.0';
  return isClear ? null : new SluiceError('invalid_request', 'The request needs one header `host`, and only one.');
}

/** Answers a request with an error in Google's shape and closes the connection. */
export function refuse(response: ServerResponse, error: SluiceError): void {
  response.shouldKeepAlive = false;
  respondError(response, error);
}

/** The same, on a connection that Node has let go of. */
export function refuseUpgrade(socket: Duplex, error: SluiceError): void {
  const body = googleErrorBody(error);
  const fields = Object.entries({ ...headersOf(error, body), connection: 'close' });
  const head = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`, ...fields.map((field) => field.join(': '))];
  // Destroying a socket with unread bytes makes the peer's system drop the answer, so the rest is read and thrown away.
  const cut = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cut));
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Answers a request with an error in Google's shape. */
export function respondError(response: ServerResponse, error: SluiceError): void {
  const body = googleErrorBody(error);
  response.writeHead(error.status, headersOf(error, body));
  response.end(body);
}

function headersOf(error: SluiceError, body: string): Record<string, string> {
  return {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': String(Buffer.byteLength(body)),
    'x-content-type-options': 'nosniff',
    ...(error.allow === undefined ? {} : { allow: error.allow }),
  };
}
