/** `keys`: what a person sees and does with the keys of the proxies that run on this machine. */

import { paintFor } from './banner.ts';
import { ask, type ProxyView, type Question, socketsIn } from './control-client.ts';
import { dataFolderOf } from './data-folder-name.ts';
import { keyTables, standingLine } from './keys-table.ts';

const usage = `keys                    the keys of the proxy that runs, and how they stand
keys disable ID [WHY]   takes a key out of use until it is enabled
keys enable ID          ends that
keys reset ID           forgets every rest of a key, of its project and of the project's models
`;

/** @returns the exit code */
export async function keys(args: readonly string[], variables: NodeJS.ProcessEnv): Promise<number> {
  const question = questionOf(args);
  if (question === null) return said(args[0] === '--help' || args[0] === 'help' ? 0 : 1, usage);
  if (process.platform === 'win32') {
    return said(1, 'sluice: `keys` asks over a Unix socket with file permissions, which Windows does not have.\n');
  }
  const dataFolder = dataFolderOf(variables);
  const answers = await Promise.all(socketsIn(dataFolder).map((path) => ask(path, question)));
  const replies = answers.filter((reply) => reply !== 'nobody');
  const views = replies.filter((reply) => 'snapshot' in reply);
  if (replies.length === 0) {
    return said(
      1,
      `sluice: No proxy runs with the data folder ${dataFolder}. Start one, or set SLUICE_DATA_DIR to the folder of the one that runs.\n`,
    );
  }
  // Several may share a folder and not their keys: whoever has the key has to have done it.
  const undone = replies
    .filter((reply) => 'error' in reply)
    .filter((reply) => !reply.isElsewhere || views.length === 0);
  for (const { error } of undone) process.stderr.write(`sluice: ${error}\n`);
  for (const view of views) process.stdout.write(shown(view, question));
  return undone.length === 0 ? 0 : 1;
}

/** @returns null when nobody can tell what is meant */
function questionOf([verb = 'show', key, ...words]: readonly string[]): Question | null {
  switch (verb) {
    case 'show':
      return key === undefined ? { verb } : null;
    case 'disable':
      return key === undefined ? null : { verb, key, why: words.join(' ') };
    case 'enable':
    case 'reset':
      return key === undefined || words.length > 0 ? null : { verb, key };
    default:
      return null;
  }
}

function shown(view: ProxyView, { verb, key = '' }: Question): string {
  const paint = paintFor(process.stdout);
  return verb === 'show' ? keyTables(view, paint) : standingLine(view, key, paint);
}

function said(code: number, text: string): number {
  (code === 0 ? process.stdout : process.stderr).write(text);
  return code;
}
