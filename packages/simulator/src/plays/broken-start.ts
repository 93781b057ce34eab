import type { RecordedRequest } from '../contract.ts';
import { headBytes } from '../wire/stage.ts';
import { chunkedHeaders, type Play, slowMs } from './play.ts';
import { bodyOf, sendReply } from './whole.ts';

export const rstBeforeHeaders: Play = async (stage) => {
  await stage.reset();
  return 'cut';
};

export const finBeforeHeaders: Play = async (stage) => {
  await stage.close();
  return 'cut';
};

export const rstMidHeaders: Play = async (stage) => {
  await stage.raw('HTTP/1.1 200 OK\r\nContent-Type: text/even');
  await stage.reset();
  return 'cut';
};

export const noAnswer: Play = (stage) => stage.silenceForEver();

export const slowHeaders: Play = async (stage, scene) => {
  const reply = scene.reply();
  const body = bodyOf(reply);
  const head = headBytes(reply.status, [...reply.headers, ['Content-Length', String(body.length)]]);
  for (const [at] of head.entries()) {
    await stage.raw(head.subarray(at, at + 1));
    await stage.silence(slowMs);
  }
  await stage.body(body);
  return 'kept';
};

/** The greeting of another protocol, which no HTTP parser takes for a status line. */
export const garbage: Play = async (stage) => {
  await stage.raw('SSH-2.0-simulator\r\n\x00\x01\x02\xfe\xff not what you asked for\r\n');
  await stage.close();
  return 'cut';
};

const fillers = 2_500;

/** Six bytes a line keep all of them below the 16 KiB at which parsers give up for another reason. */
export const tooManyHeaders: Play = (stage, scene) => {
  const reply = scene.reply();
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const filler = (at: number): [string, string] => [`${letters[at % 26]}${letters[Math.floor(at / 26) % 26]}`, ''];
  const headers = [...reply.headers, ...Array.from({ length: fillers }, (_, at) => filler(at))];
  return sendReply(stage, { ...scene, request: withoutGzip(scene.request) }, { ...reply, headers });
};

export const status999: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(999, chunkedHeaders(reply));
  await stage.chunk(bodyOf(reply));
  await stage.lastChunk();
  return 'kept';
};

function withoutGzip(request: RecordedRequest): RecordedRequest {
  return { ...request, headers: { ...request.headers, 'accept-encoding': '' } };
}
