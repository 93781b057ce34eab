/** The contract of adapters: whatever framework stands around a gateway, its clients cannot tell. */

import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { answersAlike } from './answers.ts';
import { refusesAlike } from './bad-input.ts';
import { livesWithNeighbours } from './neighbours.ts';
import { takesRawInputs } from './raw-inputs.ts';
import type { AdapterSubject, TakeDown } from './stage.ts';
import { flowsAlike } from './streams.ts';

/** What the suite is to describe. */
export interface DescribeAdapterOptions {
  /**
   * Also the raw inputs: some ninety kinds of requests that no proper client sends, over raw sockets, against a server that
   * was hardened by `hardenServer`. They take some seconds. @default false
   */
  rawInputs?: boolean | undefined;
}

/**
 * Describes everything that an adapter must keep, over real sockets, against the bare `nodeListener`.
 *
 * After each test nothing may be left: no lease, no request inside, no timer of the gateway's, no connection on either
 * side, and no rejected promise that nobody has taken.
 *
 * @example
 * import { createServer } from 'node:http';
 * import { hardenServer, nodeListener } from '@sluice/core/node';
 *
 * describeAdapter({
 *   name: 'node:http',
 *   mount: async (mounts, door) => {
 *     const listeners = mounts.map(({ path, gateway }) => nodeListener(gateway, { mountPath: path }));
 *     const server = createServer(listeners[0]).listen(8787, '127.0.0.1');
 *     if (door !== undefined) hardenServer(server, door);
 *     const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
 *     return { origin: 'http://127.0.0.1:8787', close };
 *   },
 * });
 */
export function describeAdapter(subject: AdapterSubject, { rawInputs = false }: DescribeAdapterOptions = {}): void {
  describe(`the contract of adapters: ${subject.name}`, () => {
    const takeDown: TakeDown = [];
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    beforeAll(() => void process.on('unhandledRejection', note));
    afterAll(() => void process.off('unhandledRejection', note));
    afterEach(async () => {
      for (const one of takeDown.splice(0).reverse()) await one();
      expect(unhandled.splice(0)).toEqual([]);
    });

    const suite = { subject, takeDown };
    answersAlike(suite);
    refusesAlike(suite);
    flowsAlike(suite);
    livesWithNeighbours(suite);
    if (rawInputs) takesRawInputs(suite);
  });
}
