import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { _electron, type ElectronApplication } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../src/bundle.ts';
import { electronProgram } from '../src/electron-program.ts';

const program = electronProgram(process.env);

if (program === null)
  test('skipped: Electron’s program is not on this machine (fetch it, or set ELECTRON_PATH)', (context) =>
    context.skip());

describe.runIf(program !== null)('in Electron itself', () => {
  let folder: string;
  let home: string;
  let screen: ChildProcess | null = null;
  let display = process.env.DISPLAY;
  let app: ElectronApplication;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-chat-bundle-'));
    home = mkdtempSync(join(tmpdir(), 'sluice-chat-home-'));
    await bundle(folder);
    if (process.platform !== 'linux' || display !== undefined) return;
    // A screen that nobody looks at; it says its own number.
    screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const [number] = (await once(screen.stdio[3] as Readable, 'data')) as [Buffer];
    display = `:${number.toString().trim()}`;
  }, 60_000);
  afterEach(() => app?.close());
  afterAll(() => {
    screen?.kill();
    for (const path of [folder, home]) rmSync(path, { recursive: true, force: true });
  });

  test('a question is answered, a key is saved, and nothing of Node is in the page', async () => {
    // Chromium's own sandbox refuses to run as root.
    const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const env = { PATH: process.env.PATH ?? '', HOME: home, ...(display === undefined ? {} : { DISPLAY: display }) };
    app = await _electron.launch({ executablePath: program ?? '', args: [folder, ...flags], env });
    const page = await app.firstWindow();
    await page.locator('#question').fill('Why is the sky blue?');
    await page.locator('#question').press('Enter');
    await page.locator('.theirs[data-state=ended]').waitFor();
    expect(await page.locator('.theirs p').innerText()).toContain('a test can count on them.');
    const names = '[typeof require, typeof process, typeof module, Object.keys(gemini).length > 5].join()';
    expect(await page.evaluate(names)).toBe('undefined,undefined,undefined,true');
    await page.locator('#settings').click();
    await page.locator('#key').fill('a-key-that-is-only-for-this-test');
    await page.locator('#save').click();
    await page.locator('#settings[data-state=saved], #settings[data-state=session]').waitFor();
  }, 60_000);
});
