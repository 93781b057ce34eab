/**
 * The story of one request, from arrival to last byte, in the order in which it happens; from the moment when all is known
 * that it wants, it goes on in `supply.ts`.
 *
 * It awaits each station once. The answer does not pass through here: it is poured from the attempt to the client, and
 * what comes back is only what became of it.
 */

import type { AskPage } from './affinity/page-source.ts';
import { Deadline } from './attempt/deadline.ts';
import { headersUp } from './attempt/headers.ts';
import { answerList } from './attempt/list-page.ts';
import type { Auth } from './auth/auth.ts';
import { ownToken, withoutOwnToken } from './auth/own-token.ts';
import { isRepeatable } from './cache/answer-key.ts';
import type { Answers } from './cache/answers.ts';
import { unlessCancelled } from './cancellation.ts';
import type { Cors } from './door/cors.ts';
import type { Gate } from './door/gate.ts';
import { assertHeaders } from './door/headers.ts';
import { refuse } from './door/refuse.ts';
import { type TimeLimit, timeLimit } from './plan/time-limit.ts';
import { share } from './sharing.ts';
import { Story, type StoryTools } from './story.ts';
import { type Order, type SupplyStations, supply } from './supply.ts';
import { assertJson } from './surface/content-type.ts';
import { registerFiles, type Surfaces } from './surface/surface.ts';
import { keepWithin } from './upload/bound.ts';
import { callerOf } from './upload/sessions.ts';
import type { BodyStream, Exchange } from './wire.ts';

/** Everything on the way, made once per gateway, and anew when its options change. */
export interface Stations extends SupplyStations {
  readonly gate: Gate;
  readonly cors: Cors;
  readonly surfaces: Surfaces;
  readonly auth: Auth;
  readonly maxBodyBytes: number;
  /** For a request as a whole. */
  readonly limit: TimeLimit;
  /** What is known already; null where nothing is kept or shared. */
  readonly answers: Answers | null;
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
    if (asked.upload !== undefined) keepWithin(at.workshop.limits.maxUploadBytes, exchange.headers, stream);
    const body = asked.body === 'stream' ? noBytes : await exchange.readBody(at.maxBodyBytes, story);
    story.received(body, stream);
    // It may take as long as bytes come and go (attempt/sending.ts); a limit of the client's own holds all the same.
    if (stream !== null && limit === at.limit) deadline.lift();
    const call = at.surfaces.readBody(asked, body);
    story.called(call);

    const up = headersUp(exchange.headers);
    const headers = token === null ? up : [...up, 'authorization', token];
    const placed = { method: exchange.method, target: call.target, isOfModel: !call.isSticky };
    if (call.isSticky && at.places.lists(placed)) {
      deadline.watch();
      story.admitted(await at.allowances.admit(caller, () => 0));
      const errand = { requestId: exchange.id, call, headers, client, cancellation, tally: story };
      const list = (ask: AskPage): Promise<Uint8Array> => at.places.list(placed, caller.id, ask);
      const refused = await answerList(list, errand, at.pool, at.workshop);
      return refused === null ? story.delivered(unused) : story.broke(refused, unused);
    }

    const order: Order = {
      exchange,
      call,
      caller,
      body: at.surfaces.bodyUp(call, body),
      stream,
      headers,
      client,
      cancellation,
      deadline,
      limit,
      record: story,
    };
    const { answers } = at;
    if (answers !== null && isRepeatable(call)) await share(order, story, { ...at, answers });
    else await supply(order, at);
  } catch (error) {
    const known = story.explain(error);
    // Half an answer cannot be mended; whoever reads it must not take it for whole.
    if (client.isOpen) {
      if (client.outcome === 'open') client.fail(known);
    } else if (!story.isAbandoned)
      refuse(client, known, at.surfaces.dialectOf(exchange.target), story.refusalHeaders(known));
  } finally {
    deadline.stop();
    stream?.close();
    at.gate.leave(story);
    story.end();
  }
}

const noBytes = new Uint8Array();

/** A list uses nothing that is counted in tokens. */
const unused = (): null => null;
