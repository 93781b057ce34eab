/**
 * The story of one request, from arrival to last byte, in the order in which it happens.
 *
 * It awaits each station once. The answer does not pass through here: it is poured from the attempt to the client, and
 * what comes back is only what became of it.
 */

import { conversationOf } from './affinity/conversation.ts';
import type { AskPage } from './affinity/page-source.ts';
import type { Places } from './affinity/places.ts';
import { attempt } from './attempt/attempt.ts';
import { Deadline } from './attempt/deadline.ts';
import type { Errand, Workshop } from './attempt/errand.ts';
import { headersUp } from './attempt/headers.ts';
import { type HeldAnswer, showAnswer } from './attempt/held-answer.ts';
import { answerList } from './attempt/list-page.ts';
import { unforeseen } from './attempt/trouble.ts';
import { judge, type RetrySettings } from './attempt/verdict.ts';
import type { Allowances } from './auth/allowance.ts';
import type { Auth, Caller } from './auth/auth.ts';
import { ownToken, withoutOwnToken } from './auth/own-token.ts';
import { unlessCancelled } from './cancellation.ts';
import { type Clock, sleep } from './clock.ts';
import type { Cors } from './door/cors.ts';
import type { Gate } from './door/gate.ts';
import { assertHeaders } from './door/headers.ts';
import { refuse, retryAfter } from './door/refuse.ts';
import type { Failure } from './failure.ts';
import type { Health } from './health/health.ts';
import { newCourse, type Plan } from './plan/plan.ts';
import { type TimeLimit, timeLimit, withTimeLeft } from './plan/time-limit.ts';
import type { Lease } from './pool/lease.ts';
import type { KeyPool, StickyBy } from './pool/pool.ts';
import { estimateTokens } from './quota/estimate.ts';
import type { Eventually } from './store/store.ts';
import { Story, type StoryTools } from './story.ts';
import { assertJson } from './surface/content-type.ts';
import { type Call, registerFiles, type Surfaces } from './surface/surface.ts';
import type { Exchange, HeaderBag } from './wire.ts';

/** Everything on the way, made once per gateway, and anew when its options change. */
export interface Stations {
  readonly gate: Gate;
  readonly cors: Cors;
  readonly surfaces: Surfaces;
  readonly auth: Auth;
  readonly allowances: Allowances;
  readonly places: Places;
  readonly pool: KeyPool;
  readonly health: Health;
  readonly workshop: Workshop;
  readonly retry: RetrySettings;
  /** Null unless the pool's strategy goes by it. */
  readonly stickyBy: StickyBy | null;
  readonly maxBodyBytes: number;
  /** For a request as a whole. */
  readonly limit: TimeLimit;
  readonly clock: Clock;
  /** What stories are written with. */
  readonly desk: StoryTools;
}

/** Takes one request all the way. Never rejects: whatever goes wrong is told to the client. */
export async function travel(exchange: Exchange, at: Stations): Promise<void> {
  const { client: socket, cancellation } = exchange;
  if (at.cors.preflight(exchange.method, exchange.headers, socket)) return;
  const story = new Story(exchange, at.cors.headersFor(exchange.headers), at.desk);
  const { client } = story;
  let lease: Lease | null = null;
  let deadline: Deadline | null = null;
  try {
    at.gate.enter(story, story.startedAtMs, exchange.wasLetIn);
    assertHeaders(exchange.headers);
    const limit = timeLimit(exchange.headers, at.limit);
    const deadlineAtMs = story.startedAtMs + limit.ms;
    const { alarms } = at.workshop;
    // A limit of our own is long, and watched only where somebody waits.
    if (limit !== at.limit) {
      deadline = new Deadline(deadlineAtMs, limit, alarms, cancellation);
      deadline.watch();
    }
    const asked = at.surfaces.match(exchange);
    story.called(asked);
    const token = asked.name === registerFiles ? ownToken(exchange.headers) : null;
    const known = at.auth.identify(token === null ? exchange : withoutOwnToken(exchange));
    // The host's own lookup may take its time, but not longer than anybody waits for it.
    const caller = known instanceof Promise ? await unlessCancelled(cancellation, known) : known;
    story.identified(caller);
    if (asked.wantsJson) assertJson(exchange.headers);
    const body = await exchange.readBody(at.maxBodyBytes, story);
    story.received(body);
    const call = at.surfaces.readBody(asked, body);
    story.called(call);

    const placed = { method: exchange.method, target: call.target, isOfModel: !call.isSticky };
    if (call.isSticky && at.places.lists(placed)) {
      deadline ??= new Deadline(deadlineAtMs, limit, alarms, cancellation);
      deadline.watch();
      story.admitted(await at.allowances.admit(caller, () => 0));
      const errand = { call, headers: headersUp(exchange.headers), client, cancellation, tally: story };
      const list = (ask: AskPage): Promise<Uint8Array> => at.places.list(placed, caller.id, ask);
      const refused = await answerList(list, errand, at.pool, at.workshop);
      return refused === null ? story.delivered(unused) : story.broke(refused, unused);
    }
    const type = exchange.headers['content-type'];
    const pin = await at.places.pin(placed, body, typeof type === 'string' ? type : null, caller.id, cancellation);
    const course = newCourse();
    const plan = await makePlan(exchange, call, caller, body, pin?.project ?? null, deadlineAtMs, at);
    story.admitted(await at.allowances.admit(caller, plan.tokens));
    const errand: Errand = {
      requestId: exchange.id,
      call: pin?.target === undefined ? call : { ...call, target: pin.target },
      method: exchange.method,
      headers: token === null ? headersUp(exchange.headers) : [...headersUp(exchange.headers), 'authorization', token],
      body,
      client,
      cancellation,
      deadlineAtMs: plan.deadlineAtMs,
      limit,
      tally: story,
      readResource: (answer, project) => at.places.read(placed, answer, project, caller.id),
      learn: (named, project) => at.places.learn(placed, named, project, caller.id),
    };
    const budget = at.health.budget({ host: at.workshop.host, model: call.model });

    for (;;) {
      const taken = at.pool.take(plan, course, cancellation);
      if (taken instanceof Promise) {
        deadline ??= new Deadline(deadlineAtMs, limit, alarms, cancellation);
        deadline.watch();
      }
      lease = await taken;
      deadline?.stop();
      if (course.calls > 0) errand.headers = withTimeLeft(errand.headers, plan.deadlineAtMs - at.clock.now());
      course.keyId = lease.key.id;
      const { failure, held, usage, rest } = await attempt(lease, errand, at.workshop);
      lease.settle(failure, usage);
      course.calls = story.calls;
      if (failure === null) {
        budget.refill(course.spent);
        const lost = rest === null ? null : await rest;
        return lost === null ? story.delivered(usage) : story.broke(lost, usage);
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
    // Half an answer cannot be mended; whoever reads it must not take it for whole.
    if (client.isOpen) {
      if (client.outcome === 'open') client.fail(known);
    } else if (!story.isAbandoned)
      refuse(client, known, at.surfaces.dialectOf(exchange.target), story.refusalHeaders(known));
  } finally {
    deadline?.stop();
    lease?.settle(unforeseen);
    at.gate.leave(story);
    story.end();
  }
}

/** A list uses nothing that is counted in tokens. */
const unused = (): null => null;

async function makePlan(
  exchange: Exchange,
  call: Call,
  { id: callerId }: Caller,
  body: Uint8Array,
  pinned: string | null,
  deadlineAtMs: number,
  at: Stations,
): Promise<Plan> {
  const { stickyBy } = at;
  let tokens: number | null = null;
  const plan: Plan = {
    model: call.model,
    callerId,
    pinned,
    home: null,
    stickyKey: stickyBy === null ? null : await stickyKeyOf(stickyBy, exchange, callerId, body),
    tokens: () => (tokens ??= estimateTokens(body)),
    deadlineAtMs,
  };
  if (!call.isSticky || pinned !== null) return plan;
  return { ...plan, home: await at.places.home(callerId, at.pool.usable(plan, newCourse())) };
}

/** What stays together under the strategy `sticky`. */
function stickyKeyOf(
  by: StickyBy,
  { headers }: Exchange,
  callerId: string,
  body: Uint8Array,
): Eventually<string | null> {
  if (by === 'caller') return callerId;
  if (by === 'conversation') return conversationOf(body);
  const value = headers[by.slice('header:'.length).toLowerCase()];
  return typeof value === 'string' ? value : null;
}

/** How long to wait is often only in the body, where few clients look; and who was tried for need not try at once. */
function adviceOf({ status, headers }: HeldAnswer, { retryAfterMs }: Failure, calls: number): HeaderBag {
  const more: HeaderBag = calls > 1 ? { 'x-should-retry': 'false' } : {};
  const isWaiting = (status === 429 || status === 503) && headers['retry-after'] === undefined;
  return isWaiting && retryAfterMs !== undefined ? { ...more, 'retry-after': retryAfter(retryAfterMs) } : more;
}
