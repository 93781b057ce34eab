/** A fixed number of clients that live in the process of what they call, each of which calls again when it has its answer. */

import type { ClosedLoopResult, RunLength } from './load/closed-loop.ts';
import { expectedBodies, type Kind } from './traffic.ts';

/** Makes one call and reads its answer to the end. */
export type Calls = (kind: Kind) => Promise<{ readonly status: number; readonly bytes: Uint8Array }>;

/** How many call at once: as many as there are clients of a closed loop over a port. */
const clients = 16;

/** Calls, and compares each answer with what has to come back. */
export class CallLoop {
  readonly #call: Calls;

  constructor(call: Calls) {
    this.#call = call;
  }

  /** Ends when the last answer is in. The first that is wrong is the last that is asked for. */
  async run(kind: Kind, { requests, ms }: RunLength): Promise<ClosedLoopResult> {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    const problems: string[] = [];
    let [sent, right] = [0, 0];
    const client = async (): Promise<void> => {
      while (sent < requests && performance.now() - startedAt < ms && problems.length === 0) {
        sent++;
        const problem = await this.#ask(kind);
        if (problem === null) right++;
        else problems.push(problem);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    const { user, system } = process.cpuUsage(before);
    return { requests: right, ms: performance.now() - startedAt, cpuUs: user + system, problems };
  }

  async #ask(kind: Kind): Promise<string | null> {
    try {
      const { status, bytes } = await this.#call(kind);
      if (status !== 200) return `the answer is ${status}: ${Buffer.from(bytes).toString().slice(0, 200)}`;
      const expected = expectedBodies[kind] as Buffer;
      return expected.equals(bytes) ? null : `the body of ${bytes.length} bytes is not the one that was sent`;
    } catch (error) {
      return (error as Error).message;
    }
  }
}
