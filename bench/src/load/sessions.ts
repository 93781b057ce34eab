/** Clients of the Live API: they open sessions and talk over them. */

import { connect, type Socket } from 'node:net';
import { type FrameReader, frameOf, opcodes } from '../frames.ts';
import { expectedAccept, handshakeBytes, setupComplete, setupOf } from '../talk.ts';
import { readerFor, Talkers } from '../talkers.ts';

/** Sessions from one number to the one before another. */
export interface SessionsOrder {
  readonly port: number;
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** More at once would measure the queue of the listening socket. */
const openAtOnce = 20;

/** All sessions of the generator. */
export class Sessions {
  readonly talkers: Talkers = new Talkers('client');
  readonly #sockets: Socket[] = [];
  #isClosing = false;

  /** Resolves when each has been told that its setup is complete. @throws Error when one is not */
  async open({ port, key, from, to }: SessionsOrder): Promise<void> {
    let next = from;
    const some = async (): Promise<void> => {
      while (next < to) await this.#openOne(port, key, next++);
    };
    await Promise.all(Array.from({ length: openAtOnce }, some));
  }

  close(): void {
    this.#isClosing = true;
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }

  #openOne(port: number, key: string, session: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      this.#sockets.push(socket);
      let head: Buffer = Buffer.alloc(0);
      let reader: FrameReader | null = null;
      const fail = (problem: string): void => {
        socket.destroy();
        reject(new Error(`session ${session}: ${problem}`));
        if (!this.#isClosing) this.talkers.complain(problem);
      };
      /** @returns what came behind the answer; null as long as it is not whole */
      const readAnswer = (bytes: Buffer): Buffer | null => {
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf('\r\n\r\n', 0, 'latin1');
        if (end < 0) return null;
        const answer = head.toString('latin1', 0, end);
        const accept = /\r\nsec-websocket-accept: *(\S+)/i.exec(answer)?.[1];
        if (!answer.startsWith('HTTP/1.1 101 ') || accept !== expectedAccept)
          throw new Error(`the answer is "${answer.slice(0, answer.indexOf('\r\n'))}"`);
        socket.write(frameOf(opcodes.text, setupOf(session), true));
        return head.subarray(end + 4);
      };
      let begun: ReturnType<Talkers['add']> | null = null;
      const onFrame = (opcode: number, payload: Buffer): void => {
        if (begun !== null) return begun.onFrame(opcode, payload);
        if (opcode !== opcodes.binary || !payload.equals(setupComplete))
          throw new Error(`the setup is answered with "${payload.toString('latin1', 0, 200)}"`);
        begun = this.talkers.add(socket, session);
        resolve();
      };
      socket.on('data', (bytes) => {
        try {
          let rest: Buffer | null = bytes;
          if (reader === null) {
            rest = readAnswer(bytes);
            if (rest !== null) reader = readerFor('client', { onFrame });
          }
          if (rest !== null) reader?.read(rest);
        } catch (error) {
          fail((error as Error).message);
        }
      });
      socket.on('error', (error) => fail(error.message));
      socket.on('close', () => {
        this.talkers.remove(session, this.#isClosing);
        reject(new Error(`session ${session}: the connection was closed`));
      });
      socket.write(handshakeBytes(port, key));
    });
  }
}
