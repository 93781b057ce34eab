/**
 * What a new user meets, for each doorway: the install line of its page in an empty project, with our packages from their
 * tarballs; the lines of the page, pasted; the program started; a question answered whole, one streamed, and one without a
 * key refused.
 */
import { join } from 'node:path';
import type { PastedFile } from './declarations.ts';
import { install } from './install.ts';
import type { Packed } from './packed.ts';
import { exampleWith, onSimulator, type Page, readPage } from './pasted.ts';
import { type Running, startPasted } from './running.ts';
import type { Shelf } from './shelf.ts';

/** One way into the gateway, as its page shows it. */
export interface Doorway {
  readonly name: string;
  /** From the root of the repository. */
  readonly page: string;
  /** The package that the page is about: its `npm i` line names it. */
  readonly adapter: string;
  /** What the example has that is meant. */
  readonly marks: readonly string[];
  /** Where it is mounted. */
  readonly mountPath: string;
  /** Folders of the workspace that may have the framework installed. */
  readonly from?: readonly string[];
}

const doorways: readonly Doorway[] = [
  {
    name: 'node:http',
    page: 'packages/core/README.md',
    adapter: '@sluice/core',
    marks: ['nodeListener(gateway)', '.listen('],
    mountPath: '',
  },
  {
    name: 'Express',
    page: 'packages/express/README.md',
    adapter: '@sluice/express',
    marks: ["app.use('/gemini', sluice(", 'app.listen('],
    mountPath: '/gemini',
  },
  {
    name: 'Fastify',
    page: 'packages/fastify/README.md',
    adapter: '@sluice/fastify',
    marks: ["app.register(sluice, { prefix: '/gemini'", 'app.listen('],
    mountPath: '/gemini',
  },
  {
    name: 'Hono',
    page: 'packages/core/README.md',
    adapter: 'hono',
    marks: ["app.all('/gemini/*'", 'serve('],
    mountPath: '/gemini',
    from: ['examples/hono-edge'],
  },
];

/** What is there to try with. */
export interface Trial {
  readonly root: string;
  /** An empty folder, for projects. */
  readonly folder: string;
  readonly packed: readonly Packed[];
  readonly shelf: Shelf;
  /** Options in the place of `keys`, as JSON. */
  readonly pools: string;
}

/** A key that the pasted lines let in. */
const callerKey = 'a-key-for-the-first-lines';
/** As they read it from `SLUICE_API_KEYS`. */
export const callers = `alice=${callerKey}`;
export const withKey = { 'x-goog-api-key': callerKey };

/** The lines of all pages, as they stand there. */
export function pastedDoorways(root: string): PastedFile[] {
  return doorways.map(({ page, adapter, marks }) => ({
    page,
    code: exampleWith(readPage(join(root, page), adapter), marks),
  }));
}

/** @returns what went wrong */
export async function tryDoorways(trial: Trial): Promise<string[]> {
  const problems: string[] = [];
  for (const doorway of doorways) problems.push(...(await tryDoorway(doorway, trial)));
  return problems;
}

async function tryDoorway(doorway: Doorway, trial: Trial): Promise<string[]> {
  const { name, page: file, adapter, marks, mountPath } = doorway;
  const project = join(trial.folder, name.replace(/\W/g, '-'));
  let running: Running | null = null;
  try {
    const page = readPage(join(trial.root, file), adapter);
    const problems = await installAsTold(project, page, doorway, trial);
    if (problems.length > 0) return problems.map((problem) => `${name}: ${file}: ${problem}`);
    running = await startPasted(onSimulator(exampleWith(page, marks)), project, {
      env: { POOLS: trial.pools, SLUICE_API_KEYS: callers },
    });
    const { origin, output } = running;
    const wrong = await askThrice(origin + mountPath, withKey);
    return wrong.map((problem) => `${name}: ${file}, pasted: ${problem}${output()}`);
  } catch (error) {
    return [`${name}: ${file}, pasted: ${(error as Error).message}`];
  } finally {
    await running?.stop();
  }
}

/** The page's own line, with tarballs behind our names. */
export async function installAsTold(
  project: string,
  { installs }: Page,
  { adapter, from = [], isBundled = false }: Pick<Doorway, 'adapter' | 'from'> & { readonly isBundled?: boolean },
  { root, packed, shelf }: Trial,
): Promise<string[]> {
  if (installs.length === 0) return [`it has no line \`npm i … ${adapter}\``];
  const ours = packed.filter(({ name }) => installs.includes(name));
  const names = new Set(ours.map(({ name }) => name));
  const unknown = installs.filter((name) => name.startsWith('@sluice/') && !names.has(name));
  if (unknown.length > 0) return [`nobody publishes ${unknown.join(', ')}`];
  const others = installs.filter((name) => !name.startsWith('@sluice/'));
  const folders = from.map((one) => join(root, one));
  return install(project, { packed: ours, others, from: folders, isBundled }, shelf);
}

const prompt = { contents: [{ parts: [{ text: 'hi' }] }] };

/**
 * @param known - header fields of somebody who may call
 * @returns what went wrong
 */
export async function askThrice(base: string, known: Readonly<Record<string, string>>): Promise<string[]> {
  const problems: string[] = [];
  const ask = async (verb: string, more: Readonly<Record<string, string>>): Promise<[number, string]> => {
    const answer = await fetch(`${base}/v1beta/models/gemini-2.5-flash:${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...more },
      body: JSON.stringify(prompt),
      signal: AbortSignal.timeout(60_000),
    });
    return [answer.status, await answer.text()];
  };
  const check = (what: string, isRight: boolean, [status, text]: [number, string]): void => {
    if (!isRight) problems.push(`${what}: ${status} ${text.slice(0, 500)}\n`);
  };
  const unary = await ask('generateContent', known);
  check('a question', unary[0] === 200 && unary[1].includes('"finishReason"'), unary);
  const stream = await ask('streamGenerateContent?alt=sse', known);
  const events = stream[1].split('data: ').length - 1;
  check('a stream', stream[0] === 200 && events > 1 && stream[1].includes('"finishReason"'), stream);
  const stranger = await ask('generateContent', {});
  check('a question without a key', stranger[0] === 401 && stranger[1].includes('"UNAUTHENTICATED"'), stranger);
  return problems;
}
