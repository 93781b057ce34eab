import type { Reply } from '../gemini/reply.ts';
import type { Ending } from '../wire/connection.ts';
import type { Stage } from '../wire/stage.ts';
import {
  chunkedHeaders,
  firstHalf,
  halfOf,
  isSse,
  type Play,
  portionsOf,
  type Scene,
  sendChunks,
  slowMs,
} from './play.ts';

export const emptyStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  const silent = reply.retold([]);
  await stage.head(reply.status, chunkedHeaders(reply));
  await stage.chunk(silent === reply ? new Uint8Array() : silent.closing);
  await stage.lastChunk();
  return 'kept';
};

export const stallBeforeFirst: Play = async (stage, scene) => {
  await stage.head(scene.reply().status, chunkedHeaders(scene.reply()));
  return stage.silenceForEver();
};

export const stallMidStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, firstHalf(reply), scene.chunkMs);
  return stage.silenceForEver();
};

export const commentsOnly: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  return sendComments(stage, reply);
};

export const ignoresFin: Play = async (stage, scene) => {
  const reply = scene.reply();
  stage.ignoreFin();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, firstHalf(reply), scene.chunkMs);
  return sendComments(stage, reply);
};

async function sendComments(stage: Stage, reply: Reply): Promise<never> {
  for (;;) {
    await stage.chunk(Buffer.from(isSse(reply) ? ': still thinking\n\n' : ' \n'));
    await stage.silence(slowMs);
  }
}

export const errorFirstEvent: Play = (stage, scene) => failing(stage, scene, []);

export const errorMidStream: Play = (stage, scene) => failing(stage, scene, halfOf(scene.reply()).events);

async function failing(stage: Stage, scene: Scene, events: readonly Uint8Array[]): Promise<Ending> {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, [...events, reply.failed(events.length, scene.errorBody('503'))], scene.chunkMs);
  await stage.lastChunk();
  return 'kept';
}

export const finishThenHang: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, portionsOf(reply), scene.chunkMs);
  return stage.silenceForEver();
};

export const slowStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, portionsOf(reply), slowMs);
  await stage.lastChunk();
  return 'kept';
};
