/** The app in a real runtime, as a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaryOf, type RuntimeName } from './binaries.ts';
import { bundle } from './bundle.ts';

/** A runtime that serves the app. */
export interface Running {
  readonly origin: string;
  /** What it has printed so far. */
  readonly log: () => string;
  close(): Promise<void>;
}

type Variables = Readonly<Record<string, string>>;

/** A date of workerd's own that the installed one knows. */
const compatibilityDate = '2026-01-01';
const startMs = 15_000;

/** Starts the app; it may reach addresses of the loopback interface alone. */
export async function start(name: RuntimeName, variables: Variables): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  const entry = name === 'workerd' ? 'worker' : name;
  const file = join(folder, `${entry}.js`);
  writeFileSync(file, (await bundle(entry, name)).text);
  const binary = binaryOf(name) ?? name;
  const { args, port } = commands[name](file, () => configured(folder, variables));
  const env = {
    NODE_ENV: 'production' as const,
    PATH: process.env.PATH ?? '',
    HOME: folder,
    DENO_DIR: folder,
    DENO_NO_UPDATE_CHECK: '1',
    PORT: '0',
    ...variables,
  };
  const child = spawn(binary, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  let log = '';
  for (const pipe of child.stdio.slice(1)) pipe?.on('data', (piece: Buffer) => (log += piece));
  try {
    return { origin: `http://127.0.0.1:${await told(child, () => port.exec(log)?.[1])}`, log: () => log, close };
  } catch (error) {
    await close();
    throw new Error(`${name} does not start: ${log}`, { cause: error });
  }
}

function told(child: ChildProcess, find: () => string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no port after ${startMs} ms`)), startMs);
    const look = (): void => {
      const found = find();
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    for (const pipe of child.stdio.slice(1)) pipe?.on('data', () => setImmediate(look));
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${code}`));
    });
    child.once('error', reject);
  });
}

interface Command {
  readonly args: string[];
  /** Finds the port in what it prints. */
  readonly port: RegExp;
}

const served = /127\.0\.0\.1:(\d+)/;
const alone = ['--no-remote', '--no-npm', '--no-config'];

/** Nothing is fetched, and nothing but the loopback interface is reached. */
const commands: Readonly<Record<RuntimeName, (file: string, configured: () => string) => Command>> = {
  workerd: (_file, configured) => ({ args: ['serve', configured(), '--control-fd=3'], port: /"port":(\d+)/ }),
  bun: (file) => ({ args: ['run', '--no-install', file], port: served }),
  deno: (file) => ({ args: ['run', ...alone, '--allow-env', '--allow-net=127.0.0.1', file], port: served }),
};

/** Workers reach nothing that their configuration does not name. */
function configured(folder: string, variables: Variables): string {
  const bindings = Object.entries(variables).map(
    ([name, text]) => `( name = "${name}", text = ${JSON.stringify(text)} )`,
  );
  const file = join(folder, 'config.capnp');
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ( name = "app", worker = .app ),
    ( name = "internet", network = ( allow = ["127.0.0.0/8"] ) ),
  ],
  sockets = [ ( name = "http", address = "127.0.0.1:0", http = (), service = "app" ) ],
);
const app :Workerd.Worker = (
  modules = [ ( name = "worker", esModule = embed "worker.js" ) ],
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [ ${bindings.join(', ')} ],
);
`,
  );
  return file;
}
