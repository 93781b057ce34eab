/** The provider's part in clients that leave: it brings each call to its phase, and notes when the call was abandoned. */

import type { Socket } from 'node:net';
import type { Phase, Sample } from './leaving.ts';
import { nowUs } from './pacer.ts';
import { answerHead, chunked, event, streamEvents } from './traffic.ts';

/** What became of one call. */
export interface Farewell {
  readonly number: number;
  /** It has come as far as its phase goes, as the provider sees it. */
  readonly isReady: boolean;
  /** When its connection was gone; null as long as it is not. */
  readonly closedUs: number | null;
}

interface CallMade {
  readonly number: number;
  readonly phase: Phase;
  /** The last time at which a flood got rid of something. */
  movedUs: number;
  closedUs: number | null;
}

/** A flood that moves nothing for this long is held by somebody, and what was not shown in it is held back. */
const heldUs = 50_000;
const takesItsTime: ReadonlySet<Phase> = new Set(['backpressure', 'latch']);
/** Long enough for every sample to leave before the gateway asks again, and no longer than a client is kept waiting. */
const retryDelay = '28s';

const overloaded = JSON.stringify({
  error: {
    code: 503,
    message: 'The model is overloaded. Please try again later.',
    status: 'UNAVAILABLE',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }],
  },
});
/** An event that says nothing yet: a gateway has no reason to show it. */
const meaningless = chunked(
  Buffer.from('data: {"usageMetadata":{"promptTokenCount":16,"totalTokenCount":16}}\r\n\r\n'),
);
/** What clients in mid-stream have read. */
export const opening: Buffer = event('air scatters', false);
const floodBlock = chunked(Buffer.concat(streamEvents.slice(0, -1)));

/** All calls since it was last told to forget. */
export class Farewells {
  #calls: CallMade[] = [];

  /** Whoever connects and is not answered: a handshake has no path, so samples are counted. */
  greet(socket: Socket): void {
    const call = this.#note({ phase: 'connecting', number: this.#calls.length }, socket);
    socket.once('data', () => {
      call.movedUs = nowUs();
    });
  }

  /** A request has come whole. */
  answer(sample: Sample, socket: Socket): void {
    const call = this.#note(sample, socket);
    switch (sample.phase) {
      case 'queued':
      case 'connecting':
      case 'headers':
        return;
      case 'backing off':
        socket.write(
          `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: ${overloaded.length}\r\n\r\n${overloaded}`,
        );
        return;
      case 'latch':
        socket.write(Buffer.concat([Buffer.from(answerHead('paced')), meaningless]));
        return;
      case 'mid-stream':
        socket.write(Buffer.concat([Buffer.from(answerHead('paced')), chunked(opening)]));
        return;
      case 'backpressure': {
        socket.write(answerHead('flood'), 'latin1');
        const pour = (): void => {
          call.movedUs = nowUs();
          while (!socket.destroyed && socket.write(floodBlock));
        };
        socket.on('drain', pour);
        return pour();
      }
    }
  }

  report(): Farewell[] {
    return this.#calls.map(({ number, phase, movedUs, closedUs }) => ({
      number,
      isReady: !takesItsTime.has(phase) || nowUs() - movedUs > heldUs,
      closedUs,
    }));
  }

  forget(): void {
    this.#calls = [];
  }

  #note({ phase, number }: Sample, socket: Socket): CallMade {
    const call: CallMade = { number, phase, movedUs: nowUs(), closedUs: null };
    this.#calls.push(call);
    // That call is over, and its connection goes on to others.
    if (phase === 'backing off') return call;
    const close = (): void => {
      call.closedUs ??= nowUs();
    };
    // Whichever comes first: a socket that still has something to write closes later than its other end.
    socket.once('end', close).once('error', close).once('close', close);
    return call;
  }
}
