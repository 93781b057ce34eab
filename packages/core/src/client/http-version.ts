/** Node's parser also takes `HTTP/2.0` in a request line, and would pass it on as if it were HTTP/1.1. */

import { IncomingMessage } from 'node:http';
import { gemini } from '../dialect/gemini/dialect.ts';
import { refusalBody, refusalHead } from '../dialect/refusal.ts';
import { SluiceError } from '../errors.ts';
import type { Unread } from './node-answer.ts';

/** The answer to a request in a version that is none of this connection's; null for all others. */
export function versionRefusal(req: IncomingMessage): Unread | null {
  // Requests of `node:http2` are of another class.
  if (req.httpVersionMajor < 2 || !(req instanceof IncomingMessage)) return null;
  return ready;
}

const refusal = new SluiceError('invalid_request', 'HTTP/1.1 is spoken on this connection, and no other version.');
const body = refusalBody(refusal, gemini);
const fields = { ...refusalHead(refusal, body), connection: 'close' };
const ready: Unread = {
  status: refusal.status,
  headers: Object.entries(fields).flat() as string[],
  body: new TextDecoder().decode(body),
};
