/**
 * The story of one request, from arrival to last byte, in the order in which it happens.
 *
 * It awaits each station once. The answer does not pass through here: it is poured from the attempt to the client, and
 * what comes back is only what became of it.
 */

import { attempt } from './attempt/attempt.ts';
import type { Errand, Workshop } from './attempt/errand.ts';
import { headersUp } from './attempt/headers.ts';
import { type HeldAnswer, showAnswer } from './attempt/held-answer.ts';
import { judge, type RetrySettings } from './attempt/verdict.ts';
import type { Auth, Caller } from './auth/auth.ts';
import { type Clock, sleep } from './clock.ts';
import type { Cors } from './door/cors.ts';
import type { Gate } from './door/gate.ts';
import { assertHeaders } from './door/headers.ts';
import { refuse, retryAfter } from './door/refuse.ts';
import type { Emitter } from './events.ts';
import type { Failure } from './failure.ts';
import type { Health } from './health/health.ts';
import { newCourse, type Plan } from './plan/plan.ts';
import type { KeyPool } from './pool/pool.ts';
import { Story } from './story.ts';
import { assertJson } from './surface/content-type.ts';
import type { Call, Surfaces } from './surface/surface.ts';
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
  const { client: socket, cancellation } = exchange;
  if (at.cors.preflight(exchange.method, exchange.headers, socket)) return;
  const story = new Story(exchange, at.cors.headersFor(exchange.headers), at.clock, at.emitter);
  const { client } = story;
  try {
    at.gate.enter(story);
    assertHeaders(exchange.headers);
    const asked = at.surfaces.match(exchange);
    story.called(asked);
    const caller = await at.auth.identify(exchange);
    story.identified(caller);
    if (asked.wantsJson) assertJson(exchange.headers);
    at.gate.askForRoom();
    const body = await exchange.readBody(at.maxBodyBytes);
    story.received(body, at.gate);
    const call = at.surfaces.readBody(asked, body);
    story.called(call);

    const plan = makePlan(call, caller, at);
    const course = newCourse();
    const errand: Errand = {
      requestId: exchange.id,
      call,
      method: exchange.method,
      headers: headersUp(exchange.headers),
      body,
      client,
      cancellation,
      deadlineAtMs: plan.deadlineAtMs,
      tally: story,
    };
    const budget = at.health.budget({ host: at.workshop.host, model: call.model });

    for (;;) {
      const lease = await at.pool.take(plan, course, cancellation);
      course.keyId = lease.key.id;
      const { failure, held, usage } = await attempt(lease, errand, at.workshop);
      lease.settle(failure);
      course.calls = story.calls;
      if (failure === null) {
        budget.refill(course.spent);
        return story.delivered(usage);
      }
      const verdict = judge(failure, course, {
        settings: at.retry,
        repeat: call.repeat,
        held,
        isShown: client.isOpen,
        hasFree: at.pool.hasFree(plan, course),
        budget,
        leftMs: plan.deadlineAtMs - at.clock.now(),
        random: Math.random(),
      });
      switch (verdict.do) {
        case 'stop':
          return story.broke(failure, usage);
        case 'show':
          showAnswer(client, verdict.held, story.sign(adviceOf(verdict.held, failure, course.calls)));
          return story.broke(failure, usage);
        case 'refuse':
          throw verdict.error;
        case 'again':
          story.again(failure, verdict.afterMs, verdict.isFailover);
          if (verdict.afterMs > 0) await sleep(at.clock, verdict.afterMs, cancellation);
      }
    }
  } catch (error) {
    const known = story.explain(error);
    const isTold = !client.isOpen && !story.isAbandoned;
    if (isTold) refuse(client, known, at.surfaces.dialectOf(exchange.target), story.refusalHeaders(known));
  } finally {
    at.gate.leave(story);
    story.end();
  }
}

function makePlan({ model, isSticky }: Call, { id }: Caller, { clock, totalMs }: Stations): Plan {
  const deadlineAtMs = totalMs === 0 ? Number.POSITIVE_INFINITY : clock.now() + totalMs;
  return { model, isSticky, callerId: id, deadlineAtMs };
}

/** How long to wait is often only in the body, where few clients look; and who was tried for need not try at once. */
function adviceOf({ status, headers }: HeldAnswer, { retryAfterMs }: Failure, calls: number): HeaderBag {
  const more: HeaderBag = calls > 1 ? { 'x-should-retry': 'false' } : {};
  const isWaiting = (status === 429 || status === 503) && headers['retry-after'] === undefined;
  return isWaiting && retryAfterMs !== undefined ? { ...more, 'retry-after': retryAfter(retryAfterMs) } : more;
}
