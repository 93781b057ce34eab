import { constants, crc32, deflateRawSync } from 'node:zlib';

/** What every gzip stream begins with. */
export const gzipHeader: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** An empty final block: the end of the deflate stream. */
const finalBlock = Uint8Array.of(3, 0);

/** A part of a gzip stream: ends on a byte boundary (a sync flush) and refers to nothing before it. */
export function gzipBlock(bytes: Uint8Array): Uint8Array {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
}

/**
 * Compresses portions into one gzip stream whose own portions can be decompressed as they come, so that the first event
 * of a stream can be read long before the last one is sent. The last element returned is the trailer.
 *
 * @example gzipPortions([Buffer.from('a'), Buffer.from('b')]).length // 3
 */
export function gzipPortions(portions: readonly Uint8Array[]): Uint8Array[] {
  let checksum = 0;
  let plainBytes = 0;
  const packed = portions.map((portion) => {
    checksum = crc32(portion, checksum);
    plainBytes += portion.length;
    return gzipBlock(portion);
  });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(plainBytes % 2 ** 32, 4);
  const [first = Buffer.alloc(0), ...others] = packed;
  return [Buffer.concat([gzipHeader, first]), ...others, Buffer.concat([finalBlock, trailer])];
}
