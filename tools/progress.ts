/** A reporter of vitest that says now and then how far it is: a run of minutes should not look like one that hangs. */
import { dirname, relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** The environment variable that wants it, for whoever keeps the rest of the output to itself. */
export const wanted = 'SLUICE_PROGRESS';
/** Its lines begin with it, so that they are found among what other reporters print. */
const mark = 'progress: ';
const everyMs = 20_000;

/** @returns what a line of output says of progress; null when it is another's */
export function progressIn(line: string): string | null {
  return line.startsWith(mark) ? line.slice(mark.length) : null;
}

/** Says a line every 20 s, and none in a run that is shorter. */
export class Progress implements Reporter {
  readonly #say: (line: string) => void;
  #startedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #files = 0;
  #filesDone = 0;
  #passed = 0;
  #failed = 0;
  #folder = '';

  constructor(say: (line: string) => void = console.log) {
    this.#say = say;
  }

  onTestRunStart(specifications: readonly unknown[]): void {
    this.#files = specifications.length;
    this.#startedAtMs = Date.now();
    this.#timer = setInterval(() => this.#tell(), everyMs).unref();
  }

  onTestModuleStart({ moduleId }: Pick<TestModule, 'moduleId'>): void {
    this.#folder = relative('.', dirname(moduleId));
  }

  onTestCaseResult(testCase: Pick<TestCase, 'result'>): void {
    const { state } = testCase.result();
    if (state === 'passed') this.#passed += 1;
    if (state === 'failed') this.#failed += 1;
  }

  onTestModuleEnd(): void {
    this.#filesDone += 1;
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    const passed = `${this.#passed.toLocaleString('en')} passed`;
    const failed = this.#failed > 0 ? `, ${this.#failed.toLocaleString('en')} failed` : '';
    const files = `${this.#filesDone} of ${this.#files} files`;
    this.#say(
      `${mark}${passed}${failed} so far, ${files}, ${lasted(Date.now() - this.#startedAtMs)}, ${this.#folder} …`,
    );
  }
}

function lasted(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
