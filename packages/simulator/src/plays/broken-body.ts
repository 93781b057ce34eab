import { gzipPortions } from '../wire/gzip.ts';
import { chunkedHeaders, halfOf, type Play, portionsOf, sendChunks } from './play.ts';
import { bodyOf } from './whole.ts';

const closing = ['Connection', 'close'] as const;

export const cutLength: Play = async (stage, scene) => {
  const reply = scene.reply();
  const body = bodyOf(reply);
  await stage.head(reply.status, [...reply.headers, ['Content-Length', String(body.length)]]);
  await stage.body(body.subarray(0, Math.floor(body.length / 2)));
  await stage.close();
  return 'cut';
};

export const rstMidStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  const half = halfOf(reply);
  await stage.head(reply.status, chunkedHeaders(reply));
  // A stream of one event would show nothing at all: half of it goes out instead.
  await sendChunks(stage, half.events.length > 0 ? half.events : [half.brokenEvent], scene.chunkMs);
  await stage.reset();
  return 'cut';
};

export const finMidChunk: Play = async (stage, scene) => {
  const reply = scene.reply();
  const { events, brokenEvent } = halfOf(reply);
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, events, scene.chunkMs);
  await stage.raw(`${(brokenEvent.length * 2).toString(16)}\r\n`);
  await stage.body(brokenEvent);
  await stage.close();
  return 'cut';
};

export const finNoLastChunk: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, portionsOf(reply), scene.chunkMs);
  await stage.close();
  return 'cut';
};

export const closeDelimited: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, [...reply.headers, closing]);
  for (const event of portionsOf(reply)) {
    await stage.silence(scene.chunkMs);
    await stage.body(event);
  }
  await stage.close();
  return 'closed';
};

export const closeDelimitedRst: Play = async (stage, scene) => {
  const reply = scene.reply();
  const { events, brokenEvent } = halfOf(reply);
  await stage.head(reply.status, [...reply.headers, closing]);
  for (const event of events.length > 0 ? events : [brokenEvent]) {
    await stage.silence(scene.chunkMs);
    await stage.body(event);
  }
  await stage.reset();
  return 'cut';
};

export const gzipStream: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply, ['Content-Encoding', 'gzip']));
  await sendChunks(stage, gzipPortions(portionsOf(reply)), scene.chunkMs);
  await stage.lastChunk();
  return 'kept';
};

export const gzipTruncated: Play = async (stage, scene) => {
  const reply = scene.reply();
  const packed = Buffer.concat(gzipPortions(portionsOf(reply)));
  await stage.head(reply.status, chunkedHeaders(reply, ['Content-Encoding', 'gzip']));
  await stage.chunk(packed.subarray(0, Math.floor(packed.length / 2)));
  await stage.lastChunk();
  return 'kept';
};

export const oneByteChunks: Play = async (stage, scene) => {
  const reply = scene.reply();
  const body = bodyOf(reply);
  await stage.head(reply.status, chunkedHeaders(reply));
  for (const [at] of body.entries()) {
    await stage.silence(0);
    await stage.chunk(body.subarray(at, at + 1));
  }
  await stage.lastChunk();
  return 'kept';
};
