/**
 * Electron as far as this package and its example use it, in one process and without Chromium. It follows the pages of
 * electronjs.org/docs/api and `electron.d.ts` of 45.4.1 (read 2026-11-21): ipcMain, ipcRenderer, contextBridge, webContents
 * (navigation events and their order), webFrameMain, app, safeStorage, protocol, shell.
 *
 * Not as there: all worlds are one realm, so nothing proves that prototypes do not leak; messages never get lost.
 */

import { FakeApp } from './app.ts';
import { FakeContextBridge } from './context-bridge.ts';
import { FakeIpcMain, type FakeIpcRenderer } from './ipc.ts';
import { FakeProtocol } from './protocol.ts';
import { FakeSafeStorage, type Keyring } from './safe-storage.ts';
import { FakeBrowserWindow } from './windows.ts';

/** As modules see them; each is new for each {@link startElectron}. */
export let app: FakeApp = new FakeApp({ home: '/nowhere', appPath: '/nowhere/app' });
export let ipcMain: FakeIpcMain = new FakeIpcMain();
export let safeStorage: FakeSafeStorage = new FakeSafeStorage('keychain', () => false);
export let protocol: FakeProtocol = new FakeProtocol(() => false);
export let shell: { readonly opened: string[]; openExternal(url: string): Promise<void> } = fakeShell();
/** While a preload script runs; there are as many as there are frames. */
export let contextBridge: FakeContextBridge | undefined;
export let ipcRenderer: FakeIpcRenderer | undefined;
export const BrowserWindow: typeof FakeBrowserWindow = FakeBrowserWindow;

export interface ElectronOptions {
  /** What `home` is, and `userData` is in. */
  readonly home: string;
  readonly appPath: string;
  /** Who encrypts. @default 'keychain' */
  readonly keyring?: Keyring | undefined;
  /** Releases before 2026 have only the synchronous half of `safeStorage`. @default true */
  readonly isAsync?: boolean | undefined;
}

/** A fresh app that is not ready yet. A keyring that is handed over still knows what it has encrypted. */
export function startElectron({ home, appPath, keyring = 'keychain', isAsync = true }: ElectronOptions): void {
  const started = new FakeApp({ home, appPath });
  app = started;
  ipcMain = new FakeIpcMain();
  safeStorage = new FakeSafeStorage(keyring, () => started.isReady(), isAsync);
  protocol = new FakeProtocol(() => started.isReady());
  shell = fakeShell();
  FakeBrowserWindow.start(started, () => ipcMain, preload);
}

/** Runs a preload script in a world of its own. */
function preload(renderer: FakeIpcRenderer, window: Record<string, unknown>, script: () => void): void {
  contextBridge = new FakeContextBridge(window);
  ipcRenderer = renderer;
  try {
    script();
  } finally {
    contextBridge = undefined;
    ipcRenderer = undefined;
  }
}

function fakeShell(): typeof shell {
  const opened: string[] = [];
  return { opened, openExternal: async (url) => void opened.push(url) };
}
