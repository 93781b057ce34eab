import { gzipSync } from 'node:zlib';
import type { Answer, RecordedRequest } from '../contract.ts';
import type { ErrorName } from '../errors.ts';
import { type Reply, wholeReply } from '../gemini/reply.ts';
import { type Ending, hasToken } from '../wire/connection.ts';
import type { Stage } from '../wire/stage.ts';
import { chunkedHeaders, type Play, passGate, portionsOf, type Scene, sendChunks } from './play.ts';

/** What Google's front end says about a request that is too large. */
export const tooLargePage: string =
  '<!DOCTYPE html>\n<html lang=en>\n<title>Error 413 (Request Entity Too Large)!!1</title>\n' +
  '<p>Your client issued a request that was too large.\n</html>\n';

/** Plays the right answer. */
export const ok: Play = (stage, scene) => sendReply(stage, scene, scene.reply());

/** Plays an error from the table. */
export function refused(name: ErrorName): Play {
  return (stage, scene) => sendReply(stage, scene, scene.refusal(name));
}

/** Plays a fixed body of another kind than Google's JSON. */
export function page(status: number, contentType: string, body: string): Play {
  return (stage, scene) => sendReply(stage, scene, wholeReply(status, contentType, body, scene.nowMs));
}

/** Plays a redirect without a body. */
export function redirect(status: number, location: string): Play {
  return async (stage) => {
    const headers = [
      ['Location', location],
      ['Content-Length', '0'],
    ] as const;
    await stage.head(status, headers);
    return 'kept';
  };
}

/** Sends a reply as Google would: streams in chunks and plain, JSON with a length and compressed where that is welcome. */
export async function sendReply(stage: Stage, scene: Scene, reply: Reply): Promise<Ending> {
  if (reply.isStream) {
    await stage.head(reply.status, chunkedHeaders(reply));
    const before = reply.gate?.before ?? 0;
    await sendChunks(stage, portionsOf(reply).slice(0, before), scene.chunkMs);
    await passGate(stage, reply);
    await sendChunks(stage, portionsOf(reply).slice(before), scene.chunkMs);
    await stage.lastChunk();
    return 'kept';
  }
  const plain = bodyOf(reply);
  const isPacked = !reply.isPlain && acceptsGzip(scene.request) && isJson(reply);
  const body = isPacked ? gzipSync(plain) : plain;
  const encoding = isPacked ? ([['Content-Encoding', 'gzip']] as const) : [];
  await stage.head(reply.status, [...reply.headers, ...encoding, ['Content-Length', String(body.length)]]);
  await stage.body(body);
  return 'kept';
}

/** All of a reply in one piece. */
export function bodyOf(reply: Reply): Buffer {
  return Buffer.concat(portionsOf(reply));
}

function isJson(reply: Reply): boolean {
  return reply.headers.some(([name, value]) => name === 'Content-Type' && value.startsWith('application/json'));
}

function acceptsGzip({ headers }: RecordedRequest): boolean {
  const codings = (headers['accept-encoding'] ?? '').toLowerCase().split(',');
  return codings.some((coding) => /^\s*gzip\s*(;(?!\s*q=0(\.0*)?\s*$).*)?$/.test(coding));
}

/**
 * Sends an answer that a test wrote.
 *
 * Headers go out as they are. A content length is added only when neither it nor a transfer encoding is among them, so
 * an answer may contradict itself as much as it likes.
 */
export async function sendAnswer(stage: Stage, answer: Answer): Promise<Ending> {
  const { status, headers, chunks, streamed = false, chunkMs = 0 } = answer;
  const names = headers.map(([name]) => name.toLowerCase());
  const isFramed = names.includes('content-length') || names.includes('transfer-encoding');
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  // RFC 9110 §8.6: these have no body, and may not tell the length of one.
  const isBodiless = status < 200 || status === 204 || status === 304;
  const framing = streamed ? (['Transfer-Encoding', 'chunked'] as const) : (['Content-Length', String(bytes)] as const);
  const isAsItIs = !streamed && (isFramed || isBodiless);
  await stage.head(status, isAsItIs ? headers : [...headers, framing]);
  for (const chunk of chunks) {
    await stage.silence(chunkMs);
    await (streamed ? stage.chunk(chunk) : stage.body(chunk));
  }
  if (streamed) await stage.lastChunk();
  const isClosing = headers.some(([name, value]) => name.toLowerCase() === 'connection' && hasToken(value, 'close'));
  if (!isClosing) return 'kept';
  await stage.close();
  return 'closed';
}
