/** What a surge comes down to: which requests of which step ended how, and when all was as before. */

import { ends, type SurgeResult, type SurgeStep } from './load/surge.ts';
import { quantile } from './statistics.ts';

/** What became of the requests that were due while it was too much. */
export interface SurgeTally {
  readonly offeredPerSecond: number;
  /** Right answers a second that came in time. */
  readonly goodPerSecond: number;
  /** Shares of what was due. `late` is right and of no use any more, `unanswered` has had nothing at all. */
  readonly shares: Readonly<Record<'good' | 'late' | 'shed' | 'broken' | 'unsent' | 'unanswered', number>>;
  /** As the client sees it, from the moment at which it was due, in ms; null when nobody was turned away. */
  readonly shedP50Ms: number | null;
  readonly shedP99Ms: number | null;
  readonly rightP99Ms: number | null;
  /** How late the generator itself sent, in ms. */
  readonly lateP99Ms: number;
  /** From the end of the surge until all went well for a while, in ms; null when it never did. */
  readonly recoveryMs: number | null;
}

/** What counts as good. */
export interface SurgeRules {
  /** An answer that comes later than this, in ms, is of no use any more. */
  readonly patienceMs: number;
  /** All is as before when for this long every request … */
  readonly calmMs: number;
  /** … is answered rightly within this. */
  readonly calmTookMs: number;
}

/** @param steps - before, surge, after; those of each generator are the same */
export function tallySurge(
  results: readonly SurgeResult[],
  [before, surge, after]: readonly [SurgeStep, SurgeStep, SurgeStep],
  { patienceMs, calmMs, calmTookMs }: SurgeRules,
): SurgeTally {
  const [fromMs, toMs, lastMs] = [before.ms, before.ms + surge.ms, before.ms + surge.ms + after.ms];
  const took = { right: [] as number[], shed: [] as number[] };
  const late: number[] = [];
  const counts = { good: 0, late: 0, shed: 0, broken: 0, unsent: 0, unanswered: 0 };
  /** When requests were due that did not go as they should, after the surge. */
  const troubledMs: number[] = [];
  let due = 0;
  for (const { dueMs, tookMs, lateMs, ends: endOf } of results) {
    for (const [at, dueAtMs] of dueMs.entries()) {
      const [end, ms] = [endOf[at] as number, tookMs[at] as number];
      if (dueAtMs >= toMs && (end !== ends.right || ms > calmTookMs)) troubledMs.push(dueAtMs);
      if (dueAtMs < fromMs || dueAtMs >= toMs) continue;
      due++;
      if (end === ends.unsent) counts.unsent++;
      else if (end === ends.open) counts.unanswered++;
      else if (end === ends.broken) counts.broken++;
      else if (end === ends.shed) {
        counts.shed++;
        // From when it was sent: what the generator is late says nothing of how soon it was refused.
        took.shed.push(ms - (lateMs[at] as number));
      } else {
        counts[ms <= patienceMs ? 'good' : 'late']++;
        took.right.push(ms);
      }
      if (end !== ends.unsent) late.push(lateMs[at] as number);
    }
  }
  const p = (values: number[], share: number): number | null => (values.length === 0 ? null : quantile(values, share));
  const share = (count: number): number => count / due;
  return {
    offeredPerSecond: (due * 1e3) / surge.ms,
    goodPerSecond: (counts.good * 1e3) / surge.ms,
    shares: {
      good: share(counts.good),
      late: share(counts.late),
      shed: share(counts.shed),
      broken: share(counts.broken),
      unsent: share(counts.unsent),
      unanswered: share(counts.unanswered),
    },
    shedP50Ms: p(took.shed, 0.5),
    shedP99Ms: p(took.shed, 0.99),
    rightP99Ms: p(took.right, 0.99),
    lateP99Ms: p(late, 0.99) ?? 0,
    recoveryMs: recoveryOf(troubledMs, { fromMs: toMs, toMs: lastMs, calmMs }),
  };
}

/** When the first stretch of `calmMs` begins in which no trouble was due, in ms since `fromMs`; null when there is none. */
export function recoveryOf(
  troubledMs: readonly number[],
  { fromMs, toMs, calmMs }: { readonly fromMs: number; readonly toMs: number; readonly calmMs: number },
): number | null {
  let calmFromMs = fromMs;
  for (const atMs of [...troubledMs].sort((a, b) => a - b)) {
    if (atMs - calmFromMs >= calmMs) break;
    calmFromMs = Math.max(calmFromMs, atMs);
  }
  return toMs - calmFromMs >= calmMs ? calmFromMs - fromMs : null;
}
