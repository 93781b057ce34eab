/** How those are answered who do not get through the door of a local listener. */

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerUnread } from '../client/node-answer.ts';
import { newRequestId } from '../client/request-id.ts';
import { refusalBody, refusalHead } from '../door/refuse.ts';
import type { SluiceError } from '../errors.ts';
import { geminiSurfaces } from '../surface/gemini.ts';

const surfaces = geminiSurfaces(new Map());

/** How long a refused client gets to read why, in ms. */
const lingerMs = 1_000;

/** In the dialect of what was asked for; nothing of the body is read. */
export function refuseRequest(req: IncomingMessage, res: ServerResponse, error: SluiceError): void {
  const { headers, body } = refusal(req, error);
  answerUnread(req, res, { status: error.status, headers, body });
}

/** In plain HTTP, and the connection ends. */
export function refuseUpgrade(req: IncomingMessage, socket: Duplex, error: SluiceError): void {
  const { headers, body } = refusal(req, error);
  const lines = [`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  // Node has taken its own hands off: an error that nobody hears would end the process.
  socket.on('error', () => {});
  // Unread bytes would reset the connection, and the reset may overtake the answer.
  socket.resume();
  socket.end([...lines, 'connection: close', '', body].join('\r\n'));
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('end', () => socket.destroy()).once('close', () => clearTimeout(timer));
}

function refusal({ url = '/' }: IncomingMessage, error: SluiceError): { headers: string[]; body: string } {
  const dialect = surfaces.dialectOf(url);
  const fields = {
    ...refusalHead(error, refusalBody(error, dialect)),
    'x-sluice-request-id': newRequestId(),
    'x-sluice-attempts': '0',
  };
  return { headers: Object.entries(fields).flat() as string[], body: dialect.errorBody(error) };
}
