/** What travels over sessions of the Live API: the handshake, the setup, and frames of 4 KiB each way. */

import { createHash } from 'node:crypto';
import { frameOf, maskPart, opcodes } from './frames.ts';

/** Where sessions are opened. */
export const talkPath = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';

/** Who sends a frame. Clients write text, as Google's SDK does, and Google itself binary frames. */
export type Speaker = 'client' | 'provider';

/** What a frame says of itself. */
export interface Said {
  readonly session: number;
  readonly number: number;
  /** When it was written, by the clock that all processes share. */
  readonly writtenUs: number;
}

/** The payload of each frame. */
export const talkFrameBytes = 4_096;

const sessionDigits = 6;
const numberDigits = 8;
const momentDigits = 15;
const digits = sessionDigits + numberDigits + momentDigits;

const client = formOf(
  'client',
  opcodes.text,
  '{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":"',
  '"}}}',
);
const provider = formOf(
  'provider',
  opcodes.binary,
  '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"',
  '"}}]}}}',
);

/** What the frames of one side look like. */
export interface Form {
  readonly speaker: Speaker;
  readonly opcode: number;
  readonly isMasked: boolean;
  /** The payload, with zeros where numbers stand. */
  readonly payload: Buffer;
  /** Where they begin in it. */
  readonly digitsAt: number;
  /** The whole frame as it goes over the wire, the numbers alone not masked. */
  readonly wire: Buffer;
}

/** The frames that a side sends. */
export function formFrom(speaker: Speaker): Form {
  return speaker === 'client' ? client : provider;
}

/** Sound is as good as random bytes in Base64. */
function formOf(speaker: Speaker, opcode: number, head: string, tail: string): Form {
  const blank = '0'.repeat(digits);
  const soundBytes = talkFrameBytes - head.length - digits - tail.length;
  const payload = Buffer.from(head + blank + soundOf(soundBytes) + tail);
  const isMasked = speaker === 'client';
  const wire = frameOf(opcode, payload, isMasked);
  const payloadAt = wire.length - payload.length;
  const digitsAt = head.length;
  if (isMasked) maskPart(wire, payloadAt, payloadAt + digitsAt, payloadAt + digitsAt + digits);
  return { speaker, opcode, isMasked, payload, digitsAt, wire };
}

function soundOf(length: number): string {
  const bytes = Buffer.concat(
    Array.from({ length: Math.ceil(length / 32) }, (_, at) => createHash('sha256').update(String(at)).digest()),
  );
  return bytes.toString('base64').slice(0, length);
}

/** A frame for the wire. */
export function talkFrame({ wire, payload, digitsAt, isMasked }: Form, { session, number, writtenUs }: Said): Buffer {
  const bytes = Buffer.from(wire);
  const payloadAt = wire.length - payload.length;
  const at = payloadAt + digitsAt;
  const text =
    String(session).padStart(sessionDigits, '0') +
    String(number).padStart(numberDigits, '0') +
    String(writtenUs).padStart(momentDigits, '0');
  bytes.write(text, at, 'latin1');
  if (isMasked) maskPart(bytes, payloadAt, at, at + digits);
  return bytes;
}

/** What a frame says. Null when any of its bytes is not as the other side has written it. */
export function readTalkFrame({ payload, digitsAt }: Form, said: Buffer): Said | null {
  const digitsEnd = digitsAt + digits;
  const isWhole =
    said.length === payload.length &&
    said.compare(payload, 0, digitsAt, 0, digitsAt) === 0 &&
    said.compare(payload, digitsEnd, payload.length, digitsEnd) === 0;
  if (!isWhole) return null;
  const numberAt = digitsAt + sessionDigits;
  const momentAt = numberAt + numberDigits;
  return {
    session: Number(said.toString('latin1', digitsAt, numberAt)),
    number: Number(said.toString('latin1', numberAt, momentAt)),
    writtenUs: Number(said.toString('latin1', momentAt, digitsEnd)),
  };
}

/** The first frame of a session. Its number goes up with it, so that both ends know which session is which. */
export function setupOf(session: number): Buffer {
  const text = `You are number ${String(session).padStart(sessionDigits, '0')}.`;
  const setup = { model: 'models/bench-live', systemInstruction: { parts: [{ text }] } };
  return Buffer.from(JSON.stringify({ setup }));
}

/** The session that a setup is for. Null when it is not byte for byte what {@link setupOf} makes. */
export function sessionOf(setup: Buffer): number | null {
  const session = Number(/You are number (\d{6})\./.exec(setup.toString())?.[1] ?? Number.NaN);
  return Number.isNaN(session) || !setup.equals(setupOf(session)) ? null : session;
}

/** What the provider says when a setup was right. */
export const setupComplete: Buffer = Buffer.from('{"setupComplete":{}}');

const keyOfHandshake = 'c2x1aWNlLWJlbmNoLWtleQ==';

/** The request that opens a session. */
export function handshakeBytes(port: number, key: string): Buffer {
  const lines = [
    `GET ${talkPath} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'upgrade: websocket',
    'connection: Upgrade',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${keyOfHandshake}`,
    'user-agent: google-genai-sdk/3.1.0 gl-node/v24',
    'x-goog-api-client: google-genai-sdk/3.1.0 gl-node/v24',
    `x-goog-api-key: ${key}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** What a server has to answer to a handshake with this key. */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** What the answer to {@link handshakeBytes} must have in it. */
export const expectedAccept: string = acceptOf(keyOfHandshake);
