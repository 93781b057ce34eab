/** An event loop on paper: what comes in, what it costs, and how late everything gets, without a processor. */

/** One kind of request, in ms of the loop's time unless it says otherwise. */
export interface Work {
  readonly headMs: number;
  /** Pieces of the answer; the next one is there when the loop comes round again. */
  readonly pieces: number;
  readonly pieceMs: number;
  /** Until the first piece is there, with the loop free meanwhile. */
  readonly upstreamMs: number;
  readonly refuseMs: number;
}

/** Whoever decides. */
export interface Doorkeeper {
  refuses(inside: number): boolean;
  left(tookMs: number): void;
  look(at: { nowMs: number; delayMs: number; busyShare: number; inside: number }): void;
}

/** What became of those who came between two moments. */
export interface Outcome {
  readonly offered: number;
  readonly tookMs: readonly number[];
  readonly refusedAfterMs: readonly number[];
  /** When the last one was refused, on the loop's clock. */
  readonly lastRefusedAtMs: number;
}

interface Step {
  readonly ms: number;
  readonly perMs: number;
}

interface Flight {
  readonly dueMs: number;
  pieces: number;
  readyAtMs: number;
}

const lookEveryMs = 100;
const tickMs = 5;

/** @param between - the moments between which somebody must have come to be counted */
export function runLoop(
  work: Work,
  door: Doorkeeper,
  steps: readonly Step[],
  between: readonly [number, number],
  { idleStreams = 0, random = () => 0.632_12 }: { idleStreams?: number; random?: () => number } = {},
): Outcome {
  const endMs = steps.reduce((sum, { ms }) => sum + ms, 0);
  const tookMs: number[] = [];
  const refusedAfterMs: number[] = [];
  let [offered, lastRefusedAtMs] = [0, 0];
  const counts = (dueMs: number): boolean => dueMs >= between[0] && dueMs < between[1];
  let flights: Flight[] = [];
  let [nowMs, nextDueMs, tickDueMs, weighted, idleMs, lookedAtMs] = [0, 0, tickMs, 0, 0, 0];
  const rateAt = (atMs: number): number => {
    let endsAtMs = 0;
    for (const { ms, perMs } of steps) {
      endsAtMs += ms;
      if (atMs < endsAtMs) return perMs;
    }
    return 0;
  };
  const tick = (): void => {
    if (nowMs < tickDueMs) return;
    weighted += (nowMs - tickDueMs) ** 2;
    tickDueMs = nowMs + tickMs;
  };
  const look = (): void => {
    const sinceMs = nowMs - lookedAtMs;
    if (sinceMs < lookEveryMs) return;
    door.look({
      nowMs,
      delayMs: weighted / sinceMs,
      busyShare: 1 - idleMs / sinceMs,
      inside: flights.length + idleStreams,
    });
    [lookedAtMs, weighted, idleMs] = [nowMs, 0, 0];
  };
  const comeIn = (dueMs: number): void => {
    if (counts(dueMs)) offered++;
    if (!door.refuses(flights.length + idleStreams)) {
      nowMs += work.headMs;
      flights.push({ dueMs, pieces: work.pieces, readyAtMs: nowMs + work.upstreamMs });
      return;
    }
    nowMs += work.refuseMs;
    lastRefusedAtMs = nowMs;
    if (counts(dueMs)) refusedAfterMs.push(nowMs - dueMs);
  };
  while (nowMs < endMs) {
    const due: number[] = [];
    for (; nextDueMs <= nowMs; nextDueMs += -Math.log(1 - random()) / rateAt(nextDueMs)) due.push(nextDueMs);
    const turnAtMs = nowMs;
    const ready = flights.filter(({ readyAtMs }) => readyAtMs <= turnAtMs);
    tick();
    look();
    if (due.length + ready.length === 0) {
      const next = flights.reduce((least, { readyAtMs }) => Math.min(least, readyAtMs), Math.min(nextDueMs, tickDueMs));
      const untilMs = Math.max(next, nowMs + 0.01);
      idleMs += untilMs - nowMs;
      nowMs = untilMs;
      continue;
    }
    for (const dueMs of due) comeIn(dueMs);
    for (const flight of ready) {
      nowMs += work.pieceMs;
      flight.pieces--;
      if (flight.pieces > 0) continue;
      door.left(nowMs - flight.dueMs);
      if (counts(flight.dueMs)) tookMs.push(nowMs - flight.dueMs);
    }
    flights = flights.filter(({ pieces }) => pieces > 0);
  }
  return { offered, tookMs, refusedAfterMs, lastRefusedAtMs };
}
