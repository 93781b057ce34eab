/** A plain client: it sends a target as it stands, opens a connection for each call, and tells how an answer ended. */

import { type IncomingMessage, request } from 'node:http';

/** What to send. */
export interface Call {
  /** @default 'POST' */
  readonly method?: string | undefined;
  /** Path and query, not touched on the way. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string | string[]>> | undefined;
  /** A list is sent in pieces, without a length. */
  readonly body?: string | Uint8Array | readonly Uint8Array[] | undefined;
}

/** An answer to its end, whatever end that was. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** The body as it came, piece by piece. */
  readonly pieces: readonly Buffer[];
  /** False when the connection broke before HTTP said that the answer was over. */
  readonly isComplete: boolean;
}

/** An answer whose body is still to come: nothing of it is read until somebody asks. */
export interface OpenReply {
  readonly message: IncomingMessage;
  /** Hangs up. */
  leave(): void;
}

/** Sends a call and reads the answer to its end. Rejects only where there was no answer at all. */
export async function send(origin: string, call: Call): Promise<Reply> {
  const { message } = await open(origin, call);
  return readReply(message);
}

/** Sends a call and comes back with the head of the answer. */
export function open(origin: string, call: Call): Promise<OpenReply> {
  const { answered } = start(origin, call);
  return answered;
}

/** Sends a call; for those who leave before there is an answer. */
export function start(origin: string, { method = 'POST', target, headers = {}, body }: Call): Started {
  const { hostname, port } = new URL(origin);
  const all = body === undefined ? headers : { 'content-type': 'application/json', ...headers };
  // Without an agent of its own, the client would keep connections, and a server could not show that none is left.
  const outgoing = request({ hostname, port, method, path: target, headers: all, agent: false });
  const answered = new Promise<OpenReply>((resolve, reject) => {
    outgoing.on('response', (message) => resolve({ message, leave: () => outgoing.destroy() }));
    outgoing.on('error', reject);
  });
  if (isPieces(body)) for (const piece of body) outgoing.write(piece);
  outgoing.end(isPieces(body) ? undefined : body);
  return { answered, leave: () => void outgoing.destroy() };
}

/** A call that was sent. */
export interface Started {
  readonly answered: Promise<OpenReply>;
  leave(): void;
}

/** Reads what is left of an answer. */
export function readReply(message: IncomingMessage): Promise<Reply> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    message.on('data', (piece: Buffer) => pieces.push(piece));
    message.on('error', () => {}); // an unclean end is told by `complete`
    message.on('close', () => {
      const { statusCode = 0, headers, complete } = message;
      resolve({ status: statusCode, headers, body: Buffer.concat(pieces), pieces, isComplete: complete });
    });
  });
}

function isPieces(body: Call['body']): body is readonly Uint8Array[] {
  return Array.isArray(body);
}
