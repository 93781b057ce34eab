import { type Simulator, type SimulatorOptions, startSimulator } from '@sluice/simulator';

/** The noon at which the clock of a `Stage` stands at first. */
const noon: number = Date.parse('2026-11-20T12:00:00Z');

export interface Called {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came
  readonly json: any;
}

/** A simulator with two projects and a clock that a test turns. */
export interface Stage {
  readonly simulator: Simulator;
  nowMs: number;
  /** Calls a path behind `v1beta/`, or one that begins with a slash as it is. */
  call(method: string, path: string, body?: unknown, key?: string): Promise<Called>;
  /** Status and message of a call that is refused. */
  refusal(method: string, path: string, body?: unknown, key?: string): Promise<readonly [number, string]>;
  reset(): void;
}

/** The keys `main-1` and `main-2` are of the project `main`, `other-1` is of `other`. */
export async function startStage(options: SimulatorOptions = {}): Promise<Stage> {
  const projects = [
    { id: 'main', keys: ['main-1', 'main-2'] },
    { id: 'other', keys: ['other-1'] },
  ];
  const simulator = await startSimulator({ ...options, projects, now: () => stage.nowMs });
  const stage: Stage = {
    simulator,
    nowMs: noon,
    async call(method, path, body, key = 'main-1') {
      const answer = await fetch(`${simulator.url}${path.startsWith('/') ? path : `/v1beta/${path}`}`, {
        method,
        headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, json: JSON.parse((await answer.text()) || 'null') };
    },
    async refusal(...args) {
      const { status, json } = await stage.call(...args);
      return [status, json?.error?.message];
    },
    reset() {
      stage.nowMs = noon;
      simulator.reset();
    },
  };
  return stage;
}
