/**
 * Runs a command of this repository: `node tools/run.mjs [--build] [--only PACKAGE] -- COMMAND [ARG...]`.
 *
 * A fresh clone needs only npm and some Node from 18 up. The pinned pnpm, and the pinned Node where this one does not
 * fit, come from the npm registry into `tools/toolchain/node_modules`; then the packages come from the lock file. Each
 * step leaves a stamp and is skipped until its lock file changes. Plain JavaScript without dependencies.
 *
 * The command's exit code is passed through; a command that a signal ended gives 128 + the signal's number. Signals are
 * passed on. Ctrl-C goes to the whole process group, so the command gets SIGINT twice within a millisecond or so: from
 * the terminal and from here. A program that counts signals has to take two within 200 ms as one; the proxy does.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fits } from './node-version.mjs';
import { watchParents } from './parents.mjs';
import { registryTrouble } from './registry.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const kit = join(root, 'tools', 'toolchain');
const kitBin = join(kit, 'node_modules', '.bin');
const windows = process.platform === 'win32';
const hostFits = fits(process.versions.node);
/** One quick retry: npm and pnpm would otherwise wait for minutes before they say that there is no network. */
const retries = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000'];

/** The process that does the work now; signals go to it. @type {import('node:child_process').ChildProcess | undefined} */
let running;
/** The first signal that came in; nothing new is started after it. @type {string | undefined} */
let signalled;

const { build, only, command, args } = readCommandLine();
passSignalsOn();
endWithParents();
const env = cleanEnvironment();
await installToolchain();
const node = hostFits ? process.execPath : join(kitBin, windows ? 'node.cmd' : 'node');
const pnpm = [node, join(kit, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs')];
env.PATH = [join(root, 'node_modules', '.bin'), ...(hostFits ? [dirname(node)] : []), kitBin, process.env.PATH].join(
  delimiter,
);
await installPackages();
if (build) await buildPackages();
process.exit(exitCode(await run([command === 'node' ? node : command, ...args], { cwd: root, stdio: 'inherit' })));

function readCommandLine() {
  const all = process.argv.slice(2);
  const split = all.indexOf('--');
  if (split < 0 || split === all.length - 1)
    fail('usage: node tools/run.mjs [--build] [--only PACKAGE] -- COMMAND [ARG...]');
  const flags = all.slice(0, split);
  const named = flags.indexOf('--only');
  return {
    build: flags.includes('--build'),
    only: named < 0 ? undefined : flags[named + 1],
    command: all[split + 1],
    args: all.slice(split + 2),
  };
}

/** What npm sets for the scripts it runs would reach the inner npm and pnpm as their configuration. */
function cleanEnvironment() {
  const set = /^npm_(config|lifecycle|package|command)/i;
  const wanted = /registry|proxy|cafile|cache/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !set.test(name) || wanted.test(name)));
}

async function installToolchain() {
  // Without install scripts the Node binary stays away: 1 s and 24 MB instead of 10 s and 200 MB.
  const flags = ['--no-audit', '--no-fund', '--loglevel=error', ...retries, ...(hostFits ? ['--ignore-scripts'] : [])];
  const what = hostFits ? 'fetching pnpm' : `fetching pnpm and Node (this is Node ${process.versions.node})`;
  const withNode = { files: ['tools/toolchain/package-lock.json'], variant: 'pnpm+node' };
  // A toolchain that has a Node binary serves a Node that fits as well; replacing it could remove a binary in use.
  const enough = hostFits ? [withNode, { ...withNode, variant: 'pnpm' }] : [withNode];
  await once(join(kit, 'node_modules', '.stamp'), enough, () => step(what, ['npm', 'ci', ...flags], kit));
}

/** To run one package takes a fraction of what it takes to work on all: 20 MB against 700. */
async function installPackages() {
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  const everything = { files, variant: '' };
  const stamp = join(root, 'node_modules', '.sluice-stamp');
  // Whoever works on all of it keeps all of it, also when the lock file has changed in between.
  const part = isWholeCheckout(stamp) ? undefined : only;
  const inputs = part === undefined ? [everything] : [everything, { files, variant: part, part }];
  const flags = ['--frozen-lockfile', '--loglevel=warn', '--reporter=append-only', ...retries];
  // What was installed for one package makes way for the whole without a question.
  flags.push('--config.confirmModulesPurge=false');
  if (part !== undefined) flags.push('--prod', '--filter', `${part}...`);
  const install = () => step('installing packages', [...pnpm, 'install', ...flags], root);
  await once(stamp, inputs, install);
}

/** Packages are there, and no stamp says that they were installed for one of ours alone. */
function isWholeCheckout(stamp) {
  if (!existsSync(join(root, 'node_modules', '.modules.yaml'))) return false;
  return !existsSync(stamp) || !readFileSync(stamp, 'utf8').includes(' ');
}

async function buildPackages() {
  console.error('sluice: building ...');
  const ended = await run([...pnpm, 'run', '--silent', 'build:all'], { cwd: root, stdio: 'pipe' });
  if (ended.code === 0) return;
  console.error(ended.output.trim());
  fail('the build failed, see above', exitCode(ended));
}

/** Calls `make` unless `stamp` says that it succeeded before with one of `inputs`; the last of them is what it makes. */
async function once(stamp, inputs, make) {
  const marks = inputs.map(markOf);
  if (existsSync(stamp) && marks.includes(readFileSync(stamp, 'utf8'))) return;
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, marks.at(-1));
}

/** What it was made of, and behind a space what was made when that is not all. */
function markOf({ files, variant, part }) {
  const print = fingerprint(files, variant);
  return part === undefined ? print : `${print} ${part}`;
}

function fingerprint(files, variant) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${variant}`);
  for (const file of files) {
    if (!existsSync(join(root, file)))
      fail(`${file} is missing, so this is not a whole checkout: restore it, then start again`);
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** Installs quietly; what the tool said is shown only where it explains a failure that is not the network's. */
async function step(what, argv, cwd) {
  console.error(`sluice: ${what} ...`);
  const trouble = await registryTrouble(env, (ask) => run(ask, { cwd, stdio: 'pipe' }));
  const ended = await run(trouble ? [...argv, '--offline'] : argv, { cwd, stdio: 'pipe' });
  if (ended.code === 0) return;
  if (ended.signal || signalled) process.exit(exitCode(ended));
  if (trouble)
    fail(
      `${what} failed: ${trouble}, and not all of it is in the cache of this machine. The first start needs the network.`,
    );
  console.error(ended.output.trim());
  fail(`${what} failed (${ended.error?.message ?? `exit ${ended.code}`}), see above`);
}

/** @returns {Promise<{code: number | null, signal: string | null, output: string, error?: Error}>} never rejects */
function run([file, ...rest], { cwd, stdio }) {
  if (signalled) process.exit(exitCode({ code: null, signal: signalled }));
  const quote = (text) => (windows && /[\s&|<>^"]/.test(text) ? `"${text.replaceAll('"', '\\"')}"` : text);
  return new Promise((resolve) => {
    // On Windows npm and everything in `.bin` are `.cmd` files, which only a shell can start.
    const child = spawn(quote(file), rest.map(quote), {
      cwd,
      env,
      shell: windows,
      stdio: [stdio === 'pipe' ? 'ignore' : stdio, stdio, stdio],
    });
    let output = '';
    running = child;
    for (const pipe of [child.stdout, child.stderr]) pipe?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) =>
      resolve({ code: 127, signal: null, output: `cannot run ${file}: ${error.message}`, error }),
    );
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  }).then((ended) => {
    running = undefined;
    if (ended.error && stdio === 'inherit') console.error(`sluice: ${ended.output}`);
    return ended;
  });
}

function exitCode({ code, signal }) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

function passSignalsOn() {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => signal(name));
}

function signal(name) {
  signalled ??= name;
  if (running) running.kill(name);
  else process.exit(exitCode({ code: null, signal: name }));
}

/**
 * Ends the command when whoever started it is gone. One signal is enough, and none where one has been passed on: a
 * server takes a late second one for impatience.
 */
function endWithParents() {
  const gone = watchParents();
  setInterval(() => {
    if (!signalled && gone()) signal('SIGTERM');
  }, 500).unref();
}

function fail(message, code = 1) {
  console.error(`sluice: ${message}`);
  process.exit(code);
}
