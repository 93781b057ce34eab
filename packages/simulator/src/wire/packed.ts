import type { BrotliCompress, ZstdCompress } from 'node:zlib';

/**
 * Compresses portions into one stream whose own portions can be decompressed as they come. The last element returned
 * is what ends the stream.
 *
 * @example
 * import { createBrotliCompress } from 'node:zlib';
 *
 * await packedPortions([Buffer.from('a'), Buffer.from('b')], createBrotliCompress()); // three portions
 */
export async function packedPortions(
  portions: readonly Uint8Array[],
  compressor: BrotliCompress | ZstdCompress,
): Promise<Uint8Array[]> {
  let parts: Buffer[] = [];
  compressor.on('data', (part: Buffer) => parts.push(part));
  const taken = () => {
    const packed = Buffer.concat(parts);
    parts = [];
    return packed;
  };
  const all: Uint8Array[] = [];
  for (const portion of portions) {
    compressor.write(portion);
    await new Promise<void>((resolve) => compressor.flush(resolve));
    all.push(taken());
  }
  await new Promise<void>((resolve) => {
    compressor.once('end', resolve);
    compressor.end();
  });
  return [...all, taken()];
}
