/** A gateway that does one thing wrong: `faulty-gateway.ts FAULT`. The bench has to notice each. */

import { createServer, type IncomingMessage, request } from 'node:http';
import { announce, upstreamOrigin } from '../src/subjects/announce.ts';

const [, , fault] = process.argv;
const key = process.env.BENCH_PROVIDER_KEY as string;

const server = createServer((req, res) => {
  const pieces: Buffer[] = [];
  req.on('data', (piece: Buffer) => pieces.push(piece));
  req.on('end', () => {
    const sent = Buffer.concat(pieces);
    if (fault === 'calls twice') ask(req, sent, () => {});
    ask(
      req,
      fault === 'changes the request' ? Buffer.from(sent.toString().replace('sky', 'sea')) : sent,
      (status, body) => {
        res.writeHead(fault === 'changes the status' ? 206 : status, { 'content-length': spoiled(body).length });
        res.end(spoiled(body));
      },
    );
  });
});
announce(server);

function ask(req: IncomingMessage, body: Buffer, then: (status: number, body: Buffer) => void): void {
  const signed = fault === 'sends the key of the caller up' ? req.headers['x-goog-api-key'] : key;
  const headers = { 'x-goog-api-key': signed, 'content-length': body.length };
  const call = request(upstreamOrigin() + req.url, { method: 'POST', headers }, (answer) => {
    const pieces: Buffer[] = [];
    answer.on('data', (piece: Buffer) => pieces.push(piece));
    answer.on('end', () => then(answer.statusCode as number, Buffer.concat(pieces)));
  });
  call.end(body);
}

function spoiled(body: Buffer): Buffer {
  const half = body.length >> 1;
  switch (fault) {
    case 'drops a byte':
      return Buffer.concat([body.subarray(0, half), body.subarray(half + 1)]);
    case 'drops the last byte':
      return body.subarray(0, -1);
    case 'adds a byte':
      return Buffer.concat([body, Buffer.from('\n')]);
    case 'swaps two events': {
      const events = body.toString().split(/(?<=\r\n\r\n)/);
      return Buffer.from([events[1], events[0], ...events.slice(2)].join(''));
    }
    default:
      return body;
  }
}
