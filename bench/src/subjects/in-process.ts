/** A gateway and its clients in one process: they call `gateway.fetch` and leave by an `AbortSignal`. */

import type { Gateway } from '@sluice/core';
import { pathOf } from '../leaving.ts';
import { type LeaversOrder, type LeaversStanding, type LeavingClients, OpeningJudge } from '../load/leavers.ts';
import { nowUs } from '../pacer.ts';
import { answerQuestions } from '../side-channel.ts';
import { callerKey, requestBody } from '../traffic.ts';
import { loadBuilt } from './built.ts';
import { gatewayOptions } from './options.ts';
import { watchIfAsked } from './watched.ts';

type Core = typeof import('@sluice/core');

class FetchLeavers implements LeavingClients {
  readonly #gateway: Gateway;
  readonly #leaves = new Map<number, AbortController>();
  readonly #problems: string[] = [];
  #served = 0;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  open({ phase, numbers }: LeaversOrder): void {
    this.#served = 0;
    for (const number of numbers) {
      const leave = new AbortController();
      this.#leaves.set(number, leave);
      this.#ask({ phase, numbers: [number], port: 0 }, leave.signal).catch((error: Error) => {
        if (!leave.signal.aborted) this.#problems.push(`${phase}: ${error.message}`);
      });
    }
  }

  standing(): LeaversStanding {
    return { served: this.#served, problems: this.#problems };
  }

  leave(number: number): number {
    const leftUs = nowUs();
    this.#leaves.get(number)?.abort();
    this.#leaves.delete(number);
    return leftUs;
  }

  async #ask({ phase, numbers: [number = 0] }: LeaversOrder, signal: AbortSignal): Promise<void> {
    const response = await this.#gateway.fetch(`http://gateway.test${pathOf({ phase, number })}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': callerKey },
      body: new Uint8Array(requestBody),
      signal,
    });
    if (response.status !== 200) throw new Error(`the answer is ${response.status}`);
    if (phase === 'backpressure') return;
    if (phase !== 'mid-stream') throw new Error('an answer has begun that should have been held back');
    const judge = new OpeningJudge(() => this.#served++);
    for await (const chunk of response.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
      const problem = judge.read(Buffer.from(chunk));
      if (problem !== null) throw new Error(problem);
    }
    throw new Error('the stream has ended');
  }
}

const { createGateway } = await loadBuilt<Core>('index.js');
const gateway = createGateway(gatewayOptions());
const clients = new FetchLeavers(gateway);
watchIfAsked(gateway);
answerQuestions({
  'leavers-open': (order: LeaversOrder) => clients.open(order),
  'leavers-standing': () => clients.standing(),
  'leavers-leave': ({ number }: { number: number }) => clients.leave(number),
});
// There is no port; the bench wants to hear of one before it goes on.
process.stderr.write('nobody listens on 127.0.0.1:0\n');
