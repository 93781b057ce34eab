/** How those are answered who do not get through the door of a local listener. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerUnread } from '../client/node-answer.ts';
import { answerRaw } from '../client/raw-answer.ts';
import { newRequestId } from '../client/request-id.ts';
import { refusalBody, refusalHead } from '../dialect/refusal.ts';
import type { SluiceError } from '../errors.ts';
import { geminiSurfaces } from '../surface/gemini.ts';
import type { HeaderBag } from '../wire.ts';

const surfaces = geminiSurfaces(new Map());

/** In the dialect of what was asked for; nothing of the body is read. */
export function refuseRequest(req: IncomingMessage, res: ServerResponse, error: SluiceError): void {
  const { headers, body } = refusal(req, error);
  const fields = Object.entries(headers).flat() as string[];
  answerUnread(req, res, { status: error.status, headers: fields, body: new TextDecoder().decode(body) });
}

/** In plain HTTP, and the connection ends. */
export function refuseUpgrade(req: IncomingMessage, socket: Duplex, error: SluiceError): void {
  answerRaw(socket, { status: error.status, ...refusal(req, error) });
}

function refusal({ url = '/' }: IncomingMessage, error: SluiceError): { headers: HeaderBag; body: Uint8Array } {
  const body = refusalBody(error, surfaces.dialectOf(url));
  const own = { 'x-sluice-request-id': newRequestId(), 'x-sluice-attempts': '0' };
  return { headers: { ...refusalHead(error, body), ...own }, body };
}
