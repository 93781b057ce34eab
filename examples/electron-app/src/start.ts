/** `npm run example:electron`: bundles the app and opens it. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';
import { electronProgram } from './electron-program.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = electronProgram(process.env);

if (program === null) {
  console.error(`The chat needs Electron's program, and it is not on this machine. Either

  node examples/electron-app/node_modules/electron/install.js

fetches it (some 100 MB from GitHub), or ELECTRON_PATH says where one is. Then start again.
The same page runs without it in the tests: npm run example:electron is only for looking at it in a window.`);
  process.exit(1);
}

const folder = join(root, 'reports', 'electron-app');
await bundle(folder);
const child = spawn(program, [folder, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`${program} cannot be run: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code) => process.exit(code ?? 1));
