/** A server of `node:http` that also answers what never becomes a request, where Node says nothing or an empty page. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { gemini } from '../dialect/gemini/dialect.ts';
import { refusalBody, refusalHead } from '../dialect/refusal.ts';
import { SluiceError } from '../errors.ts';
import { answerRaw, type RawAnswer } from './raw-answer.ts';

/** What a hardened server goes by. */
export interface HardenServerOptions {
  /** How long the headers of a request may take, in ms; 0 means no limit. @default 10_000 */
  headersInMs?: number | undefined;
  /** Told of each refusal, for logs and metrics. @default nobody is */
  onRefusal?: ((error: SluiceError, remote: string | undefined) => void) | undefined;
}

/** A failure that Node reports before there is a request. */
type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer; bytesParsed?: number };
/** Node goes by the same field where nobody listens to `clientError`. */
type ServingSocket = Socket & { readonly _httpMessage?: ServerResponse | null };

/** How long a refused client may go on sending when a request of it is under way, which ends with the connection. */
const shortLingerMs = 50;
const longestCheckMs = 1_000;
const shortestCheckMs = 50;

const parserErrors: Readonly<Record<string, () => SluiceError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: () =>
    new SluiceError('request_timeout', 'The headers of the request did not arrive in time. Send the request again.'),
  HPE_HEADER_OVERFLOW: () =>
    new SluiceError(
      'headers_too_large',
      'The request headers are larger than this server reads. Send fewer or shorter ones.',
    ),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () =>
    new SluiceError('payload_too_large', 'The extensions of the chunked body are larger than 16 KiB. Leave them out.'),
};

/**
 * Makes a server answer what Node's parser refuses (400, 408, 413, 414, 431), tunnels (405) and odd expectations (417) with
 * an error in Google's shape, and gives headers that come slowly `headersInMs`. `Expect: 100-continue` is answered 401 or
 * 413 before 100.
 *
 * Call it before the server listens, or in the same turn. It stands in for all listeners of `clientError`, also those of a
 * framework. Requests pass it by, and cost nothing more.
 *
 * @example
 * import { createServer } from 'node:http';
 *
 * const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * const server = createServer(nodeListener(gateway));
 * hardenServer(server);
 * server.listen(8787);
 */
export function hardenServer(
  server: Server,
  { headersInMs = 10_000, onRefusal = nobody }: HardenServerOptions = {},
): void {
  server.headersTimeout = headersInMs;
  // How often Node looks for slow headers: without this every 30 s. It reads the field when it begins to listen.
  const connectionsCheckingInterval = Math.min(longestCheckMs, Math.max(shortestCheckMs, headersInMs / 4));
  if (headersInMs > 0) Object.assign(server, { connectionsCheckingInterval });

  const refused = new WeakSet<Duplex>();
  server.removeAllListeners('clientError');
  server.on('clientError', (error: ParserError, socket: Duplex) => {
    if (refused.has(socket)) return; // it goes on sending, and is being read to its end
    const { _httpMessage: open, remoteAddress } = socket as ServingSocket;
    // In the middle of an answer, another would be taken for a part of it.
    const isTooLate = open?.headersSent === true;
    if (isTooLate || !socket.writable || error.code === 'ECONNRESET' || error.code === 'EPIPE') {
      socket.destroy();
      return;
    }
    refused.add(socket);
    const refusal = refusalOf(error);
    onRefusal(refusal, remoteAddress);
    answerRaw(socket, answerTo(refusal), open ? shortLingerMs : undefined);
  });
  unlessHeard(server, 'connect', ({ socket: { remoteAddress } }: IncomingMessage, socket: Duplex) => {
    const allow = 'GET, HEAD, POST';
    const refusal = new SluiceError('method_not_allowed', 'This is no forward proxy: CONNECT is not served.', {
      allow,
    });
    onRefusal(refusal, remoteAddress);
    answerRaw(socket, answerTo(refusal));
  });
  unlessHeard(server, 'checkExpectation', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const refusal = new SluiceError('expectation_failed', 'The header `expect` may only ask for 100-continue.');
    onRefusal(refusal, socket.remoteAddress);
    const { status, headers, body } = answerTo(refusal);
    response.shouldKeepAlive = false;
    response.writeHead(status, headers).end(body);
  });
  unlessHeard(server, 'checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueWhenWanted(request, response);
    server.emit('request', request, response);
  });
}

function nobody(): void {}

function unlessHeard<Args extends unknown[]>(server: Server, event: string, listener: (...args: Args) => void): void {
  if (server.listenerCount(event) === 0) server.on(event, listener as (...args: unknown[]) => void);
}

/** The body is let come when somebody begins to read it: the gateway says so itself, other handlers of the host do not. */
function continueWhenWanted(request: IncomingMessage, response: ServerResponse): void {
  const { writeContinue } = response;
  let isSaid = false;
  response.writeContinue = (then) => {
    if (isSaid || isBegun(response)) return;
    isSaid = true;
    writeContinue.call(response, then);
  };
  // Whichever way a body is read, it comes to this.
  const { _read: read } = request;
  request._read = (size) => {
    response.writeContinue();
    read.call(request, size);
  };
}

/** As Node sees it: adapters may tell their hosts something else. */
function isBegun(response: ServerResponse): boolean {
  return Reflect.get(Object.getPrototypeOf(response), 'headersSent', response) === true;
}

function refusalOf(error: ParserError): SluiceError {
  if (error.code === 'HPE_HEADER_OVERFLOW' && isInRequestLine(error)) {
    return new SluiceError('uri_too_long', 'The request target is longer than 16 KiB. Move parameters into the body.');
  }
  const known = parserErrors[error.code ?? ''];
  return known?.() ?? new SluiceError('invalid_request', 'The request is not valid HTTP/1.1.');
}

/** Whether the parser gave up before the first line was over; when that line came in several pieces, nobody can tell. */
function isInRequestLine({ rawPacket, bytesParsed }: ParserError): boolean {
  const read = rawPacket?.subarray(0, bytesParsed).toString('latin1') ?? '';
  return /^[A-Z]+ /.test(read) && !read.includes('\n');
}

function answerTo(error: SluiceError): RawAnswer {
  const body = refusalBody(error, gemini);
  return { status: error.status, headers: refusalHead(error, body), body };
}
