/**
 * HEARD TO ITS END: a stream that broke goes on where it stopped, by calls of the gateway's own. The client sees one
 * stream: it was given whole events only, and what follows the last of them is asked for.
 */

import { attempt } from '../attempt/attempt.ts';
import { type Cut, errandForRemainder } from '../attempt/cut.ts';
import type { Errand, Report, Workshop } from '../attempt/errand.ts';
import { lastWordsBehindEvents } from '../attempt/last-words.ts';
import { endedBy, unforeseen } from '../attempt/trouble.ts';
import type { RetrySettings } from '../attempt/verdict.ts';
import { type Clock, sleep } from '../clock.ts';
import { isSluiceError, SluiceError } from '../errors.ts';
import type { TokenUsage } from '../events.ts';
import { type Failure, Trouble } from '../failure.ts';
import type { RetryBudget } from '../health/budget.ts';
import type { Course, Plan } from '../plan/plan.ts';
import { withTimeLeft } from '../plan/time-limit.ts';
import type { Lease } from '../pool/lease.ts';
import type { KeyPool } from '../pool/pool.ts';
import { pauseBefore } from './pause.ts';

/** The stations that it passes again. */
export interface HearingStations {
  readonly pool: KeyPool;
  readonly workshop: Workshop;
  readonly retry: RetrySettings;
  readonly clock: Clock;
}

/** An answer whose stream broke, and what was done for it so far. */
export interface BrokenStream {
  readonly failure: Failure;
  readonly cut: Cut;
  /** @see Report.rest */
  readonly rest: Report['rest'];
  readonly errand: Errand;
  readonly plan: Plan;
  readonly course: Course;
  readonly budget: RetryBudget;
  /** The one in which it is told; no other knows of it. */
  readonly project: string;
}

/** Where it is written down what is done. */
export interface HearingRecord {
  readonly calls: number;
  again(failure: Failure, afterMs: number, isFailover: boolean): void;
}

/** What has become of the answer; the client was told. */
export interface Heard {
  readonly failure: Failure | null;
  usage(): TokenUsage | null;
}

/** Whoever has heard a part is heard to be served to the end, or told why not. Rejects when the client has gone, and for bugs. */
export async function hearOut(broken: BrokenStream, at: HearingStations, record: HearingRecord): Promise<Heard> {
  const { errand, course, budget } = broken;
  const { client, cancellation, deadlineAtMs } = errand;
  // It is counted for nothing but a call: the tokens were counted when they were asked for.
  const plan: Plan = { ...broken.plan, model: null, pinned: broken.project, home: null, tokens: () => 0 };
  let { cut, rest } = broken;
  let lastBreak = broken.failure;
  let failed = broken.failure;
  let silentTries = 0;
  let lease: Lease | null = null;
  try {
    for (;;) {
      const lost = rest === null ? null : await rest;
      if (lost !== null) return { failure: lost, usage: unknown };
      const leftMs = deadlineAtMs - at.clock.now();
      const tools = { settings: at.retry, budget, leftMs, random: Math.random() };
      const afterMs = pauseBefore(failed, silentTries, course, tools);
      if (afterMs === null) return breakOff(errand, lastBreak, failed);
      record.again(failed, afterMs, course.keyId === null);
      if (afterMs > 0) await sleep(at.clock, afterMs, cancellation);
      lease = await at.pool.take(plan, course, cancellation);
      course.keyId = lease.key.id;
      const next = errandForRemainder(errand, cut);
      next.headers = withTimeLeft(next.headers, deadlineAtMs - at.clock.now());
      const events = cut.trail.events;
      const report = await attempt(lease, next, at.workshop);
      const { failure, usage } = report;
      lease.settle(failure, usage);
      course.calls = record.calls;
      if (failure === null) {
        budget.refill(course.spent);
        return { failure: report.rest === null ? null : await report.rest, usage };
      }
      if (client.outcome !== 'open') return { failure, usage };
      silentTries = cut.trail.events > events ? 0 : silentTries + 1;
      failed = failure;
      rest = report.rest;
      if (report.cut !== null) {
        cut = report.cut;
        lastBreak = failure;
      }
    }
  } catch (error) {
    const isKnown = isSluiceError(error) && client.outcome === 'open';
    if (!isKnown) throw error;
    return breakOff(errand, lastBreak, endedBy(error));
  } finally {
    lease?.settle(unforeseen);
  }
}

/** The client is told what broke the stream; why it could not be heard on is for operators, unless we have ended it ourselves. */
function breakOff({ client, call, cancellation }: Errand, broke: Failure, failed: Failure): Heard {
  if (failed.scope === 'client') {
    client.fail(new Trouble(failed));
    return { failure: failed, usage: unknown };
  }
  const { kind, code, message } = failed.kind === 'deadline' || cancellation.isCancelled ? failed : broke;
  const error = new SluiceError(code, message);
  client.fail(error, lastWordsBehindEvents(call, error));
  const why = failed === broke ? '' : ` Its remainder could not be had: ${failed.message}`;
  return { failure: { ...broke, kind, code, message: `${message}${why}` }, usage: unknown };
}

function unknown(): null {
  return null;
}
