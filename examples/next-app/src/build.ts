/** `next build`, unless what it made is as new as the sources. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the app. */
export const app: string = fileURLToPath(new URL('..', import.meta.url));
/** Next's command. */
export const next: string = createRequire(import.meta.url).resolve('next/dist/bin/next');

const stamp = join(app, '.next', 'stamp');
const sources = ['app', 'src', 'proxy.js', 'next.config.mjs', '../../packages/core/src', '../../packages/next/src'];

/**
 * Resolves when the app is built.
 *
 * @param onStart - called when it has to be built, which takes half a minute
 */
export async function built(onStart: () => void = () => {}): Promise<void> {
  const mark = digestOf([...sources, next]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === mark) return;
  onStart();
  rmSync(stamp, { force: true });
  const env = { ...process.env, NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1' };
  const child = spawn(process.execPath, [next, 'build'], { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => {
      said += piece.toString();
    });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`next build ended with ${code}:\n${said}`);
  writeFileSync(stamp, mark);
}

function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    const at = join(path.startsWith('/') ? '' : app, path);
    const names = statSync(at).isFile() ? [''] : readdirSync(at, { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names)
      if (statSync(join(at, name)).isFile()) hash.update(name).update(readFileSync(join(at, name)));
  }
  return hash.digest('hex');
}
