/**
 * The story of one request, from arrival to last byte, in the order in which it happens.
 *
 * It awaits each station once. The answer does not pass through here: it is poured from the attempt to the client, and
 * what comes back is only what became of it.
 */

import type { AskPage } from './affinity/page-source.ts';
import type { Places } from './affinity/places.ts';
import { attempt } from './attempt/attempt.ts';
import { Deadline } from './attempt/deadline.ts';
import type { Errand, Workshop } from './attempt/errand.ts';
import { headersUp } from './attempt/headers.ts';
import { adviceOf, showAnswer } from './attempt/held-answer.ts';
import { answerList, pageAsker } from './attempt/list-page.ts';
import { unforeseen } from './attempt/trouble.ts';
import { judge, type RetrySettings } from './attempt/verdict.ts';
import type { Allowances } from './auth/allowance.ts';
import type { Auth } from './auth/auth.ts';
import { ownToken, withoutOwnToken } from './auth/own-token.ts';
import { unlessCancelled } from './cancellation.ts';
import { type Clock, sleep } from './clock.ts';
import type { Cors } from './door/cors.ts';
import type { Gate } from './door/gate.ts';
import { assertHeaders } from './door/headers.ts';
import { refuse } from './door/refuse.ts';
import type { Health } from './health/health.ts';
import { newCourse } from './plan/plan.ts';
import { type TimeLimit, timeLimit, withTimeLeft } from './plan/time-limit.ts';
import { makePlan } from './planning.ts';
import type { Lease } from './pool/lease.ts';
import type { KeyPool, StickyBy } from './pool/pool.ts';
import { hearOut } from './resume/hear-out.ts';
import { Story, type StoryTools } from './story.ts';
import { assertJson } from './surface/content-type.ts';
import { registerFiles, type Surfaces } from './surface/surface.ts';
import { callerOf, headReader } from './upload/sessions.ts';
import type { BodyStream, Exchange } from './wire.ts';

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
  const deadline = new Deadline(at.workshop.alarms, cancellation);
  let lease: Lease | null = null;
  /** A body that is passed on while it comes, in the place of one that is read. */
  let stream: BodyStream | null = null;
  try {
    at.gate.enter(story, story.startedAtMs, exchange.wasLetIn);
    assertHeaders(exchange.headers);
    const limit = timeLimit(exchange.headers, at.limit);
    deadline.setTo(limit, story.startedAtMs);
    // A limit of our own is long, and watched only where somebody waits.
    if (limit !== at.limit) deadline.watch();
    const asked = at.surfaces.match(exchange);
    story.called(asked);
    const token = asked.name === registerFiles ? ownToken(exchange.headers) : null;
    const session = asked.upload?.session ?? null;
    const question = token === null ? exchange : withoutOwnToken(exchange);
    const known = session === null ? at.auth.identify(question) : callerOf(question, session, at);
    // The host's own lookup may take its time, but not longer than anybody waits for it.
    const caller = known instanceof Promise ? await unlessCancelled(cancellation, known) : known;
    story.identified(caller);
    if (asked.wantsJson) assertJson(exchange.headers);
    if (asked.body === 'stream') stream = exchange.openBody();
    const body = asked.body === 'stream' ? noBytes : await exchange.readBody(at.maxBodyBytes, story);
    story.received(body, stream);
    // It may take as long as bytes come and go (attempt/sending.ts); a limit of the client's own holds all the same.
    if (stream !== null && limit === at.limit) deadline.lift();
    const call = at.surfaces.readBody(asked, body);
    story.called(call);

    const placed = { method: exchange.method, target: call.target, isOfModel: !call.isSticky };
    if (call.isSticky && at.places.lists(placed)) {
      deadline.watch();
      story.admitted(await at.allowances.admit(caller, () => 0));
      const { id: requestId } = exchange;
      const errand = { requestId, call, headers: headersUp(exchange.headers), client, cancellation, tally: story };
      const list = (ask: AskPage): Promise<Uint8Array> => at.places.list(placed, caller.id, ask);
      const refused = await answerList(list, errand, at.pool, at.workshop);
      return refused === null ? story.delivered(unused) : story.broke(refused, unused);
    }
    const type = exchange.headers['content-type'];
    const pin =
      session === null
        ? await at.places.pin(placed, body, typeof type === 'string' ? type : null, caller.id, cancellation)
        : await at.places.sessionOf(session, caller.id);
    const { dueAtMs: deadlineAtMs } = deadline;
    const pinned = pin?.project ?? null;
    const plan = await makePlan({ call, caller, headers: exchange.headers, body, pinned, deadlineAtMs }, at);
    const course = newCourse();
    story.admitted(await at.allowances.admit(caller, plan.tokens, plan.leaseMs));
    const errand: Errand = {
      requestId: exchange.id,
      call: pin?.target === undefined ? call : { ...call, target: pin.target },
      method: exchange.method,
      headers: token === null ? headersUp(exchange.headers) : [...headersUp(exchange.headers), 'authorization', token],
      body: stream ?? body,
      client,
      cancellation,
      deadlineAtMs,
      limit,
      tally: story,
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
      course.calls = story.calls;
      if (failure === null) {
        budget.refill(course.spent);
        const lost = rest === null ? null : await rest;
        return lost === null ? story.delivered(usage) : story.broke(lost, usage);
      }
      if (cut !== null) {
        const broken = { failure, cut, rest, errand, plan, course, budget, project: lease.project };
        const heard = await hearOut(broken, at, story);
        return heard.failure === null ? story.delivered(heard.usage) : story.broke(heard.failure, heard.usage);
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
    deadline.stop();
    lease?.settle(unforeseen);
    stream?.close();
    at.gate.leave(story);
    story.end();
  }
}

const noBytes = new Uint8Array();

/** A list uses nothing that is counted in tokens. */
const unused = (): null => null;
