/** The main process: one window with a chat in it. The key, the calls and everything that is secret stay here. */

import type { PoolOptions } from '@sluice/core';
import { type GeminiBackend, type GivenKeys, registerGemini } from '@sluice/electron';
import { app, BrowserWindow, protocol } from 'electron';
import { keepInside } from './inside.ts';
import { pageScheme, servePage } from './page-files.ts';

/** What the app is told from outside. */
export interface ChatAppOptions {
  /** Keys for users who have none yet. */
  readonly given?: GivenKeys | undefined;
  /** The given keys are a simulator's, and the page says so. */
  readonly isDemo: boolean;
  /** The file of the preload script. */
  readonly preload: string;
  /** Where the user's key is good for. @default Google's */
  readonly pool?: Omit<PoolOptions, 'projects'> | undefined;
}

/** Opens the first window when the app is ready. To be called before that, once. */
export async function startChatApp({ given, isDemo, preload, pool }: ChatAppOptions): Promise<GeminiBackend> {
  // `standard` gives the page an origin of its own, and with it a storage and a policy that mean something.
  protocol.registerSchemesAsPrivileged([
    { scheme: pageScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  app.on('web-contents-created', (_event, contents) => keepInside(contents));
  const backend = registerGemini({ given, pool, gateway: { cache: { ttlMs: 10 * 60_000 } } });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });

  await app.whenReady();
  protocol.handle(pageScheme, servePage);
  const open = (): Promise<void> => openWindow({ isDemo, preload });
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) void open();
  });
  await open();
  return backend;
}

async function openWindow({ isDemo, preload }: Pick<ChatAppOptions, 'isDemo' | 'preload'>): Promise<void> {
  const window = new BrowserWindow({
    width: 1_080,
    height: 760,
    minWidth: 640,
    minHeight: 420,
    show: false,
    title: 'Chat',
    // The defaults of today, said all the same: what the page may do hangs on them.
    webPreferences: { preload, contextIsolation: true, sandbox: true, nodeIntegration: false, webSecurity: true },
  });
  window.once('ready-to-show', () => window.show());
  await window.loadURL(`${pageScheme}://chat/index.html${isDemo ? '?demo' : ''}`);
}
