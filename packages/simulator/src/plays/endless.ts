import type { Reply } from '../gemini/reply.ts';
import type { Ending } from '../wire/connection.ts';
import { gzipBlock, gzipHeader } from '../wire/gzip.ts';
import type { Stage } from '../wire/stage.ts';
import { chunkedHeaders, type Play } from './play.ts';
import { sendReply } from './whole.ts';

const words = 'on and on '.repeat(1_638);

/** Events one behind the other; one JSON text has one answer that goes on and on. */
export const endlessStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  const endless = reply.retold([{ text: words }, { text: words }]);
  if (endless === reply) return sendReply(stage, scene, reply);
  const [first = none, next = none] = reply.isStream ? endless.events : withoutEnd(endless);
  await stage.head(reply.status, chunkedHeaders(reply));
  return forEver(stage, first, next);
};

/** One event whose text goes on and on. */
export const noNewline: Play = async (stage, scene) => {
  const reply = scene.reply();
  const endless = reply.retold([{ text: words }]);
  if (endless === reply) return sendReply(stage, scene, reply);
  const [first, next] = withoutEnd(endless);
  await stage.head(reply.status, chunkedHeaders(reply));
  return forEver(stage, first, next);
};

const bombBytes = 16_777_216;
let bomb: Uint8Array | null = null;

/** The same, compressed. One letter again and again is what deflate does best: 1,032 to 1. */
export const gzipBomb: Play = async (stage, scene) => {
  const reply = scene.reply();
  const endless = reply.retold([{ text: words }]);
  if (endless === reply) return sendReply(stage, scene, reply);
  const [first] = withoutEnd(endless);
  bomb ??= gzipBlock(Buffer.alloc(bombBytes, 'x'));
  await stage.head(reply.status, chunkedHeaders(reply, ['Content-Encoding', 'gzip']));
  return forEver(stage, Buffer.concat([gzipHeader, gzipBlock(first)]), bomb);
};

/** An error whose message goes on and on. */
export const endlessError: Play = async (stage, scene) => {
  const error = scene.refusal('503');
  const [before] = cutInMessage(scene.errorBody('503'));
  await stage.head(error.status, chunkedHeaders(error));
  return forEver(stage, before, Buffer.from(words));
};

const filler: Uint8Array = Buffer.alloc(65_536, 'x');
const fillers = 800;

/** Never compressed: it would be small. */
export const bigError: Play = async (stage, scene) => {
  const error = scene.refusal('503');
  const [before, behind] = cutInMessage(scene.errorBody('503'));
  const bytes = before.length + fillers * filler.length + behind.length;
  await stage.head(error.status, [...error.headers, ['Content-Length', String(bytes)]]);
  await stage.body(before);
  for (let sent = 0; sent < fillers; sent += 1) await stage.body(filler);
  await stage.body(behind);
  return 'kept';
};

/** An error up to where its message begins, and the rest. */
function cutInMessage(json: string): [Uint8Array, Uint8Array] {
  const opening = '"message": "';
  const start = json.indexOf(opening) + opening.length;
  return [Buffer.from(json.slice(0, start)), Buffer.from(json.slice(start))];
}

const none = new Uint8Array();

async function forEver(stage: Stage, first: Uint8Array, next: Uint8Array): Promise<Ending> {
  await stage.chunk(first);
  for (;;) {
    await stage.silence(0);
    await stage.chunk(next);
  }
}

/** A body up to the end of the text in it, and more of that text. */
function withoutEnd(reply: Reply): [Uint8Array, Uint8Array] {
  const json = Buffer.concat([...reply.events]).toString();
  return [Buffer.from(json.slice(0, json.lastIndexOf(words) + words.length)), Buffer.from(words)];
}
