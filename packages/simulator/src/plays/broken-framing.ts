import { chunkedHeaders, firstHalf, halfOf, type Play, portionsOf, sendChunks } from './play.ts';
import { bodyOf } from './whole.ts';

export const lengthTooShort: Play = async (stage, scene) => {
  const reply = scene.reply();
  const body = bodyOf(reply);
  await stage.head(reply.status, [...reply.headers, ['Content-Length', String(Math.floor(body.length / 2))]]);
  await stage.body(body);
  return 'kept';
};

/** Half of the events, then a chunk with a size that nobody can read. */
function withChunkSize(size: string): Play {
  return async (stage, scene) => {
    const reply = scene.reply();
    await stage.head(reply.status, chunkedHeaders(reply));
    await sendChunks(stage, firstHalf(reply), scene.chunkMs);
    await stage.raw(`${size}\r\n`);
    await stage.body(halfOf(reply).brokenEvent);
    await stage.close();
    return 'cut';
  };
}

export const badChunkSize: Play = withChunkSize('size');
export const hugeChunkSize: Play = withChunkSize('ffffffffffffffff1');

const trailers = 'grpc-status: 14\r\ngrpc-message: The service is currently unavailable.\r\nx-err: 503 UNAVAILABLE\r\n';

export const errorTrailer: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply, ['Trailer', 'grpc-status, grpc-message, x-err']));
  await sendChunks(stage, portionsOf(reply), scene.chunkMs);
  await stage.raw(`0\r\n${trailers}\r\n`);
  return 'kept';
};

const unasked = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"unasked": true}';

/** In one write with the end, so that a client cannot have begun with its next request. */
export const extraBytes: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply));
  await sendChunks(stage, portionsOf(reply), scene.chunkMs);
  await stage.raw(`0\r\n\r\n${unasked}`);
  return 'kept';
};

export const partial206: Play = async (stage, scene) => {
  const reply = scene.reply();
  const { events, brokenEvent } = halfOf(reply);
  const part = Buffer.concat([...events, brokenEvent]);
  await stage.head(206, [
    ...reply.headers,
    ['Content-Range', `bytes 0-${part.length - 1}/${bodyOf(reply).length}`],
    ['Content-Length', String(part.length)],
  ]);
  await stage.body(part);
  return 'kept';
};
