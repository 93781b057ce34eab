import { createBrotliCompress, createZstdCompress, gzipSync } from 'node:zlib';
import { packedPortions } from '../wire/packed.ts';
import { chunkedHeaders, type Play, portionsOf, sendChunks } from './play.ts';
import { bodyOf, sendReply } from './whole.ts';

export const brStream: Play = packed('br', createBrotliCompress);
export const zstdStream: Play = packed('zstd', createZstdCompress);

function packed(encoding: string, compressor: () => Parameters<typeof packedPortions>[1]): Play {
  return async (stage, scene) => {
    const reply = scene.reply();
    const portions = await packedPortions(portionsOf(reply), compressor());
    await stage.head(reply.status, chunkedHeaders(reply, ['Content-Encoding', encoding]));
    await sendChunks(stage, portions, scene.chunkMs);
    await stage.lastChunk();
    return 'kept';
  };
}

export const gzipClaimed: Play = async (stage, scene) => {
  const reply = scene.reply();
  await stage.head(reply.status, chunkedHeaders(reply, ['Content-Encoding', 'gzip']));
  await sendChunks(stage, portionsOf(reply), scene.chunkMs);
  await stage.lastChunk();
  return 'kept';
};

const times = 6;

export const gzipSixTimes: Play = async (stage, scene) => {
  const reply = scene.reply();
  let body = bodyOf(reply);
  for (let done = 0; done < times; done += 1) body = gzipSync(body);
  const codings = Array.from({ length: times }, () => 'gzip').join(', ');
  await stage.head(reply.status, chunkedHeaders(reply, ['Content-Encoding', codings]));
  await stage.chunk(body);
  await stage.lastChunk();
  return 'kept';
};

/** The answer under another content type; null for none. */
export function typedAs(contentType: string | null): Play {
  return (stage, scene) => {
    const reply = scene.reply();
    const others = reply.headers.filter(([name]) => name !== 'Content-Type');
    const typed = contentType === null ? [] : [['Content-Type', contentType] as const];
    return sendReply(stage, scene, { ...reply, isPlain: true, headers: [...typed, ...others] });
  };
}
