import type { Step } from './contract.ts';
import { isStepName, type StepName, steps } from './steps.ts';

/** A plan that names something unknown; the message says what would help. */
export class UnknownStep extends Error {}

interface Plan {
  readonly steps: readonly Step[];
  attempts: number;
}

/** Who gets what: plans by key and by run, each with the number of attempts it has seen. */
export class Plans {
  readonly #byKey = new Map<string, Plan>();
  readonly #byRun = new Map<string, Plan>();
  readonly #allow: (name: StepName) => void;

  /** @param allow - throws UnknownStep for a step that cannot be played where this plan is followed */
  constructor(allow: (name: StepName) => void = () => {}) {
    this.#allow = allow;
  }

  /** @throws UnknownStep when a step is no step, or when there is none */
  set(key: string, planned: readonly Step[]): void {
    if (planned.length === 0)
      throw new UnknownStep('A plan needs at least one step; plan(key, ["ok"]) plays nothing special.');
    for (const step of planned) if (typeof step === 'string') this.#stepNamed(step);
    this.#byKey.set(key, { steps: [...planned], attempts: 0 });
  }

  clear(): void {
    this.#byKey.clear();
    this.#byRun.clear();
  }

  /**
   * The step for an attempt that has just arrived; counts it.
   *
   * @throws UnknownStep when the request brings a plan that cannot be read
   */
  next(key: string | null, headers: Readonly<Record<string, string>>): Step {
    const plan = this.#planFor(key, headers);
    const step = stepOf(plan);
    if (plan !== undefined) plan.attempts += 1;
    return step;
  }

  /** What `next` would say, without counting; null when that would throw. */
  peek(key: string | null, headers: Readonly<Record<string, string>>): Step | null {
    try {
      return stepOf(this.#planFor(key, headers));
    } catch {
      // `next` says it to the client, when the request is whole.
      return null;
    }
  }

  #planFor(key: string | null, headers: Readonly<Record<string, string>>): Plan | undefined {
    return this.#brought(headers) ?? this.#byKey.get(key ?? '*') ?? this.#byKey.get('*');
  }

  #brought(headers: Readonly<Record<string, string>>): Plan | undefined {
    const text = headers['x-simulator-plan'];
    if (text === undefined) return undefined;
    // The text is part of the name, so that two plans without a run do not count each other's attempts.
    const run = `${headers['x-simulator-run'] ?? ''}\n${text}`;
    const named = () => text.split(',').map((name) => this.#stepNamed(name.trim()));
    const plan = this.#byRun.get(run) ?? { steps: named(), attempts: 0 };
    this.#byRun.set(run, plan);
    return plan;
  }

  #stepNamed(name: string): StepName {
    if (!isStepName(name)) {
      throw new UnknownStep(`There is no step "${name}". The steps are: ${Object.keys(steps).join(', ')}.`);
    }
    this.#allow(name);
    return name;
  }
}

function stepOf(plan: Plan | undefined): Step {
  return plan?.steps[Math.min(plan.attempts, plan.steps.length - 1)] ?? 'ok';
}
