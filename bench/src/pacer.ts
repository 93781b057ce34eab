/** Streams at human speed: an event per stream and interval, evenly spread, each with the moment of its writing inside. */

import type { Socket } from 'node:net';
import { chunked, event } from './traffic.ts';

/** Where number and moment stand in an event. */
const numberDigits = 8;
const momentDigits = 15;
const blank = `${'N'.repeat(numberDigits)} ${'M'.repeat(momentDigits)}`;
const template = event(blank, false);
const numberAt = template.indexOf('N'.repeat(numberDigits));
const momentAt = numberAt + numberDigits + 1;
const wireTemplate = chunked(template);
const wireNumberAt = wireTemplate.indexOf('N'.repeat(numberDigits));
const tickMs = 4;

/** What a paced stream ends with when it ends well. */
export const finalEvent: Buffer = event('that is all', true);
const finalBytes = Buffer.concat([chunked(finalEvent), Buffer.from('0\r\n\r\n')]);

/** The length of each paced event in the body. */
export const pacedEventBytes: number = template.length;

/** Monotonic µs that all processes of this machine agree on. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1e3);
}

/** What a paced event says. Null for bytes that are no such event. */
export function readPaced(bytes: Buffer): { number: number; writtenUs: number } | null {
  const momentEnd = momentAt + momentDigits;
  const isWhole =
    bytes.compare(template, 0, numberAt, 0, numberAt) === 0 &&
    bytes.compare(template, momentEnd, template.length, momentEnd, template.length) === 0;
  if (!isWhole) return null;
  const number = Number(bytes.toString('latin1', numberAt, numberAt + numberDigits));
  return { number, writtenUs: Number(bytes.toString('latin1', momentAt, momentEnd)) };
}

interface Paced {
  readonly socket: Socket;
  /** When its next event is due, in µs. */
  dueUs: number;
  number: number;
}

/** Writes the events. Streams that begin together are spread over the interval. */
export class Pacer {
  readonly #streams = new Map<Socket, Paced>();
  #intervalUs = 1e6;
  #timer: NodeJS.Timeout | null = null;

  /** Streams that are being written. */
  get open(): number {
    return this.#streams.size;
  }

  /** For streams that begin from now on. */
  setInterval(intervalMs: number): void {
    this.#intervalUs = intervalMs * 1e3;
  }

  /** The first event goes out at once: it opens the answer. */
  add(socket: Socket): void {
    const spreadUs = ((this.#streams.size * 0.618) % 1) * this.#intervalUs;
    const stream = { socket, dueUs: nowUs() + this.#intervalUs / 2 + spreadUs, number: 0 };
    this.#streams.set(socket, stream);
    write(stream);
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
  }

  /** Ends so many of the streams, the eldest first, with a finish reason and in good order. */
  finish(streams: number): void {
    for (const { socket } of [...this.#streams.values()].slice(0, streams)) {
      socket.write(finalBytes);
      this.remove(socket);
    }
  }

  /** Harmless for a socket that has no stream. */
  remove(socket: Socket): void {
    this.#streams.delete(socket);
    if (this.#streams.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    const now = nowUs();
    for (const stream of this.#streams.values()) {
      if (stream.dueUs > now) continue;
      write(stream);
      // A tick that came late is not made up for: a burst would measure this process.
      stream.dueUs = Math.max(stream.dueUs + this.#intervalUs, now);
    }
  }
}

function write(stream: Paced): void {
  stream.socket.write(filled(wireTemplate, wireNumberAt, stream.number++, nowUs()));
}

/** A paced event as it stands in a body. */
export function pacedEvent(number: number, writtenUs: number): Buffer {
  return filled(template, numberAt, number, writtenUs);
}

function filled(blankEvent: Buffer, at: number, number: number, writtenUs: number): Buffer {
  const bytes = Buffer.from(blankEvent);
  bytes.write(String(number).padStart(numberDigits, '0'), at, 'latin1');
  bytes.write(String(writtenUs).padStart(momentDigits, '0'), at + numberDigits + 1, 'latin1');
  return bytes;
}
