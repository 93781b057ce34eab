/** Calls in its own process, and does one thing wrong: `faulty-caller.ts FAULT`. The bench has to notice each. */

import { CallLoop } from '../src/call-loop.ts';
import type { RunLength } from '../src/load/closed-loop.ts';
import { answerQuestions } from '../src/side-channel.ts';
import { upstreamOrigin } from '../src/subjects/announce.ts';
import { callerKey, type Kind, requestBody, requestFields, requestUrl } from '../src/traffic.ts';

const [, , fault] = process.argv;
const key = process.env.BENCH_PROVIDER_KEY as string;

const loop = new CallLoop(async (kind) => {
  if (fault === 'breaks') throw new Error('the socket is gone');
  if (fault === 'calls twice') await call(kind);
  const response = await call(kind);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (fault === 'changes a byte') bytes[100] = 0;
  return { status: response.status, bytes: fault === 'drops the last byte' ? bytes.subarray(0, -1) : bytes };
});

function call(kind: Kind): Promise<Response> {
  const headers = requestFields(fault === 'signs as the caller' ? callerKey : key);
  return fetch(requestUrl(upstreamOrigin(), kind), { method: 'POST', headers, body: new Uint8Array(requestBody) });
}

answerQuestions({ 'calls-run': ({ kind, length }: { kind: Kind; length: RunLength }) => loop.run(kind, length) });
process.stderr.write('nobody listens on 127.0.0.1:0\n');
