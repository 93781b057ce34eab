/** F89: the provider is faster than its reader. The reader holds the provider, and nobody's memory fills up. */

import type { Socket } from 'node:net';
import { eventually } from '@sluice/testkit';
import { bodyOf, callerKey, model, targetOf } from '../clients/client.ts';
import type { RawAsked } from '../clients/raw.ts';
import type { ScenarioCase } from '../row.ts';
import type { Stage } from '../stage.ts';
import { askBytes, expectCleared, expectThat, onStage } from './scene.ts';

/** What the sockets in between may hold before nothing moves any more. */
const mostBytes = 32 * 1024 * 1024;

/** A reader that can stop and go on. */
interface Reader {
  readonly received: number;
  stop(): void;
  goOn(): void;
  leave(): void;
}

/** Held for minutes, and dropped in the end. */
export const slowReaders: readonly ScenarioCase[] = [
  {
    name: 'held, then read on',
    forms: ['stream'],
    more: { isHeavy: true },
    scenario: (driver) =>
      onStage(
        driver,
        { steps: ['endless-stream'] },
        { gateway: { timeouts: { slowReaderMs: 1_000_000 } } },
        async (stage) => {
          const reader = await readerOf(stage);
          await heldBack(stage, reader);
          const heldAt = sentBy(stage);
          expectThat(heldAt < mostBytes, `${heldAt} bytes were sent to somebody who does not read`);
          // Far beyond `idleMs`: a silence that the client itself makes is nobody's fault.
          await stage.clock.advance(300_000);
          expectThat(stage.gateway.snapshot().open === 1, 'a reader who took a break was dropped');
          reader.goOn();
          await eventually('the provider goes on', () => sentBy(stage) > heldAt, 5_000);
          reader.leave();
          await expectCleared(stage, { calls: 1 }, '');
          return 'held, nothing lost';
        },
      ),
  },
  {
    name: 'never read again',
    forms: ['stream'],
    more: { isHeavy: true },
    scenario: (driver) =>
      onStage(driver, { steps: ['endless-stream'] }, {}, async (stage) => {
        const reader = await readerOf(stage);
        await heldBack(stage, reader);
        await stage.clock.advance(61_000);
        await eventually('the reader is dropped', () => stage.gateway.snapshot().open === 0, 5_000);
        expectThat(
          stage.events.some((event) => event.includes('slow_reader')),
          'nobody was told of a slow reader',
        );
        reader.leave();
        await expectCleared(stage, { calls: 1 }, '');
        return 'dropped after 60 s';
      }),
  },
];

async function readerOf(stage: Stage): Promise<Reader> {
  if (stage.origin !== null) return socketReader(askBytes(stage, 'stream') as RawAsked);
  const left = new AbortController();
  const response = await stage.gateway.fetch(targetOf('stream'), {
    method: 'POST',
    body: bodyOf(`Tell me of ${model} for ever.`),
    headers: { 'content-type': 'application/json', 'x-goog-api-key': callerKey },
    signal: left.signal,
  });
  return bodyReader(response, left);
}

function socketReader(asked: RawAsked): Reader {
  const socket: Socket = asked.socket;
  return {
    get received() {
      return asked.received;
    },
    stop: () => void socket.pause(),
    goOn: () => void socket.resume(),
    leave: () => asked.leave(),
  };
}

function bodyReader(response: Response, left: AbortController): Reader {
  const reader = response.body?.getReader();
  let received = 0;
  let isStopped = false;
  const read = async (): Promise<void> => {
    while (!isStopped) {
      const piece = await reader?.read();
      if (piece?.done !== false) return;
      received += piece.value.length;
    }
  };
  // A reader that has left is told so by a rejection, and knows it already.
  const start = (): void => void read().catch(() => {});
  start();
  return {
    get received() {
      return received;
    },
    stop: () => {
      isStopped = true;
    },
    goOn: () => {
      isStopped = false;
      start();
    },
    leave: () => left.abort(),
  };
}

/** Stops reading once something has come, and waits until the provider stands still. */
async function heldBack(stage: Stage, reader: Reader): Promise<void> {
  await eventually('something has come', () => reader.received > 0, 5_000);
  reader.stop();
  let [before, looks] = [-1, 0];
  await eventually(
    'the provider is held',
    () => {
      looks = sentBy(stage) === before ? looks + 1 : 0;
      before = sentBy(stage);
      return looks > 20;
    },
    20_000,
  );
}

function sentBy({ journal }: Stage): number {
  return journal?.requests[0]?.bytesSent ?? 0;
}
