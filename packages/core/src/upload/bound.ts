/** HOW MUCH of an upload may go up: told by what its client says of it before, and by what comes. */

import { SluiceError } from '../errors.ts';
import type { BodyStream, HeaderBag } from '../wire.ts';

/** The size of the whole file, as a session begins; the second one is of the older protocol. */
const announcing = ['x-goog-upload-header-content-length', 'x-upload-content-length'] as const;

/**
 * Keeps one request of an upload to what its session still has room for. A session goes on where the provider is, and that
 * takes no piece which says another place: so the place that a piece says tells what has gone up before.
 *
 * @param body - null where the request brings no bytes
 * @param maxBytes - of the whole upload; 0 for no limit
 * @throws SluiceError `payload_too_large` for what says itself that it is too much
 */
export function keepWithin(maxBytes: number, headers: HeaderBag, body: BodyStream | null): void {
  if (maxBytes === 0) return;
  const { from, total } = rangeIn(headers);
  const said = Math.max(total, ...announcing.map((field) => numberIn(headers[field])));
  const leftBytes = maxBytes - Math.max(from, numberIn(headers['x-goog-upload-offset']));
  if (said > maxBytes || leftBytes < (body?.declaredBytes ?? 0)) throw tooLarge(maxBytes);
  body?.bound(leftBytes, () => tooLarge(maxBytes));
}

/** `bytes 0-99/1000`, or with a star where the size is not known yet. */
function rangeIn({ 'content-range': range }: HeaderBag): { from: number; total: number } {
  const [, from, total] = /^\s*bytes\s+(\d+)-\d+\/(\d+|\*)/i.exec(String(range ?? '')) ?? [];
  return { from: numberIn(from), total: numberIn(total) };
}

/** What is no number the provider will refuse. */
function numberIn(value: string | string[] | undefined): number {
  return /^\d+$/.test(String(value)) ? Number(value) : 0;
}

function tooLarge(maxBytes: number): SluiceError {
  return new SluiceError('payload_too_large', `The upload has more than limits.maxUploadBytes (${maxBytes}) bytes.`);
}
