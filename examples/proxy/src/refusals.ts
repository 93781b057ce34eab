/** What never becomes a request: everything that Node's HTTP parser refuses, tunnels, and expectations we cannot meet. */

import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { googleErrorBody, SluiceError } from '@sluice/core';
import type { OpenAnswers } from './open-answers.ts';

/** Fields beyond this are refused: Node would drop them without a word, and with them perhaps a credential. */
const maxHeaderFields = 100;
/** How long a refused client may go on sending before the connection is cut, so that it can still read the answer … */
const lingerMs = 1000;
/** … and how long when a request of it is under way, which ends with the connection. */
const shortLingerMs = 50;

const socketErrors: Readonly<Record<string, () => SluiceError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: () =>
    new SluiceError('request_timeout', 'The headers of the request did not arrive in time. Send the request again.'),
  HPE_HEADER_OVERFLOW: () =>
    new SluiceError('headers_too_large', 'The request headers are larger than 16 KiB. Send fewer or shorter ones.'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () =>
    new SluiceError('payload_too_large', 'The extensions of the chunked body are larger than 16 KiB. Leave them out.'),
};

/** A failure that Node reports before there is a request. */
type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer; bytesParsed?: number };

/** Told of each refusal, for the log and the metrics. */
export type OnRefusal = (error: SluiceError, remote: string | undefined) => void;

/** Answers in Google's shape where Node would answer with an empty page or none at all. */
export function refuseMalformed(server: Server, answers: OpenAnswers, onRefusal: OnRefusal): void {
  const refused = new WeakSet<Socket>();
  server.on('clientError', (error: ParserError, socket: Socket) => {
    if (refused.has(socket)) return; // it goes on sending, and is being read to its end
    const open = answers.on(socket);
    // In the middle of an answer, or before earlier ones are written, another would be taken for a part of them.
    const isTooLate = open.length > 1 || open[0]?.headersSent === true;
    if (isTooLate || !socket.writable || error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      socket.destroy();
      return;
    }
    refused.add(socket);
    const refusal = refusalOf(error);
    onRefusal(refusal, socket.remoteAddress);
    answerAndClose(socket, refusal, open.length === 0 ? lingerMs : shortLingerMs);
  });

  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    const refusal = new SluiceError('method_not_allowed', 'This is no forward proxy: CONNECT is not served.', {
      allow: 'GET, HEAD, POST',
    });
    onRefusal(refusal, request.socket.remoteAddress);
    answerAndClose(socket, refusal, lingerMs);
  });

  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const refusal = new SluiceError('expectation_failed', 'The header `expect` may only ask for 100-continue.');
    onRefusal(refusal, request.socket.remoteAddress);
    refuse(response, refusal);
  });
}

/** The refusal of a request that Node has read and would pass on as if nothing were wrong; null when nothing is. */
export function refusalOfHeaders({ rawHeaders, httpVersion }: IncomingMessage): SluiceError | null {
  if (rawHeaders.length / 2 > maxHeaderFields) {
    return new SluiceError('headers_too_large', `The request has more than ${maxHeaderFields} header fields.`);
  }
  const hosts: (string | undefined)[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts.push(rawHeaders[at + 1]);
  }
  // RFC 9112 §3.2: with two, or with none, whoever stands in front may have understood another host than we do.
  const isClear = hosts.length === 1 ? hosts[0] !== '' : hosts.length === 0 && httpVersion === '1.0';
  return isClear ? null : new SluiceError('invalid_request', 'The request needs one header `host`, and only one.');
}

/** Answers a request with an error in Google's shape and closes the connection. */
export function refuse(response: ServerResponse, error: SluiceError): void {
  response.shouldKeepAlive = false;
  respondError(response, error);
}

/** The same, on a connection that Node has let go of. */
export function refuseUpgrade(socket: Duplex, error: SluiceError): void {
  answerAndClose(socket, error, lingerMs);
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

function refusalOf(error: ParserError): SluiceError {
  if (error.code === 'HPE_HEADER_OVERFLOW' && isInRequestLine(error)) {
    return new SluiceError('uri_too_long', 'The request target is longer than 16 KiB. Move parameters into the body.');
  }
  const known = socketErrors[error.code ?? ''];
  return known?.() ?? new SluiceError('invalid_request', 'The request is not valid HTTP/1.1.');
}

/** Whether the parser gave up before the first line was over; when that line came in several pieces, nobody can tell. */
function isInRequestLine({ rawPacket, bytesParsed }: ParserError): boolean {
  const read = rawPacket?.subarray(0, bytesParsed).toString('latin1') ?? '';
  return /^[A-Z]+ /.test(read) && !read.includes('\n');
}

/** Destroying a socket with unread bytes makes the peer's system drop the answer, so the rest is read and thrown away. */
function answerAndClose(socket: Duplex, error: SluiceError, withinMs: number): void {
  const body = googleErrorBody(error);
  const fields = Object.entries({ ...headersOf(error, body), connection: 'close' });
  const head = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`, ...fields.map((field) => field.join(': '))];
  const cut = setTimeout(() => socket.destroy(), withinMs);
  socket.once('close', () => clearTimeout(cut));
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
