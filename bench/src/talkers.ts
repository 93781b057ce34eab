/**
 * One side of many sessions: it sends frames at a rate that does not care what comes back, and checks each frame that
 * comes. Clients and provider are the same in this, so both are made of it.
 */

import type { Socket } from 'node:net';
import { type FrameListener, FrameReader, frameOf, opcodes } from './frames.ts';
import { nowUs } from './pacer.ts';
import { quantile } from './statistics.ts';
import { type Form, formFrom, readTalkFrame, type Speaker, talkFrame } from './talk.ts';

/** So much talk, by the sessions from the first number to the one before the last. */
export interface TalkOrder {
  readonly from: number;
  readonly to: number;
  /** Frames of each session in a second. */
  readonly perSecond: number;
  readonly ms: number;
}

/** What one side has said and heard since it was last asked. */
export interface Heard {
  /** Frames. */
  readonly sent: number;
  /** From the moment the other side wrote a frame until it was here, in µs. */
  readonly delaysUs: Float64Array;
  /** How much later than due frames were sent, in µs, of a hundred the latest but one. */
  readonly latenessUs: number;
  /** CPU time of the process. */
  readonly cpuUs: number;
  readonly problems: readonly string[];
}

/** Short, so that frames do not go out in flocks. */
const tickMs = 1;
const mostProblems = 20;

/** A side of one session. */
export interface Talker {
  readonly socket: Socket;
  readonly session: number;
  sent: number;
  next: number;
}

/** All sessions of a process, on one of their sides. */
export class Talkers {
  readonly #own: Form;
  readonly #others: Form;
  readonly #talkers = new Map<number, Talker>();
  readonly #late: number[] = [];
  #delays: number[] = [];
  #problems: string[] = [];
  #sent = 0;
  #cpu = process.cpuUsage();

  constructor(speaker: Speaker) {
    this.#own = formFrom(speaker);
    this.#others = formFrom(speaker === 'client' ? 'provider' : 'client');
  }

  /** Sessions that are open. */
  get open(): number {
    return this.#talkers.size;
  }

  /** A session that has begun. @returns who hears of its frames from now on */
  add(socket: Socket, session: number): FrameListener {
    const talker: Talker = { socket, session, sent: 0, next: 0 };
    if (this.#talkers.has(session)) this.complain(`session ${session} was opened twice`);
    this.#talkers.set(session, talker);
    return { onFrame: (opcode, payload) => this.#hear(talker, opcode, payload) };
  }

  /** A connection is gone. @param isExpected - nobody is surprised */
  remove(session: number, isExpected: boolean): void {
    if (this.#talkers.delete(session) && !isExpected) this.complain(`session ${session} has ended`);
  }

  complain(problem: string): void {
    if (this.#problems.length < mostProblems) this.#problems.push(problem);
  }

  /** Sends, and resolves when the last frame has been sent. */
  async talk({ from, to, perSecond, ms }: TalkOrder): Promise<void> {
    const sessions = to - from;
    const gapUs = 1e6 / (sessions * perSecond);
    const frames = Math.floor((ms * 1e3) / gapUs);
    const startUs = nowUs();
    for (let next = 0; next < frames && this.#problems.length === 0; ) {
      const now = nowUs();
      for (; next < frames && startUs + next * gapUs <= now; next++) {
        this.#late.push(now - (startUs + next * gapUs));
        this.#say(from + (next % sessions));
      }
      await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
  }

  /** How many frames were heard since {@link report}. */
  heard(): { readonly frames: number; readonly problems: readonly string[] } {
    return { frames: this.#delays.length, problems: this.#problems };
  }

  /** Everything since the last report. */
  report(): Heard {
    const { user, system } = process.cpuUsage(this.#cpu);
    const late = this.#late.splice(0);
    const heard = {
      sent: this.#sent,
      delaysUs: Float64Array.from(this.#delays),
      latenessUs: late.length === 0 ? 0 : quantile(late, 0.99),
      cpuUs: user + system,
      problems: this.#problems,
    };
    this.#sent = 0;
    this.#delays = [];
    this.#problems = [];
    this.#cpu = process.cpuUsage();
    return heard;
  }

  #say(session: number): void {
    const talker = this.#talkers.get(session);
    if (talker === undefined) return this.complain(`session ${session} is not there`);
    this.#sent++;
    const { socket } = talker;
    socket.write(talkFrame(this.#own, { session, number: talker.sent++, writtenUs: nowUs() }));
  }

  #hear(talker: Talker, opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) {
      talker.socket.write(frameOf(opcodes.pong, payload, this.#own.isMasked));
      return;
    }
    if (opcode === opcodes.pong) return;
    const problem = this.#problemWith(talker, opcode, payload);
    if (problem !== null) this.complain(problem);
  }

  #problemWith(talker: Talker, opcode: number, payload: Buffer): string | null {
    if (opcode === opcodes.close) {
      return `a session was closed: ${payload.length < 2 ? 'no code' : payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`;
    }
    if (opcode !== this.#others.opcode) return `a frame has opcode ${opcode}, and was sent with ${this.#others.opcode}`;
    const said = readTalkFrame(this.#others, payload);
    if (said === null) return `a frame of ${payload.length} bytes is not as it was written`;
    if (said.session !== talker.session) return `a frame of session ${said.session} came to ${talker.session}`;
    if (said.number !== talker.next) return `frame ${said.number} came in the place of ${talker.next}`;
    talker.next++;
    this.#delays.push(nowUs() - said.writtenUs);
    return null;
  }
}

/** A reader for the frames of a side's other side. */
export function readerFor(speaker: Speaker, listener: FrameListener): FrameReader {
  return new FrameReader(formFrom(speaker === 'client' ? 'provider' : 'client').isMasked, listener);
}
