/** A client that opens a connection for each call, and tells how an answer ended. */

import { type ClientRequest, type IncomingMessage, request } from 'node:http';

/** An answer under way. */
export interface Open {
  readonly outgoing: ClientRequest;
  /** Rejects where there was no answer at all. */
  readonly message: Promise<IncomingMessage>;
}

/** An answer to its end, whatever end that was. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** False when the connection broke before HTTP said that the answer was over. */
  readonly isComplete: boolean;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export function open(url: string, { method = 'POST', headers = {}, body }: Call): Open {
  const outgoing = request(url, { method, headers, agent: false });
  const message = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });
  message.catch(() => {});
  outgoing.end(body);
  return { outgoing, message };
}

export async function send(url: string, call: Call): Promise<Reply> {
  const message = await open(url, call).message;
  const pieces: Buffer[] = [];
  message.on('data', (piece: Buffer) => pieces.push(piece));
  message.on('error', () => {}); // an unclean end is told by `complete`
  await new Promise((resolve) => message.on('close', resolve));
  const { statusCode: status = 0, headers, complete } = message;
  return { status, headers, body: Buffer.concat(pieces).toString(), isComplete: complete };
}
