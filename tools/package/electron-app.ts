/**
 * The three places of `@sluice/electron`'s page, pasted, on the stand-in for Electron that the package's own tests have:
 * nothing else of Electron can be had without its program.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { run } from '../command.ts';
import type { PastedFile } from './declarations.ts';
import { installAsTold, type Trial } from './doorways.ts';
import { exampleWith, readPage } from './pasted.ts';

const page = 'packages/electron/README.md';
const adapter = '@sluice/electron';
/** The one thing that differs from the page: the pool is a simulator in the place of Google. */
const swap = ['registerGemini();', 'registerGemini({ pool: { baseUrl: process.env.PROVIDER } });'] as const;

/** As modules see Electron: windows run the preload script that they are given, and load files of the app. */
const electron = `
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const fake = require('./fake.cjs');
fake.startElectron({ home: process.env.APP_HOME, appPath: process.cwd() });
class BrowserWindow extends fake.BrowserWindow {
  constructor(options = {}) {
    const { preload } = options.webPreferences ?? {};
    super({ ...options, preloadScript() { delete require.cache[preload]; require(preload); } });
  }
  loadFile(path) {
    return this.loadURL(pathToFileURL(join(process.cwd(), path)).href);
  }
}
exports.app = fake.app;
exports.ipcMain = fake.ipcMain;
exports.protocol = fake.protocol;
exports.safeStorage = fake.safeStorage;
exports.BrowserWindow = BrowserWindow;
exports.contextBridge = undefined;
exports.ipcRenderer = undefined;
// There while a preload script runs, and not before.
Object.defineProperty(exports, 'contextBridge', { get: () => fake.contextBridge });
Object.defineProperty(exports, 'ipcRenderer', { get: () => fake.ipcRenderer });
`;

/** What Electron and a user do: the app gets ready, a page runs in its window, and another site's page tries as well. */
const drive = `
import { app, BrowserWindow } from 'electron';
await import('./main.ts');
app.becomeReady();
const isThere = (one) => one?.webContents.mainFrame.url.endsWith('/index.html');
while (!isThere(BrowserWindow.getAllWindows()[0])) await new Promise(setImmediate);
const [window] = BrowserWindow.getAllWindows();
globalThis.window = window.webContents.mainFrame.window;
globalThis.input = { value: process.env.USER_KEY };
const pieces = [];
globalThis.output = { append: (text) => void pieces.push(text) };
await import('./page.ts');
console.log(pieces.length > 1 && pieces.join('').length > 20 ? 'streamed' : 'not streamed: ' + JSON.stringify(pieces));
window.webContents.navigate('https://elsewhere.example/');
const { gemini } = window.webContents.mainFrame.window;
const asked = gemini.startChat({ prompt: 'hi' });
console.log(await asked.then(() => 'a stranger was let in', () => 'a stranger was refused'));
app.quit();
process.exit();
`;

/** Where a bundler has the types of a browser, the page has them too. */
export function electronFiles(root: string): PastedFile[] {
  const read = readPage(join(root, page), adapter);
  const marks = [['registerGemini();'], ["from '@sluice/electron/preload'"]];
  return marks.map((mark) => ({ page, code: exampleWith(read, mark) }));
}

/** @returns what went wrong */
export async function tryElectronApp(trial: Trial): Promise<string[]> {
  const project = join(trial.folder, 'electron');
  try {
    const read = readPage(join(trial.root, page), adapter);
    const problems = await installAsTold(project, read, { adapter, from: ['packages/electron'] }, trial);
    if (problems.length > 0) return problems.map((problem) => `Electron: ${page}: ${problem}`);
    await standIn(trial.root, join(project, 'node_modules', 'electron'));
    writeFileSync(join(project, 'main.ts'), exampleWith(read, [swap[0]]).replace(...swap));
    writeFileSync(join(project, 'page.ts'), exampleWith(read, ["from '@sluice/electron/renderer'"]));
    writeFileSync(join(project, 'drive.mjs'), drive);
    const { gemini } = JSON.parse(trial.pools) as {
      gemini: { baseUrl: string; projects: [{ keys: [string] }] };
    };
    const [{ keys }] = gemini.projects;
    const env = { PROVIDER: gemini.baseUrl, USER_KEY: keys[0], APP_HOME: join(project, 'home') };
    const { output } = await run(['node', 'drive.mjs'], { cwd: project, env });
    const isRight = /^streamed$/m.test(output) && /^a stranger was refused$/m.test(output);
    return isRight ? [] : [`Electron: ${page}, pasted: ${output.trim()}`];
  } catch (error) {
    return [`Electron: ${page}, pasted: ${(error as Error).message}`];
  }
}

async function standIn(root: string, home: string): Promise<void> {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['packages/electron/test/fake/electron.ts'],
    outfile: join(home, 'fake.cjs'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    logLevel: 'silent',
  });
  writeFileSync(join(home, 'index.cjs'), electron);
  writeFileSync(join(home, 'package.json'), '{ "name": "electron", "main": "index.cjs" }');
}
