/** What the provider says: whole answers, in the pieces in which they come. */

import { gzipSync } from 'node:zlib';
import type { HeaderBag } from '../../src/wire.ts';
import type { Reply } from './scripted-upstream.ts';

const encoder = new TextEncoder();
const json: HeaderBag = { 'content-type': 'application/json; charset=UTF-8' };
const sse: HeaderBag = { 'content-type': 'text/event-stream' };

function part(text: string, isLast: boolean): object {
  const usage = { promptTokenCount: 5, candidatesTokenCount: 7, totalTokenCount: 12 };
  const candidate = { content: { role: 'model', parts: [{ text }] }, ...(isLast ? { finishReason: 'STOP' } : {}) };
  return { candidates: [candidate], ...(isLast ? { usageMetadata: usage } : {}) };
}

function replyOf(status: number, headers: HeaderBag, pieces: readonly string[], gapMs = 0): Reply {
  return { status, headers, chunks: pieces.map((piece) => encoder.encode(piece)), gapMs, isFramed: false };
}

const parts = (words: readonly string[]): object[] => words.map((word, at) => part(word, at === words.length - 1));

export const words: readonly string[] = ['One', ' and two', ' and three.'];
export const manyWords: readonly string[] = Array.from({ length: 8 }, (_, at) => `word ${at} `.repeat(20));

/** One JSON document, in two pieces. */
export function unaryAnswer(gapMs = 0): Reply {
  const text = JSON.stringify(part(words.join(''), true));
  return replyOf(200, json, [text.slice(0, 40), text.slice(40)], gapMs);
}

export function sseAnswer(said: readonly string[] = words, gapMs = 0): Reply {
  return replyOf(
    200,
    sse,
    parts(said).map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`),
    gapMs,
  );
}

export function arrayAnswer(): Reply {
  const elements = parts(words).map((one, at) => `${at === 0 ? '[' : ',\r\n'}${JSON.stringify(one)}`);
  return replyOf(200, json, [...elements, '\n]']);
}

export function openaiAnswer(): Reply {
  const events = words.map((content, at) => {
    const isLast = at === words.length - 1;
    const choice = { index: 0, delta: { content }, finish_reason: isLast ? 'stop' : null };
    return `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [choice] })}\n\n`;
  });
  return replyOf(200, sse, [...events, 'data: [DONE]\n\n']);
}

export function resourceAnswer(value: object): Reply {
  return { ...replyOf(200, json, [JSON.stringify(value, null, 2)]), isFramed: true };
}

export function errorAnswer(code: number, status: string, details: readonly object[] = []): Reply {
  const message = 'The provider says no.';
  return replyOf(code, json, [JSON.stringify({ error: { code, message, status, details } }, null, 2)]);
}

/** The same answer, compressed, in three pieces, with time to undo each before the next one. */
export function compressed(reply: Reply): Reply {
  const bytes = gzipSync(Buffer.concat(reply.chunks));
  const third = Math.ceil(bytes.length / 3);
  const chunks = [bytes.subarray(0, third), bytes.subarray(third, third * 2), bytes.subarray(third * 2)];
  return { ...reply, headers: { ...reply.headers, 'content-encoding': 'gzip' }, chunks, gapMs: 100 };
}

/** As a client shows it: a character for each byte. */
export function wholeOf({ chunks }: Reply): string {
  return Buffer.concat(chunks).toString('latin1');
}
