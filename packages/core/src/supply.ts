/**
 * The second half of a request's story, from a call that is known to its answer: where it has to go, what may be used for
 * it, and one attempt after another until one of them is worth showing.
 *
 * It pours into whatever client it is given and ends by whatever cancellation: those of one request, or of a flight.
 */

import type { Places } from './affinity/places.ts';
import { attempt } from './attempt/attempt.ts';
import type { Deadline } from './attempt/deadline.ts';
import type { Errand, Tally, Workshop } from './attempt/errand.ts';
import { adviceOf, showAnswer } from './attempt/held-answer.ts';
import { pageAsker } from './attempt/list-page.ts';
import { unforeseen } from './attempt/trouble.ts';
import { judge, type RetrySettings } from './attempt/verdict.ts';
import type { Allowance, Allowances } from './auth/allowance.ts';
import type { Caller } from './auth/auth.ts';
import type { Cancellation } from './cancellation.ts';
import { type Clock, sleep } from './clock.ts';
import type { TokenUsage } from './events.ts';
import type { Failure } from './failure.ts';
import type { Health } from './health/health.ts';
import { newCourse } from './plan/plan.ts';
import { type TimeLimit, withTimeLeft } from './plan/time-limit.ts';
import { makePlan } from './planning.ts';
import type { Lease } from './pool/lease.ts';
import type { KeyPool, StickyBy } from './pool/pool.ts';
import { hearOut } from './resume/hear-out.ts';
import type { Meter } from './stream/meter.ts';
import type { Call } from './surface/surface.ts';
import { headReader } from './upload/sessions.ts';
import type { BodyStream, Exchange } from './wire.ts';

/** What it passes. */
export interface SupplyStations {
  readonly allowances: Allowances;
  readonly places: Places;
  readonly pool: KeyPool;
  readonly health: Health;
  readonly workshop: Workshop;
  readonly retry: RetrySettings;
  /** Null unless the pool's strategy goes by it. */
  readonly stickyBy: StickyBy | null;
  readonly clock: Clock;
}

/** Where it is written down what is done. */
export interface SupplyRecord extends Tally {
  readonly calls: number;
  /** Settled by whoever keeps the record, when all is over. */
  admitted(allowance: Allowance): void;
  again(failure: Failure, afterMs: number, isFailover: boolean): void;
  /** The answer went out whole. */
  delivered(usage: () => TokenUsage | null): void;
  /** The client was shown an error, or an answer that did not come to its end. */
  broke(failure: Failure, usage: () => TokenUsage | null): void;
}

/** What is wanted, by whom, and where it goes. */
export interface Order {
  readonly exchange: Exchange;
  readonly call: Call;
  readonly caller: Caller;
  /** Empty where the body passes. */
  readonly body: Uint8Array;
  /** A body that is passed on while it comes, in the place of one that is read. */
  readonly stream: BodyStream | null;
  /** The fields that go up: name, value, name, value … */
  readonly headers: readonly string[];
  readonly client: Meter;
  readonly cancellation: Cancellation;
  readonly deadline: Deadline;
  readonly limit: TimeLimit;
  readonly record: SupplyRecord;
  /** What the caller may use was counted before. @default false */
  readonly isAdmitted?: boolean;
}

/**
 * Resolves when the client was told everything, and the record what it was; throws what the client still has to be told,
 * in its own dialect.
 */
export async function supply(order: Order, at: SupplyStations): Promise<void> {
  const { exchange, call, caller, body, stream, client, cancellation, deadline, record } = order;
  const { dueAtMs: deadlineAtMs } = deadline;
  const placed = { method: exchange.method, target: call.target, isOfModel: !call.isSticky };
  const session = call.upload?.session ?? null;
  const type = exchange.headers['content-type'];
  let lease: Lease | null = null;
  try {
    const pin =
      session === null
        ? await at.places.pin(placed, body, typeof type === 'string' ? type : null, caller.id, cancellation)
        : await at.places.sessionOf(session, caller.id);
    const pinned = pin?.project ?? null;
    const plan = await makePlan({ call, caller, headers: exchange.headers, body, pinned, deadlineAtMs }, at);
    const course = newCourse();
    if (order.isAdmitted !== true) record.admitted(await at.allowances.admit(caller, plan.tokens, plan.leaseMs));
    const errand: Errand = {
      requestId: exchange.id,
      call: pin?.target === undefined ? call : { ...call, target: pin.target },
      method: exchange.method,
      headers: order.headers,
      body: stream ?? body,
      client,
      cancellation,
      deadlineAtMs,
      limit: order.limit,
      tally: record,
      readResource: (answer, project) =>
        at.places.read(placed, answer, project, caller.id, pageAsker(errand, at.pool, at.workshop)),
      readHead: call.upload && headReader(call.upload, exchange, { places: at.places, callerId: caller.id }),
      learn: (named, project) => at.places.learn(placed, named, project, caller.id),
    };
    const budget = at.health.budget({ host: at.workshop.host, model: call.model });

    for (;;) {
      const taken = at.pool.take(plan, course, cancellation);
      if (taken instanceof Promise) deadline.watch();
      lease = await taken;
      deadline.stop();
      if (course.calls > 0) errand.headers = withTimeLeft(errand.headers, deadlineAtMs - at.clock.now());
      course.keyId = lease.key.id;
      const { failure, held, usage, rest, cut } = await attempt(lease, errand, at.workshop);
      lease.settle(failure, usage);
      course.calls = record.calls;
      if (failure === null) {
        budget.refill(course.spent);
        const lost = rest === null ? null : await rest;
        return lost === null ? record.delivered(usage) : record.broke(lost, usage);
      }
      if (cut !== null) {
        const broken = { failure, cut, rest, errand, plan, course, budget, project: lease.project };
        const heard = await hearOut(broken, at, record);
        return heard.failure === null ? record.delivered(heard.usage) : record.broke(heard.failure, heard.usage);
      }
      const verdict = judge(failure, course, {
        settings: at.retry,
        // Of a body that passes, nothing was done before its first byte, and nothing can be done again after it.
        repeat: stream === null ? call.repeat : stream.takenBytes > 0 ? 'never' : 'always',
        held,
        isShown: client.isOpen,
        hasFree: at.pool.hasFree(plan, course),
        budget,
        leftMs: deadlineAtMs - at.clock.now(),
        random: Math.random(),
      });
      switch (verdict.do) {
        case 'stop':
          return record.broke(failure, usage);
        case 'show':
          showAnswer(client, verdict.held, record.sign(adviceOf(verdict.held, failure, course.calls)));
          return record.broke(failure, usage);
        case 'refuse':
          throw verdict.error;
        case 'again':
          record.again(failure, verdict.afterMs, verdict.isFailover);
          if (verdict.afterMs > 0) await sleep(at.clock, verdict.afterMs, cancellation);
      }
    }
  } finally {
    lease?.settle(unforeseen);
  }
}
