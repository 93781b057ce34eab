/** A fixed number of clients, each of which sends its next request when it has its answer. */

import type { Kind } from '../traffic.ts';
import { Connection } from './connection.ts';

/** What is asked for: so many requests, or so much time. */
export interface ClosedLoopOrder {
  readonly port: number;
  readonly kind: Kind;
  readonly key: string;
  readonly clients: number;
}

/** How long a run is: whichever comes first. */
export interface RunLength {
  readonly requests: number;
  readonly ms: number;
}

/** What came of a run. */
export interface ClosedLoopResult {
  readonly requests: number;
  readonly ms: number;
  /** The generator's own CPU time. */
  readonly cpuUs: number;
  readonly problems: readonly string[];
}

/** Connections that stand and have been used once, so that a run measures requests and no handshakes. */
export class ClosedLoop {
  readonly #connections: Connection[] = [];
  readonly #problems: string[] = [];
  #running = 0;
  #right = 0;
  #onRight: (connection: Connection) => void = () => {};
  #onIdle: () => void = () => {};

  /** Opens the connections and sends one request over each. */
  async open({ port, kind, key, clients }: ClosedLoopOrder): Promise<ClosedLoopResult> {
    for (let index = 0; index < clients; index++) {
      const connection: Connection = new Connection(port, kind, key, {
        onRight: () => {
          this.#running--;
          this.#right++;
          this.#onRight(connection);
          if (this.#running === 0) this.#onIdle();
        },
        onWrong: (problem) => {
          this.#running--;
          this.#problems.push(problem);
          if (this.#running <= 0) this.#onIdle();
        },
      });
      this.#connections.push(connection);
    }
    return this.run({ requests: clients, ms: 60_000 });
  }

  /** Ends when the last answer is in; no request is left half way. */
  async run({ requests, ms }: RunLength): Promise<ClosedLoopResult> {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    this.#right = 0;
    let sent = 0;
    const send = (connection: Connection): void => {
      if (sent >= requests || performance.now() - startedAt >= ms || this.#problems.length > 0) return;
      sent++;
      this.#running++;
      connection.send();
    };
    this.#onRight = send;
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    for (const connection of this.#connections) send(connection);
    if (this.#running > 0) await idle;
    const { user, system } = process.cpuUsage(before);
    const problems = this.#problems.splice(0);
    return { requests: this.#right, ms: performance.now() - startedAt, cpuUs: user + system, problems };
  }

  close(): void {
    for (const connection of this.#connections.splice(0)) connection.close();
  }
}
