/**
 * Clients and what they call in one process: `calls.ts undici|fetch|gateway|gateway-fetch`. Who calls the provider itself signs
 * with its key; who calls a gateway signs as a caller.
 */

import { request } from 'undici';
import { CallLoop, type Calls } from '../call-loop.ts';
import type { RunLength } from '../load/closed-loop.ts';
import { answerQuestions } from '../side-channel.ts';
import { callerKey, type Kind, requestBody, requestFields, requestUrl } from '../traffic.ts';
import { agent, key, origin } from './bare.ts';
import { loadBuilt } from './built.ts';
import { gatewayOptions } from './options.ts';

type Core = typeof import('@sluice/core');
type CoreWeb = typeof import('@sluice/core/web');

const body = new Uint8Array(requestBody);

async function callsBy(way: string): Promise<Calls> {
  switch (way) {
    case 'undici':
      return async (kind) => {
        const url = requestUrl(origin, kind);
        const options = { method: 'POST', headers: requestFields(key), body, dispatcher: agent } as const;
        const { statusCode, body: answer } = await request(url, options);
        return { status: statusCode, bytes: await answer.bytes() };
      };
    case 'fetch':
      return (kind) => fetched(fetch, origin, kind, key);
    default: {
      const { createGateway } = await loadBuilt<Core>('index.js');
      const { fetchUpstream } = await loadBuilt<CoreWeb>('web.js');
      const upstream = way === 'gateway-fetch' ? fetchUpstream() : undefined;
      const gateway = createGateway({ ...gatewayOptions(), upstream });
      return (kind) => fetched(gateway.fetch, 'http://gateway.test', kind, callerKey);
    }
  }
}

async function fetched(
  call: (url: string, init: RequestInit) => Promise<Response>,
  base: string,
  kind: Kind,
  signedWith: string,
): Promise<{ status: number; bytes: Uint8Array }> {
  const response = await call(requestUrl(base, kind), { method: 'POST', headers: requestFields(signedWith), body });
  return { status: response.status, bytes: await response.bytes() };
}

const loop = new CallLoop(await callsBy(process.argv[2] as string));
answerQuestions({ 'calls-run': ({ kind, length }: { kind: Kind; length: RunLength }) => loop.run(kind, length) });
// There is no port; the bench wants to hear of one before it goes on.
process.stderr.write('nobody listens on 127.0.0.1:0\n');
