import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ask, Client, Endpoint } from '../contract.ts';

const program = fileURLToPath(new URL('../../node_modules/@google/gemini-cli/bundle/gemini.js', import.meta.url));

/** A program instead of a library: each call is a process without a terminal, in an empty home of its own. */
export const geminiCli: Client = {
  name: '@google/gemini-cli',
  packages: ['@google/gemini-cli'],
  lacks: {
    unary: 'gemini-cli asks for streams only.',
    toolsStreamed: 'gemini-cli asks for streams only, so its calls of functions under "tools" came out of one.',
  },
  connect: (endpoint) => ({
    unary: nothing,
    streamed: (ask) => run(ask, endpoint),
    // It brings its own functions, and calls them itself.
    tools: ({ model }) => run({ model, prompt: 'Please use list_directory.' }, endpoint),
    toolsStreamed: nothing,
  }),
};

async function* nothing(): AsyncIterable<never> {}

/** How the program ends when it gives up: with the HTTP status modulo 256, and what it says about it. */
class ExitCode extends Error {
  readonly code: number | string;
  constructor(code: number | string, message: string) {
    super(message);
    this.code = code;
  }
}

const settings = {
  security: { auth: { selectedType: 'gemini-api-key' } },
  general: { maxAttempts: 1, enableAutoUpdate: false },
  privacy: { usageStatisticsEnabled: false },
};

/** It ends within a second or two; one that waits for something would wait for ever. */
const maxRunMs = 30_000;

/** A line of its output. */
interface Event {
  readonly type?: string;
  readonly status?: string;
}

async function* run({ model, prompt }: Ask, endpoint: Endpoint): AsyncIterable<unknown> {
  yield* inHome((home) => session(['--model', model, '--prompt', prompt], home, endpoint));
}

/** Gives an empty home to what is run in it, and takes it away afterwards. */
export async function* inHome(run: (home: string) => AsyncIterable<unknown>): AsyncIterable<unknown> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-clients-'));
  try {
    mkdirSync(join(home, '.gemini'));
    // The simulated model lists the folder that is called like the argument of `list_directory`. It lies beside the
    // program's own files, because the prompt tells what is in the folder, and those come and go.
    mkdirSync(join(home, 'work', 'dir_path'), { recursive: true });
    writeFileSync(join(home, '.gemini', 'settings.json'), JSON.stringify(settings));
    yield* run(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** One run of the program, line by line. */
export async function* session(args: readonly string[], home: string, { url, key }: Endpoint): AsyncIterable<unknown> {
  const child = spawn(process.execPath, [program, '--output-format', 'stream-json', ...args], {
    cwd: join(home, 'work'),
    env: environment(home, url, key),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: maxRunMs,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const events = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Event] : []));
  // What it says about an error stands in its last events as well; here as everywhere that is thrown, not given.
  yield* events.filter(({ type, status }) => type !== 'error' && status !== 'error');
  if (code !== 0) throw new ExitCode(code ?? signal ?? 'unknown', reasonIn(stderr));
}

function environment(home: string, url: string, key: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    TMPDIR: home,
    GOOGLE_GEMINI_BASE_URL: url,
    GEMINI_API_KEY: key,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
    GEMINI_CLI_NO_RELAUNCH: 'true',
    // Nothing leaves the machine: whatever else it wants to reach meets a closed port.
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1',
    NO_COLOR: '1',
    // 96 MB of code: the second start takes a third of the first.
    NODE_COMPILE_CACHE: join(tmpdir(), 'sluice-compile-cache'),
  };
}

/** The lines about errors, without retries and without the name of the report that is gone with its folder. */
function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => /error/i.test(line) && !/^\s*at |^Attempt /.test(line));
  return lines.join('\n').replace(/Full report available at: \S+ /, '');
}
