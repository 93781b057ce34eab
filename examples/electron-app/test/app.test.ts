import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import * as electron from '../../../packages/electron/test/fake/electron.ts';
import { bundle } from '../src/bundle.ts';
import { servePage } from '../src/page-files.ts';
import { type RunningApp, runningApp } from './running-app.ts';

vi.mock('electron', () => import('../../../packages/electron/test/fake/electron.ts'));

describe('the window', () => {
  let app: RunningApp;
  afterEach(() => app.close());

  test('has a page without Node, in a sandbox, in a world of its own', async () => {
    app = await runningApp();
    expect(app.window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
    });
    expect(app.window.webContents.mainFrame.url).toBe('app://chat/index.html');
    expect(electron.protocol.schemes).toMatchObject([{ scheme: 'app' }]);
  });

  test('shows nothing but its own page, and opens outside what is on the list', async () => {
    app = await runningApp();
    const { webContents } = app.window;
    expect(webContents.navigate('https://evil.example/', { byPage: true })).toBe(false);
    expect(webContents.mainFrame.url).toBe('app://chat/index.html');
    const wanted = [
      'https://aistudio.google.com/apikey',
      'http://aistudio.google.com/apikey',
      'https://aistudio.google.com.evil.example/',
      'https://evil.example/https://aistudio.google.com',
      'file:///etc/passwd',
      'smb://evil.example/share',
      'javascript:alert(1)',
      'not a url',
    ];
    for (const url of wanted) expect(webContents.windowOpenHandler?.({ url })).toEqual({ action: 'deny' });
    expect(electron.shell.opened).toEqual(['https://aistudio.google.com/apikey']);
    const answers: boolean[] = [];
    webContents.permissions.handler?.(webContents, 'media', (isGiven) => answers.push(isGiven));
    expect(answers).toEqual([false]);
  });

  test('gets its files, under a policy that lets nothing else run, and no others', async () => {
    app = await runningApp();
    const index = await servePage(new Request('app://chat/index.html?demo'));
    expect(index.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self'/);
    expect(await index.text()).not.toMatch(/<script(?! type="module" src=)|<style|style=|onclick=/);
    for (const path of ['app.ts', '../app.ts', '%2e%2e/app.ts', '', 'toString', 'page.css/', '..%2fapp.ts'])
      expect((await servePage(new Request(`app://chat/${path}`))).status).toBe(404);
  });
});

describe('what Electron is given', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-chat-bundle-'));
    await bundle(folder);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('the preload script is one file that requires nothing but electron', () => {
    const script = readFileSync(join(folder, 'preload.cjs'), 'utf8');
    expect([...script.matchAll(/require\(["']([^"']+)["']\)/g)].map(([, name]) => name)).toEqual(['electron']);
    expect(script).not.toMatch(/\bimport\s*\(|node:|zod/);
    expect(script.length).toBeLessThan(20_000);
  });

  test('the main file runs without anything beside it, and opens its window', async () => {
    const stub = join(folder, 'node_modules', 'electron');
    mkdirSync(stub, { recursive: true });
    writeFileSync(join(stub, 'package.json'), '{"name":"electron","main":"index.js"}');
    writeFileSync(join(stub, 'index.js'), electronInWords(folder));
    const env = { PATH: process.env.PATH, NODE_ENV: 'test' } as const;
    const child = spawn(process.execPath, [join(folder, 'main.mjs')], { env });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => {
        said += piece.toString();
      });
    await new Promise((resolve) => child.once('close', resolve));
    expect(said.trim()).toBe('window app://chat/index.html?demo');
  }, 60_000);
});

test('started where there is no Electron, it says in words what to do', async () => {
  const start = fileURLToPath(new URL('../src/start.ts', import.meta.url));
  const env = { PATH: process.env.PATH, NODE_ENV: 'test', ELECTRON_PATH: '/nowhere/electron' } as const;
  const child = spawn(process.execPath, ['--conditions=@sluice/source', start], { env });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(1);
  expect(said).toContain('install.js');
  expect(said).not.toMatch(/\n\s+at |Error/);
}, 30_000);

/** Enough of Electron to be started on: every name that is imported, and a window that ends the process. */
function electronInWords(home: string): string {
  return `
    const any = new Proxy(function () {}, { get: (_, name) => (name === 'then' ? undefined : any), apply: () => any });
    exports.app = { on() {}, off() {}, once() {}, whenReady: async () => {}, getPath: () => ${JSON.stringify(home)}, getAppPath: () => ${JSON.stringify(home)} };
    exports.ipcMain = any;
    exports.protocol = any;
    exports.safeStorage = { isEncryptionAvailable: () => false };
    exports.shell = any;
    exports.BrowserWindow = class {
      once() {}
      async loadURL(url) { console.log('window ' + url); process.exit(0); }
      static getAllWindows() { return []; }
    };
  `;
}
