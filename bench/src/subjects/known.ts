/** The floor of answers that are known: `node:http` reads the request and writes the bytes that the provider would have sent. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answerFieldsOf, expectedBodies, type Kind, kindOf, streamEvents } from '../traffic.ts';
import { announce } from './announce.ts';

/** Answers one request. A stream is written event by event, and waits for who does not read. */
function answer(req: IncomingMessage, res: ServerResponse): void {
  req.on('data', () => {});
  req.on('end', () => {
    const kind = kindOf(`${req.method} ${req.url}`) as Kind;
    const body = expectedBodies[kind] as Buffer;
    res.writeHead(200, answerFieldsOf(kind));
    if (kind === 'stream') writeEvents(res, 0);
    else res.end(body);
  });
}

function writeEvents(res: ServerResponse, from: number): void {
  for (let at = from; at < streamEvents.length; at++) {
    if (!res.write(streamEvents[at] as Buffer)) return void res.once('drain', () => writeEvents(res, at + 1));
  }
  res.end();
}

announce(createServer(answer));
