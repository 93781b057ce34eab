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
  /** What becomes of the connection of somebody who was refused just now. */
  hold?(nowMs: number, connection: { pause(): void; resume(): void }): void;
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

/** What is sent over one that is held waits until it is read again. */
interface Connection {
  isHeld: boolean;
  waiting: Sent | null;
}

interface Sent {
  readonly dueMs: number;
  readonly connection: Connection;
}

interface Flight {
  readonly dueMs: number;
  readonly connection: Connection;
  pieces: number;
  readyAtMs: number;
}

const lookEveryMs = 100;
const tickMs = 5;

/**
 * @param between - the moments between which somebody must have come to be counted
 * @param connections - so many are open, and whoever finds them all waiting for an answer does not come in at all
 */
export function runLoop(
  work: Work,
  door: Doorkeeper,
  steps: readonly Step[],
  between: readonly [number, number],
  {
    idleStreams = 0,
    connections = Number.POSITIVE_INFINITY,
    random = () => 0.632_12,
  }: { idleStreams?: number; connections?: number; random?: () => number } = {},
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
  // The one that was used last is used next, as pools of connections do.
  const free: Connection[] = [];
  let opened = 0;
  const arrived: Sent[] = [];
  const send = (dueMs: number): void => {
    if (counts(dueMs)) offered++;
    const connection = free.pop() ?? (opened++ < connections ? { isHeld: false, waiting: null } : null);
    if (connection === null) return;
    const one = { dueMs, connection };
    if (connection.isHeld) connection.waiting = one;
    else arrived.push(one);
  };
  const comeIn = ({ dueMs, connection }: Sent): void => {
    if (!door.refuses(flights.length + idleStreams)) {
      nowMs += work.headMs;
      flights.push({ dueMs, connection, pieces: work.pieces, readyAtMs: nowMs + work.upstreamMs });
      return;
    }
    nowMs += work.refuseMs;
    lastRefusedAtMs = nowMs;
    if (counts(dueMs)) refusedAfterMs.push(nowMs - dueMs);
    free.push(connection);
    door.hold?.(nowMs, {
      pause() {
        connection.isHeld = true;
      },
      resume() {
        connection.isHeld = false;
        if (connection.waiting !== null) arrived.push(connection.waiting);
        connection.waiting = null;
      },
    });
  };
  while (nowMs < endMs) {
    for (; nextDueMs <= nowMs; nextDueMs += -Math.log(1 - random()) / rateAt(nextDueMs)) send(nextDueMs);
    const turnAtMs = nowMs;
    const due = arrived.splice(0);
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
    for (const one of due) comeIn(one);
    for (const flight of ready) {
      nowMs += work.pieceMs;
      flight.pieces--;
      if (flight.pieces > 0) continue;
      free.push(flight.connection);
      door.left(nowMs - flight.dueMs);
      if (counts(flight.dueMs)) tookMs.push(nowMs - flight.dueMs);
    }
    flights = flights.filter(({ pieces }) => pieces > 0);
  }
  return { offered, tookMs, refusedAfterMs, lastRefusedAtMs };
}
