/** Says that it has known an answer, and does one thing wrong: `faulty-knower.ts FAULT`. The bench has to notice each. */

import { createServer } from 'node:http';
import { announce, upstreamOrigin } from '../src/subjects/announce.ts';
import { expectedBodies } from '../src/traffic.ts';

const [, , fault] = process.argv;
const key = process.env.BENCH_PROVIDER_KEY as string;
let known: Buffer | null = null;

const server = createServer(async (req, res) => {
  const sent = new Uint8Array(Buffer.concat(await req.toArray()));
  const isKnown = known !== null;
  if (!isKnown || fault === 'asks again') {
    const headers = { 'x-goog-api-key': key };
    const answer = await fetch(upstreamOrigin() + req.url, { method: 'POST', headers, body: sent });
    known = Buffer.from(await answer.arrayBuffer());
  }
  if (fault === 'has another answer' && isKnown)
    known = Buffer.from((expectedBodies.unary as Buffer).toString('base64'));
  res.setHeader('x-sluice-cache', isKnown && fault !== 'does not say so' ? 'hit' : 'miss');
  res.end(known);
});
announce(server);
