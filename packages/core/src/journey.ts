/**
 * The story of one request, from arrival to last byte, in the order in which it happens.
 *
 * It awaits each station once. The answer does not pass through here: it is poured from the attempt to the client, and
 * what comes back is only what became of it.
 */

import { attempt, type Errand, type Workshop } from './attempt/attempt.ts';
import { headersUp } from './attempt/headers.ts';
import { type HeldAnswer, showAnswer } from './attempt/held-answer.ts';
import { judge, type RetrySettings } from './attempt/verdict.ts';
import type { Auth } from './auth/auth.ts';
import { type Clock, sleep } from './clock.ts';
import type { Cors } from './door/cors.ts';
import type { Gate } from './door/gate.ts';
import { refuse, retryAfter } from './door/refuse.ts';
import type { Emitter } from './events.ts';
import type { Failure } from './failure.ts';
import type { Health } from './health/health.ts';
import { newCourse, type Plan } from './plan/plan.ts';
import type { KeyPool } from './pool/pool.ts';
import { Story } from './story.ts';
import { assertJson } from './surface/content-type.ts';
import type { Surfaces } from './surface/surface.ts';
import type { Exchange, HeaderBag } from './wire.ts';

/** Everything on the way, made once per gateway. */
export interface Stations {
  readonly gate: Gate;
  readonly cors: Cors;
  readonly surfaces: Surfaces;
  readonly auth: Auth;
  readonly pool: KeyPool;
  readonly health: Health;
  readonly workshop: Workshop;
  readonly retry: RetrySettings;
  readonly maxBodyBytes: number;
  readonly totalMs: number;
  readonly clock: Clock;
  readonly emitter: Emitter;
}

/** Takes one request all the way. Never rejects: whatever goes wrong is told to the client. */
export async function travel(exchange: Exchange, at: Stations): Promise<void> {
  const story = new Story(exchange, at.clock, at.emitter);
  const { client } = story;
  if (at.cors.preflight(exchange.method, exchange.headers, client)) return;
  const dialect = at.surfaces.dialectOf(exchange.target);
  const cors = at.cors.headersFor(exchange.headers);
  try {
    at.gate.enter(story);
    const call = at.surfaces.match(exchange);
    story.called(call);
    const caller = await at.auth.identify(exchange);
    story.identified(caller);
    if (call.wantsJson) assertJson(exchange.headers);
    at.gate.askForRoom();
    const body = await exchange.readBody(at.maxBodyBytes);
    story.received(body, at.gate);

    const deadlineAtMs = at.totalMs === 0 ? Number.POSITIVE_INFINITY : at.clock.now() + at.totalMs;
    const plan: Plan = { model: call.model, callerId: caller.id, isSticky: call.isSticky, deadlineAtMs };
    const target = { host: at.workshop.host, model: call.model };
    const headers = headersUp(exchange.headers);
    const course = newCourse();

    for (;;) {
      const lease = await at.pool.take(plan, course, exchange.over.signal);
      course.keyId = lease.key.id;
      story.calls = ++course.calls;
      const errand: Errand = {
        requestId: exchange.id,
        call,
        method: exchange.method,
        headers,
        body,
        client,
        over: exchange.over.signal,
        deadlineAtMs,
        ownHeaders: { ...cors, ...story.headers() },
      };
      const report = await attempt(lease, errand, at.workshop);
      lease.settle(report.failure);
      if (report.failure === null) {
        at.health.budget(target).refill(course.spent);
        return story.delivered(report.usage);
      }
      const verdict = judge(report.failure, course, {
        settings: at.retry,
        repeat: call.repeat,
        held: report.held,
        isShown: client.isOpen,
        hasFree: at.pool.hasFree(plan),
        budget: at.health.budget(target),
        leftMs: deadlineAtMs - at.clock.now(),
        random: Math.random(),
      });
      switch (verdict.do) {
        case 'stop':
          return story.broke(report.failure, report.usage);
        case 'show':
          showAnswer(client, verdict.held, {
            ...cors,
            ...story.headers(),
            ...waitOf(verdict.held, report.failure, course.calls),
          });
          return story.broke(report.failure, null);
        case 'refuse':
          throw verdict.error;
        case 'again':
          story.again(report.failure, verdict.afterMs, verdict.isFailover);
          if (verdict.afterMs > 0) await sleep(at.clock, verdict.afterMs, exchange.over.signal);
      }
    }
  } catch (error) {
    const known = story.explain(error);
    if (!client.isOpen && !story.isAbandoned)
      refuse(client, known, dialect, { ...cors, ...story.refusalHeaders(known) });
  } finally {
    at.gate.leave(story);
    story.end();
  }
}

/** The provider's own word on how long to wait is often only in the body, where few clients look. */
function waitOf({ status, headers }: HeldAnswer, { retryAfterMs }: Failure, calls: number): HeaderBag {
  const more: HeaderBag = calls > 1 ? { 'x-should-retry': 'false' } : {};
  const isWaiting = (status === 429 || status === 503) && headers['retry-after'] === undefined;
  return isWaiting && retryAfterMs !== undefined ? { ...more, 'retry-after': retryAfter(retryAfterMs) } : more;
}
