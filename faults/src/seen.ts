/** What a client has seen, and what can be read out of it. */

import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';

/** An answer byte by byte, as a client of HTTP meets it. */
export interface SeenBytes {
  readonly by: 'bytes';
  /** 0 when there was no answer at all. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Chunks of the body, as they were framed. */
  readonly pieces: readonly Uint8Array[];
  readonly end: 'whole' | 'broken';
  /** Everything that came, for the search for secrets. */
  readonly transcript: string;
}

/** An answer as Google's SDK tells it. */
export interface SeenAnswer {
  readonly by: 'sdk';
  /** Of the error; 200 for an answer, 0 for an error without one. */
  readonly status: number;
  readonly text: string;
  readonly hasFinish: boolean;
  readonly end: 'whole' | 'broken';
  readonly transcript: string;
}

export type Seen = SeenBytes | SeenAnswer;

/** An error as Google writes it. */
export interface GoogleError {
  readonly code: number;
  readonly status: string;
  readonly reason: string;
}

/** The error that a text begins with, or null when it begins with none. */
export function errorIn(text: string): GoogleError | null {
  try {
    const parsed: unknown = JSON.parse(text.replace(/^,\s*/, '').replace(/\]\s*$/, ''));
    const { error } = (Array.isArray(parsed) ? parsed[0] : parsed) as {
      error: Partial<GoogleError> & { details?: Detail[] };
    };
    const own = error.details?.find(({ domain }) => domain === 'sluice');
    return { code: error.code ?? 0, status: error.status ?? '', reason: own?.reason ?? error.status ?? '' };
  } catch {
    return null;
  }
}

interface Detail {
  readonly reason?: string;
  readonly domain?: string;
}

/** More than the largest answer that is whole; a bomb is not undone. */
const mostDecodedBytes = 32_000_000;

/** A body without its content encoding; empty when that cannot be undone. */
export function decoded(body: Uint8Array, encoding: string | undefined): string {
  const undo = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }[encoding ?? ''];
  try {
    const plain = undo === undefined ? body : undo(body, { maxOutputLength: mostDecodedBytes });
    return Buffer.from(plain).toString('utf8');
  } catch {
    return '';
  }
}

/** Whether a generation says that it is over. Whatever the framing, these words stand in it. */
export function hasMarker(text: string): boolean {
  return /"(?:finishReason|blockReason)"\s*:\s*"[A-Z]/.test(text);
}

/** The text that the model has said, out of any framing. */
export function saidIn(text: string): string {
  return documentsIn(text).map(textOf).join('');
}

/** Every whole JSON object in events, in an array, or alone. */
function documentsIn(text: string): unknown[] {
  const plain = text.replace(/^\uFEFF/, '');
  if (/^[[{\s]*[[{]/.test(plain) && !/^data:/m.test(plain)) return [parsed(plain)].flat();
  const events = plain.split(/(?:\r\n|\r(?!\n)|\n){2,}/);
  return events.map((event) => {
    const lines = event.split(/\r\n|\r|\n/).filter((line) => line.startsWith('data:'));
    return parsed(lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n'));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

interface Told {
  readonly candidates?: readonly { readonly content?: { readonly parts?: readonly Part[] } }[];
}

interface Part {
  readonly text?: string;
  readonly thought?: boolean;
}

function textOf(document: unknown): string {
  const parts = (document as Told | null)?.candidates?.[0]?.content?.parts ?? [];
  return parts.map(({ text = '', thought }) => (thought === true ? '' : text)).join('');
}
