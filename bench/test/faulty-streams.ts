/** A gateway for streams that does one thing wrong: `faulty-streams.ts FAULT`. The bench has to notice each. */

import { createServer, request, type ServerResponse } from 'node:http';
import { announce, upstreamOrigin } from '../src/subjects/announce.ts';

const [, , fault] = process.argv;
const key = process.env.BENCH_PROVIDER_KEY as string;
/** Streams that finish by themselves do so before this, in ms. */
const drainMs = 1_500;
const lastWords = '{\n  "error": {\n    "code": 503,\n    "status": "UNAVAILABLE"\n  }\n}\n';

const open = new Set<ServerResponse>();

const server = createServer((req, res) => {
  open.add(res);
  const pieces: Buffer[] = [];
  req.on('data', (piece: Buffer) => pieces.push(piece));
  req.on('end', () => {
    const body = Buffer.concat(pieces);
    const headers = { 'x-goog-api-key': key, 'content-length': body.length };
    const call = request(upstreamOrigin() + req.url, { method: 'POST', headers }, (answer) => {
      res.writeHead(answer.statusCode as number, lengthOf(answer.headers['content-length']));
      let isFirst = true;
      answer.on('data', (piece: Buffer) => {
        const isHeld = isFirst && piece.includes('data: {"usageMetadata"') && fault !== 'shows what says nothing';
        isFirst = false;
        if (!isHeld) res.write(piece);
      });
      answer.on('end', () => res.end());
      answer.on('error', () => res.destroy());
      if (fault === 'shows what says nothing') res.flushHeaders();
    });
    call.on('error', () => res.destroy());
    res.on('close', () => {
      open.delete(res);
      if (fault !== 'keeps the call open') call.destroy();
    });
    call.end(body);
  });
});
announce(server);

process.on('SIGTERM', () => {
  switch (fault) {
    case 'leaves at once':
      return process.exit(0);
    case 'ends as if all was said':
      for (const res of open) res.end();
      return void setTimeout(() => process.exit(0), 200);
    default:
      return void setTimeout(endAll, drainMs);
  }
});

function endAll(): void {
  for (const res of open) res.write(lastWords, () => res.destroy());
  setTimeout(() => process.exit(fault === 'leaves with 1' ? 1 : 0), 200);
}

function lengthOf(length: string | undefined): Record<string, string> {
  return length === undefined ? {} : { 'content-length': length };
}
