/** A pipe for uploads that does one thing wrong: `faulty-pipe.ts FAULT`. The bench has to notice each. */

import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { announce, upstreamOrigin } from '../src/subjects/announce.ts';
import { providerKeys } from '../src/traffic.ts';

const [, , fault] = process.argv;

const overloaded = { error: { code: 503, details: [{ reason: 'OVERLOADED' }] } };
let requests = 0;

announce(
  createServer((req, res) => {
    requests++;
    if (fault === 'is overloaded at first' && requests <= 3)
      return void res.writeHead(503, { 'retry-after': '1', connection: 'close' }).end(JSON.stringify(overloaded));
    if (fault === 'refuses without a word') return void res.writeHead(503).end();
    const pieces: Buffer[] = [];
    req.on('data', (piece: Buffer) => pieces.push(piece));
    req.on('end', () => {
      const body = Buffer.concat(pieces);
      const isSpoiled = isStart(req) === (fault === 'changes what is said of a file');
      passOn(req, isSpoiled ? spoiled(body) : body, res);
    });
  }),
);

function passOn(req: IncomingMessage, body: Buffer, res: ServerResponse): void {
  const { 'x-goog-api-key': callerKey, ...fields } = req.headers;
  const signed =
    fault === 'sends the key of the caller up'
      ? callerKey
      : providerKeys[fault === 'changes the project' && !isStart(req) ? 2 : 0];
  const headers = { ...fields, 'x-goog-api-key': signed, 'content-length': body.length };
  if (fault === 'changes the command' && !isStart(req)) Object.assign(headers, { 'x-goog-upload-command': 'upload' });
  const call = request(upstreamOrigin() + req.url, { method: 'POST', headers }, (answer) => {
    const pieces: Buffer[] = [];
    answer.on('data', (piece: Buffer) => pieces.push(piece));
    answer.on('end', () => {
      const { 'x-goog-upload-status': status, ...rest } = answer.headers;
      const kept = fault === 'forgets the status' ? rest : { ...rest, 'x-goog-upload-status': status };
      const text = Buffer.concat(pieces).toString();
      const said = fault === 'changes the answer' ? text.replace('UPLOADED', 'UPLOADEE') : text;
      res.writeHead(fault === 'changes the code' && !isStart(req) ? 201 : 200, kept).end(said);
    });
  });
  call.on('error', () => res.destroy());
  call.end(body);
  if (fault === 'calls twice') {
    const again = request(upstreamOrigin() + req.url, { method: 'POST', headers });
    again.on('error', () => {}).end(body);
  }
}

function isStart({ headers }: IncomingMessage): boolean {
  return headers['x-goog-upload-command'] === 'start';
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
    case 'changes what is said of a file':
    case 'changes a byte': {
      const other = Buffer.from(body);
      other[half] = (other[half] as number) ^ 1;
      return other;
    }
    case 'sends a piece twice':
      return Buffer.concat([body.subarray(0, half), body.subarray(half - 4_096, half), body.subarray(half)]);
    default:
      return body;
  }
}
