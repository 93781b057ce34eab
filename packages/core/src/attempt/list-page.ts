/** A list over all projects: each page is a small call to one of them, and what they say is told as one answer. */

import type { AskPage } from '../affinity/page-source.ts';
import { SluiceError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { KeyPool } from '../pool/pool.ts';
import type { Key, Project } from '../pool/project.ts';
import type { Errand, Workshop } from './errand.ts';
import { type HeldAnswer, showAnswer } from './held-answer.ts';
import { judgeRefusal, type Refusal } from './refusal.ts';
import { type SmallAnswer, smallCall } from './small-call.ts';
import { toldAttempt } from './told-attempt.ts';
import * as trouble from './trouble.ts';

/** The part of an errand that a list needs. */
export type ListErrand = Pick<Errand, 'requestId' | 'call' | 'headers' | 'client' | 'cancellation' | 'tally'>;

/** Calls for one page of one project: a passing fault is asked again, and a key that is refused is left alone. */
const mostTries = 3;
/** How long to stay away where nobody knows until when a project rests. */
const unknownRestMs = 60_000;

/** The provider has refused a page: its own answer says more than we could. */
class PageRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.failure.message);
    this.refusal = refusal;
  }
}

/**
 * Shows a list, or what the provider says against it.
 *
 * @param list - puts the page together
 * @returns null when the page has been shown
 * @throws SluiceError that names neither project nor key; the reason of the cancellation
 */
export async function answerList(
  list: (ask: AskPage) => Promise<Uint8Array>,
  errand: ListErrand,
  pool: KeyPool,
  shop: Workshop,
): Promise<Failure | null> {
  const { client, cancellation, tally } = errand;
  try {
    const body = await list((project, target) => askPage(project, target, { errand, pool, shop }));
    cancellation.throwIfCancelled();
    tally.leaveOut(closedOf(pool));
    showAnswer(client, shownPage(body), tally.sign({}));
    return null;
  } catch (error) {
    cancellation.throwIfCancelled();
    if (!(error instanceof PageRefused)) throw error;
    const { held, failure } = error.refusal;
    showAnswer(client, held, tally.sign({}));
    return failure;
  }
}

/** Asks for further pages of a list that one answer has begun. */
export function pageAsker(errand: ListErrand, pool: KeyPool, shop: Workshop): AskPage {
  return async (project, target) => {
    try {
      return await askPage(project, target, { errand, pool, shop });
    } catch (error) {
      if (!(error instanceof PageRefused)) throw error;
      // What this project says would stand for all of them.
      const { code, retryAfterMs } = error.refusal.failure;
      const message = 'A part of the list lies where the provider refuses to show it.';
      throw new SluiceError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
    } finally {
      errand.tally.leaveOut(closedOf(pool));
    }
  };
}

function closedOf({ roll }: KeyPool): number {
  return roll.distinct.filter(({ isClosed }) => isClosed).length;
}

interface AskTools {
  readonly errand: ListErrand;
  readonly pool: KeyPool;
  readonly shop: Workshop;
}

async function askPage(projectId: string, target: string, tools: AskTools): Promise<Uint8Array | null> {
  const { errand, pool } = tools;
  for (let tries = 1; ; tries++) {
    errand.cancellation.throwIfCancelled();
    pool.rests.wakeDue();
    if (isLeftOut(projectId, pool)) return null;
    const { project, key } = keyOf(projectId, pool);
    const outcome = await askOnce(project, key, target, tools);
    if (outcome instanceof Uint8Array) return outcome;
    const { failure, held } = outcome;
    if (failure.consumer !== null) pool.roll.learn(project, failure.consumer);
    pool.rests.charge(failure, pool.roll.now(project), key, errand.call.model);
    if (isLeftOut(projectId, pool)) return null;
    if (failure.again !== 'never' && tries < mostTries) continue;
    if (held !== null) throw new PageRefused({ failure, held });
    const { code, message, retryAfterMs } = failure;
    throw new SluiceError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
}

/** @returns the page, or why there is none */
async function askOnce(
  project: Project,
  key: Key,
  target: string,
  { errand, pool, shop }: AskTools,
): Promise<Uint8Array | { readonly failure: Failure; readonly held: HeldAnswer | null }> {
  const { call, headers, cancellation, tally } = errand;
  const { health, host, provider, scrubber, clock, limits, emitter } = shop;
  const leave = health.enter({ host, model: call.model });
  if ('retryAfterMs' in leave) {
    return { failure: trouble.circuitOpen(null, leave.retryAfterMs, leave.isIsolated), held: null };
  }
  const startedAtMs = clock.now();
  const settle = (failed: Failure | null, status: number): void => {
    leave.settle(failed);
    if (!emitter.has('attempt')) return;
    const outcome = { provider: provider.name, status, failed, durationMs: clock.now() - startedAtMs };
    emitter.emit('attempt', toldAttempt({ pool: pool.name, project: project.id, key }, errand, outcome));
  };
  const told = (failure: Failure, status = 0, held: HeldAnswer | null = null) => {
    settle(failure, status);
    return { failure, held };
  };
  tally.sent();
  let answer: SmallAnswer;
  try {
    const question = {
      method: 'GET',
      target,
      body: null,
      headers: sentAlong(headers),
      maxBytes: limits.maxAnswerBytes,
    };
    answer = await smallCall(shop, key.secret, question, cancellation.signal);
  } catch (error) {
    if (cancellation.isCancelled) return told(trouble.endedBy(cancellation.reason));
    return told(
      (error as Error).name === 'TaskCancelledError' ? late : trouble.transportFailure(error as Error, false),
    );
  }
  const { status, body, isWhole } = answer;
  if (status === 200) {
    if (!isWhole)
      return told(trouble.tooLarge(`a page of a list has more than ${limits.maxAnswerBytes} bytes`), status);
    // Counted until the request is over: what is kept of a page goes into the one that is shown.
    if (!tally.hold(body.length)) return told(trouble.noRoom(), status);
    settle(null, status);
    return body;
  }
  if (status < 300 || status > 599) return told(trouble.noHttp(`the status ${status}`), status);
  if (status < 400) return told(trouble.redirected(status), status);
  const { 'content-encoding': _, ...plain } = answer.headers;
  const read = { raw: [body], text: decoder.decode(body), isWhole };
  const asked = { provider, scrubber, key: key.secret, call, headers: plain, nowMs: clock.wallNow() };
  const { failure, held } = judgeRefusal(status, read, asked);
  return told(failure, status, held);
}

const late = trouble.silence('headers', 15_000);

/**
 * Whether a list goes on without a project: no key opens it, and another one can be asked. Waiting would not help, and
 * one project that is gone for good must not take everybody's lists with it.
 */
function isLeftOut(projectId: string, { roll }: KeyPool): boolean {
  return roll.byId(projectId)?.isClosed === true && roll.distinct.some(({ isClosed }) => !isClosed);
}

/** A list that silently left a project out would look whole: who only rests is waited for, and told of. */
function keyOf(projectId: string, pool: KeyPool): { project: Project; key: Key } {
  const project = pool.roll.byId(projectId);
  const lane = pool.lanes.of(null);
  if (project !== null && lane.seatOf(project, pool.nowMs) !== undefined) return { project, key: project.nextKey() };
  const backAtMs = project === null ? 0 : Math.max(lane.returnMsOf(project) ?? 0, project.resting?.untilMs ?? 0);
  const retryAfterMs = backAtMs > pool.nowMs ? backAtMs - pool.nowMs : unknownRestMs;
  const message =
    'A part of the list lies where no key can be used just now, and a list is not shown in part. What it was read to so far stays valid.';
  throw new SluiceError('no_usable_key', message, { retryAfterMs });
}

/** Fields that are about one answer as it travels; the page that is shown is another one. */
const ofTheAnswer = /^(?:accept-encoding|range|if-.*|content-.*)$/;

function sentAlong(headers: readonly string[]): string[] {
  return headers.flatMap((name, at) => (at % 2 === 0 && !ofTheAnswer.test(name) ? [name, headers[at + 1] ?? ''] : []));
}

function shownPage(body: Uint8Array): HeldAnswer {
  const headers = { 'content-type': 'application/json; charset=UTF-8', 'content-length': String(body.length) };
  return { status: 200, headers, body };
}

const decoder = new TextDecoder();
