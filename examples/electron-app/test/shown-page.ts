/**
 * The app's page in a real Chromium: its own files under its own policy, and its own preload script, bundled as for
 * Electron. Where Electron would stand in between, `ipcRenderer` leads to a frame of the fake; there is one world for both
 * the page and the script, and the address begins with `http:`, because Chromium knows no `app:`.
 */

import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { FakeFrame } from '../../../packages/electron/test/fake/windows.ts';
import { servePage } from '../src/page-files.ts';
import type { RunningApp } from './running-app.ts';

/** Chromium takes it for secure, as it does the page's own address in Electron. */
const origin = 'http://chat.localhost';

export interface ShownPage {
  readonly page: Page;
  /** As a user does it: the document goes, and another one comes. */
  reload(): Promise<void>;
}

export interface ShowOptions {
  /** The bundled script. */
  readonly preload: string;
  readonly colorScheme?: 'light' | 'dark' | undefined;
  /** Hears of errors of the page. */
  readonly onTrouble: (text: string) => void;
}

export async function showPage(browser: Browser, { window }: RunningApp, options: ShowOptions): Promise<ShownPage> {
  const { preload, colorScheme = 'light', onTrouble } = options;
  const context: BrowserContext = await browser.newContext({ colorScheme, viewport: { width: 1_080, height: 720 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => onTrouble(error.message));
  page.on('console', (message) => void (message.type() === 'error' && onTrouble(message.text())));
  const frame = (): FakeFrame => window.webContents.mainFrame;

  await page.exposeFunction('mainInvoke', (channel: string, args: unknown[]) =>
    frame().ipcRenderer.invoke(channel, ...args),
  );
  await page.exposeFunction('mainSend', (channel: string, args: unknown[]) =>
    frame().ipcRenderer.send(channel, ...args),
  );
  let delivered = Promise.resolve();
  const connect = (): void => {
    for (const channel of ['sluice:newChunk', 'sluice:streamEnd', 'sluice:streamError']) {
      frame().ipcRenderer.on(channel, (_event: unknown, message: unknown) => {
        // In their order, as there.
        delivered = delivered.then(() => page.evaluate(deliver, [channel, message] as const)).catch(() => {});
      });
    }
  };
  connect();
  await page.addInitScript({ content: inItsWorld(readFileSync(preload, 'utf8')) });
  await page.route(`${origin}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    const answer = await servePage(new Request(`app://chat${pathname}`));
    const body = Buffer.from(await answer.arrayBuffer());
    await route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body });
  });
  const path = window.webContents.mainFrame.url.replace('app://chat', '');
  await page.goto(origin + path);
  return {
    page,
    async reload() {
      window.webContents.reload();
      connect();
      await page.reload();
    },
  };
}

/** What a sandboxed preload script finds: `require` of `electron`, and of nothing else. */
function inItsWorld(script: string): string {
  return `(() => {
    const listeners = new Map();
    globalThis.fromMain = (channel, message) => (listeners.get(channel) ?? []).forEach((one) => one({}, message));
    const electron = {
      contextBridge: { exposeInMainWorld: (name, api) => { globalThis[name] = Object.freeze(api); } },
      ipcRenderer: {
        invoke: (channel, ...args) => mainInvoke(channel, args),
        send: (channel, ...args) => void mainSend(channel, args),
        on: (channel, listener) => void listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      },
    };
    const require = (name) => { if (name === 'electron') return electron; throw new Error('module not found: ' + name); };
    ${script}
  })();`;
}

function deliver([channel, message]: readonly [string, unknown]): void {
  (globalThis as unknown as { fromMain(channel: string, message: unknown): void }).fromMain(channel, message);
}
