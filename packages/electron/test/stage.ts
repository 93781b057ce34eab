/** An app on a fake Electron, whose provider is a simulator. Files that use it mock `electron` by `fake/electron.ts`. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GeminiBackend, type GeminiOptions, registerGemini } from '@sluice/electron';
import { exposeGemini } from '@sluice/electron/preload';
import type { ChatEvents, GeminiBridge } from '@sluice/electron/renderer';
import { demoKey, type Simulator, type SimulatorOptions, startSimulator } from '@sluice/simulator';
import { eventually, neverShed } from '@sluice/testkit';
import { expect } from 'vitest';
import * as electron from './fake/electron.ts';
import type { Keyring } from './fake/safe-storage.ts';
import { FakeBrowserWindow, type FakeFrame, type FakeWebContents } from './fake/windows.ts';

export type Told = { [Name in keyof ChatEvents]: { readonly name: Name } & ChatEvents[Name] }[keyof ChatEvents];

/** A window of the app, and what its page has heard. */
export interface Page {
  readonly contents: FakeWebContents;
  readonly frame: FakeFrame;
  readonly gemini: GeminiBridge;
  readonly told: Told[];
  /** Resolves with the event that ends a chat. */
  ended(id: string): Promise<Told>;
}

export interface Stage {
  readonly home: string;
  readonly simulator: Simulator;
  readonly backend: GeminiBackend;
  /** What the app was started with, to be started with again. */
  restart(options?: StartOptions): Promise<void>;
  open(url?: string): Page;
  /** What stands in the folder of the key, by name. */
  files(): Record<string, string>;
  modeOf(name?: string): string;
  /** Fails where anything is still under way. */
  close(): Promise<void>;
}

export interface StartOptions {
  readonly keyring?: Keyring | undefined;
  readonly isAsync?: boolean | undefined;
  readonly gemini?: GeminiOptions | undefined;
  /** The system says that what it has decrypted should be encrypted again. */
  readonly isStale?: boolean | undefined;
  /** @default that of the demo, saved */
  readonly key?: string | null | undefined;
}

const appPath = '/opt/app';
export const ownUrl = 'file:///opt/app/index.html';

export async function openStage(
  options: StartOptions & { readonly simulator?: SimulatorOptions } = {},
): Promise<Stage> {
  const simulator = await startSimulator(options.simulator);
  const home = mkdtempSync(join(tmpdir(), 'sluice-electron-'));
  const folder = join(home, 'config', 'fake', 'sluice');
  let backend: GeminiBackend;

  async function start({ keyring, isAsync, isStale = false, gemini = {}, key = demoKey }: StartOptions): Promise<void> {
    electron.startElectron({ home, appPath, keyring, isAsync });
    electron.safeStorage.isStale = isStale;
    FakeBrowserWindow.preloadScript = exposeGemini;
    const gateway = { overload: neverShed, ...gemini.gateway };
    backend = registerGemini({ ...gemini, gateway, pool: { baseUrl: simulator.url, ...gemini.pool } });
    electron.app.becomeReady();
    await backend.ready();
    if (key !== null) await backend.saveApiKey(key);
  }

  async function stop(): Promise<void> {
    electron.app.quit();
    await backend.close();
    await eventually('nothing is under way', () => simulator.journal.running === 0 && backend.openStreams === 0);
    expect(backend.gateway.snapshot().open).toBe(0);
  }

  await start(options);
  return {
    home,
    simulator,
    get backend() {
      return backend;
    },
    async restart(again = {}) {
      await stop();
      await start({ ...options, key: null, ...again });
    },
    open: (url = ownUrl) => openPage(url),
    files() {
      const names = readdirSync(folder, { withFileTypes: true }).map(({ name }) => name);
      return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
    },
    modeOf: (name = '') => (statSync(join(folder, name)).mode & 0o777).toString(8),
    async close() {
      await stop();
      await simulator.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function openPage(url: string): Page {
  const { webContents: contents } = new FakeBrowserWindow();
  contents.navigate(url);
  return pageOf(contents.mainFrame);
}

/** What the page of a frame has. */
export function pageOf(frame: FakeFrame): Page {
  const gemini = frame.window.gemini as GeminiBridge;
  const told: Told[] = [];
  for (const name of ['newChunk', 'streamEnd', 'streamError'] as const)
    gemini.on(name, (event) => void told.push({ name, ...event } as Told));
  return {
    contents: frame.contents,
    frame,
    gemini,
    told,
    async ended(id) {
      const end = (): Told | undefined => told.find((event) => event.id === id && event.name !== 'newChunk');
      await eventually('the chat ends', () => end() !== undefined, 10_000);
      return end() as Told;
    },
  };
}

/** The text that a page was told. */
export function textOf(told: readonly Told[], id: string): string {
  return told.map((event) => (event.name === 'newChunk' && event.id === id ? event.text : '')).join('');
}
