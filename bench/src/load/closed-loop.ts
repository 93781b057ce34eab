/** A fixed number of clients, each of which sends its next request when it has its answer. */

import type { Kind } from '../traffic.ts';
import { Connection } from './connection.ts';

/** What is asked for: so many requests, or so much time. */
export interface ClosedLoopOrder {
  readonly port: number;
  readonly kind: Kind;
  readonly key: string;
  readonly clients: number;
  /** A header field that each answer has to have, as it is written: `name: value`. */
  readonly saying?: string | undefined;
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
  async open(order: ClosedLoopOrder): Promise<ClosedLoopResult> {
    for (let index = 0; index < order.clients; index++) this.#add(order);
    return this.run({ requests: order.clients, ms: 60_000 });
  }

  #add(order: ClosedLoopOrder): Connection {
    const { port, kind, key, saying } = order;
    const lose = (problem: string): void => {
      this.#running--;
      this.#problems.push(problem);
      if (this.#running <= 0) this.#onIdle();
    };
    const connection: Connection = new Connection(
      port,
      { kind, key, saying },
      {
        onRight: (isReusable) => {
          this.#running--;
          this.#right++;
          this.#onRight(isReusable ? connection : this.#replace(connection, order));
          if (this.#running === 0) this.#onIdle();
        },
        onWrong: lose,
        onShed: () => lose('the gateway is overloaded and has turned a request away; is the machine busy?'),
      },
    );
    this.#connections.push(connection);
    return connection;
  }

  /** A gateway that is a little late asks its clients to come again on other connections. */
  #replace(connection: Connection, order: ClosedLoopOrder): Connection {
    this.#connections.splice(this.#connections.indexOf(connection), 1);
    return this.#add(order);
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
