/** A program that is started, says where it listens, and is ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How long a program may take until it listens. Most need a second, on a machine that does nothing else. */
const patienceMs = 120_000;

/** A program that listens. */
export interface Running {
  readonly origin: string;
  /** Everything it has printed so far. */
  readonly output: () => string;
  stop(): Promise<void>;
}

const started = new Set<ChildProcess>();
// A signal that ends the check ends it by `process.exit` (command.ts).
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/**
 * @param says - finds the origin in what it prints
 * @throws Error with everything that it printed, when it ends or takes too long before it listens
 */
export function start(
  [file = '', ...args]: readonly string[],
  { cwd, env, says }: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly says: RegExp },
): Promise<Running> {
  const child = spawn(file === 'node' ? process.execPath : file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let output = '';
  const stop = (): Promise<void> => {
    child.kill('SIGKILL');
    started.delete(child);
    return ended;
  };
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      clearTimeout(timer);
      void stop();
      reject(new Error(`${what}:\n${output.trim()}`));
    };
    const timer = setTimeout(() => fail(`it did not listen within ${patienceMs} ms`), patienceMs);
    const read = (text: string): void => {
      output += text;
      const origin = says.exec(output)?.[1];
      if (origin === undefined) return;
      clearTimeout(timer);
      resolve({ origin, output: () => output, stop });
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('error', ({ message }) => fail(`it could not be started (${message})`));
    child.on('close', (code) => fail(`it ended with ${code} before it listened`));
  });
}

/** Any free port of this machine alone, whatever the page says: pages say 3000. */
const listenHere = `
import { Server } from 'node:net';
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once('listening', () => console.log('listening at http://127.0.0.1:' + this.address().port));
  return listen.call(this, 0, '127.0.0.1', ...args.filter((one) => typeof one === 'function'));
};
`;

/** How pasted lines are started. */
export interface PatchedOptions {
  readonly env: Readonly<Record<string, string>>;
  /** For Node. @default none */
  readonly flags?: readonly string[];
}

/** Starts a program of Node in the folder where it is installed, at a free port. */
export function startPatched(
  program: readonly string[],
  folder: string,
  { env, flags = [] }: PatchedOptions,
): Promise<Running> {
  writeFileSync(join(folder, 'listen-here.mjs'), listenHere);
  const command = ['node', ...flags, '--import', './listen-here.mjs', ...program];
  return start(command, { cwd: folder, env, says: /listening at (\S+)/ });
}

/** Starts lines of a page as a program of their own, in a folder where everything is installed that they import. */
export function startPasted(
  code: string,
  folder: string,
  options: PatchedOptions & { file?: string },
): Promise<Running> {
  const { file = 'app.ts' } = options;
  writeFileSync(join(folder, file), code);
  return startPatched([file], folder, options);
}
