/**
 * Entry `@sluice/simulator/msw`: the fake Gemini without a socket, for tests that mock `fetch` with msw.
 *
 * @module
 */

import { type HttpHandler, http } from 'msw';
import type { Journal, ProjectState, SimulatorOptions, Step } from './contract.ts';
import { projectState } from './gemini/project-state.ts';
import { emptied, type House, houseOf, listenerOf } from './house.ts';
import { ResponseStage } from './msw-stage.ts';
import { UnknownStep } from './plans.ts';
import type { StepName } from './steps.ts';
import { PeerLeft } from './wire/presence.ts';

/** The options of the simulator, but for those that are about the network. */
export interface GeminiHandlersOptions extends Omit<SimulatorOptions, 'host' | 'port'> {
  /** What the mocked requests begin with. @default 'https://generativelanguage.googleapis.com' */
  readonly baseUrl?: string | undefined;
}

/** Handlers for msw, to be spread into `setupServer` or `server.use`, and what a test may ask of the Gemini behind them. */
export interface GeminiHandlers extends ReadonlyArray<HttpHandler> {
  /** What was asked, as in `Simulator`. A request counts as a connection of its own. */
  readonly journal: Journal;
  /**
   * As in `Simulator`, without the steps that need a socket.
   *
   * @throws when a step is no step, or can only be played on a socket
   */
  plan(key: string, steps: readonly Step[]): void;
  /**
   * What a project has and has used, as in `Simulator`.
   *
   * @throws when there is none of that id
   */
  project(id: string): ProjectState;
  /** Forgets all plans, quotas used, everything that projects keep, and the journal. */
  reset(): void;
}

const socketSteps: ReadonlySet<StepName> = new Set<StepName>([
  'rst-before-headers',
  'rst-when-reused',
  'fin-before-headers',
  'rst-mid-headers',
  'fin-mid-headers',
  'slow-headers',
  'garbage',
  'too-many-headers',
  'headers-over-16k',
  'length-and-chunks',
  'two-lengths',
  'folded-header',
  'nul-in-header',
  'lf-only',
  'status-999',
  'status-099',
  'early-hints',
  'unasked-100',
  'unasked-101',
  'early-413',
  'cut-length',
  'length-too-short',
  'extra-bytes',
  'rst-mid-stream',
  'fin-mid-chunk',
  'fin-no-last-chunk',
  'bad-chunk-size',
  'huge-chunk-size',
  'error-trailer',
  'ignores-fin',
  'drop-after-checkpoint',
  'interaction-drop',
  'live-refuse-429',
  'live-close-1011-mid',
  'live-go-away',
  'live-slow',
  'live-flood',
  'close-delimited',
  'close-delimited-rst',
  // They go as fast as their reader; a mocked fetch would take them in until the memory is full.
  'endless-error',
  'endless-stream',
  'no-newline',
  'gzip-bomb',
  // Node's own fetch, which reads what is mocked, throws where nobody can catch it.
  'gzip-claimed',
]);

function withoutSocket(name: StepName): void {
  if (!socketSteps.has(name)) return;
  throw new UnknownStep(`The step "${name}" needs a socket, and a mocked fetch has none; startSimulator() plays it.`);
}

/**
 * The same fake Gemini as `startSimulator`, as request handlers for msw 3: answers, refusals, quotas and plans.
 *
 * Steps that need a socket are refused where they are planned.
 *
 * @example
 * import { geminiHandlers } from '@sluice/simulator/msw';
 * import { setupServer } from 'msw/node';
 *
 * const gemini = geminiHandlers();
 * const server = setupServer(...gemini);
 * server.listen();
 * gemini.plan(demoKey, ['429', 'ok']);
 */
export function geminiHandlers(options: GeminiHandlersOptions = {}): GeminiHandlers {
  const { baseUrl = 'https://generativelanguage.googleapis.com', ...others } = options;
  const base = baseUrl.replace(/\/+$/, '');
  const prefix = new URL(base).pathname.replace(/\/$/, '');
  const house = houseOf(others, () => base, withoutSocket);
  const handler = http.all(`${base}/*`, async ({ request }) => {
    const { pathname, search } = new URL(request.url);
    return answered(request, pathname.slice(prefix.length) + search, house);
  });
  return Object.assign([handler], {
    journal: house.journal satisfies Journal,
    plan: (key: string, steps: readonly Step[]) => house.plans.set(key, steps),
    project: (id: string) => projectState(id, house.world),
    reset: () => emptied(house),
  });
}

async function answered(request: Request, target: string, house: House): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const { journal } = house;
  const showing = listenerOf(journal.connectionOpened(), house).arrived({
    method: request.method,
    target,
    headers: Object.fromEntries(request.headers),
    rawHeaders: [...request.headers],
    body,
  });
  const stage = new ResponseStage({ onBodyBytes: (bytes) => showing.bodyBytes(bytes) });
  const leave = () => stage.leave();
  request.signal.addEventListener('abort', leave, { once: true });
  showing
    .play(stage)
    .then(
      (ending) => {
        stage.end();
        showing.ended(ending);
      },
      (error: unknown) => {
        showing.abandoned();
        if (!(error instanceof PeerLeft)) stage.fail(error);
      },
    )
    .finally(() => {
      request.signal.removeEventListener('abort', leave);
      journal.connectionClosed();
    });
  return stage.response;
}
