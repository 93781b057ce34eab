/** A scan and a watch that are fed in pieces, and all that came of it. */

import type { Grammar } from '../../src/dialect/dialect.ts';
import { type Inspection, plainInspection, streamInspection } from '../../src/stream/inspect.ts';
import { Scan } from '../../src/stream/scan.ts';
import { type Ending, type HoldingSink, Watch } from '../../src/stream/watch.ts';

/** Pieces of some bytes, from place to place. */
export function* pieces(bytes: Uint8Array, cuts: Iterable<number>): Iterable<Uint8Array> {
  const places = [...new Set(cuts)].map((cut) => cut % Math.max(1, bytes.length)).sort((a, b) => a - b);
  let from = 0;
  for (const place of [...places, bytes.length]) {
    if (place > from) yield bytes.subarray(from, place);
    from = Math.max(from, place);
  }
}

export function everyByte(bytes: Uint8Array): Iterable<Uint8Array> {
  return pieces(bytes, bytes.keys());
}

/** Pieces of one size. */
export function* slices(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function scanned(grammar: Grammar, chunks: Iterable<Uint8Array>): Scan {
  const scan = new Scan(grammar);
  for (const chunk of chunks) scan.feed(chunk);
  return scan;
}

/** Everything that a scan knows. */
export function stateOf(scan: Scan): object {
  const { hasMeaning, isFinished, isAtRest, isError, errorFrom, errorTo, documents, position } = scan;
  const { form, isBetweenEvents, hasLooseEnd, eventBytes, heldFrom } = scan;
  return {
    ...{ hasMeaning, isFinished, isAtRest, isError, errorFrom, errorTo, documents, position },
    ...{ form, isBetweenEvents, hasLooseEnd, eventBytes, heldFrom, usage: scan.usageText() },
  };
}

/** What came out of a watch. */
export interface Watched {
  readonly bytes: Buffer;
  readonly endings: readonly Ending[];
  /** How many bytes had been fed when it was told that there is something to show; null when it never was. */
  readonly meaningAt: number | null;
  /** How many bytes had been fed when the ending was told; null when it was the end of the body that told it. */
  readonly endedAt: number | null;
}

/** Feeds a watch and ends it, in good order or by `brokenBy`. `isWhole`: the answer is judged at its end, as unary ones are. */
export function watched(
  grammar: Grammar,
  chunks: Iterable<Uint8Array>,
  { isWhole = false, brokenBy = null }: { isWhole?: boolean; brokenBy?: Error | null } = {},
): Watched {
  const out: Uint8Array[] = [];
  const endings: Ending[] = [];
  let fed = 0;
  let meaningAt: number | null = null;
  let endedAt: number | null = null;
  let isOver = false;
  const next: HoldingSink = {
    held: out,
    open() {},
    head() {},
    write(chunk) {
      if (endings.length > 0) throw new Error('bytes were passed on after the ending');
      out.push(chunk);
      return true;
    },
    end: unexpected,
    fail: unexpected,
  };
  const scan = new Scan(grammar);
  const watch = new Watch(next, {
    scan,
    inspection: isWhole ? null : plainInspection(scan),
    encoding: null,
    maxEventBytes: 0,
    maxAnswerBytes: 0,
    onMeaning() {
      if (meaningAt !== null) throw new Error('meaning was told twice');
      meaningAt = fed;
      return true;
    },
    onEnding(ending) {
      endings.push(ending);
      if (!isOver) endedAt = fed;
    },
  });
  for (const chunk of chunks) {
    fed += chunk.length;
    watch.write(chunk);
  }
  isOver = true;
  if (brokenBy === null) watch.end();
  else watch.fail(brokenBy);
  return { bytes: Buffer.concat(out), endings, meaningAt, endedAt };
}

function unexpected(): never {
  throw new Error('a watch tells its own ending');
}

/** How a compressed answer ends, whose copy is undone as it passes. */
export function endingOfCompressed(grammar: Grammar, chunks: Iterable<Uint8Array>, encoding: string): Promise<Ending> {
  return new Promise((resolve) => {
    const scan = new Scan(grammar);
    const next: HoldingSink = { held: [], open() {}, head() {}, write: () => true, end: unexpected, fail: unexpected };
    const inspection = streamInspection(scan, encoding, (piece) => watch.readAlong(piece)) as Inspection;
    const limits = { maxEventBytes: 0, maxAnswerBytes: 0 };
    const watch = new Watch(next, { scan, inspection, encoding, ...limits, onMeaning: () => true, onEnding: resolve });
    for (const chunk of chunks) watch.write(chunk);
    watch.end();
  });
}
