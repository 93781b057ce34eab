/** The first moments of a connection: verbs wait for it once, and never again. */

import type { Redis } from 'ioredis';
import { isCluster } from './connection.ts';
import type { RedisClient } from './script.ts';

export class Opening {
  readonly #client: RedisClient;
  readonly #tried: Promise<void>;
  #isUnderWay: boolean;
  #whyClosed: string | null = null;

  /** @param isOwnClient - a client of somebody else's keeps to its own ways of waiting */
  constructor(client: RedisClient, isOwnClient: boolean) {
    this.#client = client;
    this.#isUnderWay = isOwnClient && client.status !== 'ready';
    if (!this.#isUnderWay) {
      this.#tried = Promise.resolve();
      return;
    }
    this.#tried = new Promise((resolve) => {
      const isTried = (): void => {
        this.#isUnderWay = false;
        resolve();
      };
      client.on('ready', async () => {
        this.#whyClosed = null;
        if (isCluster(client)) await Promise.all(client.nodes('master').map(isSettled));
        isTried();
      });
      client.on('error', (error: Error) => {
        // Only the message: in the error itself stands the command, and in `HELLO` the password.
        this.#whyClosed = `not connected (${error.message})`;
        isTried();
      });
      client.on('close', () => {
        this.#whyClosed ??= 'not connected (the connection was closed)';
        isTried();
      });
    });
  }

  /** The connection was neither made nor refused yet. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Why there is no connection, for people; null while there is one, or where nobody can tell. */
  get whyClosed(): string | null {
    return this.#client.status === 'ready' ? null : this.#whyClosed;
  }

  /** Settles once it is known whether the server can be reached. */
  whenTried(): Promise<void> {
    return this.#tried;
  }
}

function isSettled(node: Redis): Promise<void> {
  if (node.status === 'ready' || node.status === 'end') return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ['ready', 'end', 'close']) node.once(event, () => resolve());
  });
}
