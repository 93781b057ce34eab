/** The app's main process in this one, on a fake Electron, with a simulator as its provider. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GeminiBackend } from '@sluice/electron';
import { demoKey, type Simulator, type SimulatorOptions, startSimulator } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import * as electron from '../../../packages/electron/test/fake/electron.ts';
import type { Keyring } from '../../../packages/electron/test/fake/safe-storage.ts';
import type { FakeBrowserWindow } from '../../../packages/electron/test/fake/windows.ts';
import { startChatApp } from '../src/app.ts';

export interface RunningApp {
  readonly simulator: Simulator;
  readonly backend: GeminiBackend;
  readonly window: FakeBrowserWindow;
  /** Fails when something is still under way. */
  close(): Promise<void>;
}

export interface RunningOptions extends SimulatorOptions {
  readonly keyring?: Keyring | undefined;
  /** Answers without a key, as when it is started without one. */
  readonly isDemo?: boolean | undefined;
}

export async function runningApp({ keyring, isDemo = false, ...options }: RunningOptions = {}): Promise<RunningApp> {
  const simulator = await startSimulator(options);
  const home = mkdtempSync(join(tmpdir(), 'sluice-chat-'));
  electron.startElectron({ home, appPath: '/opt/chat', keyring });
  const given = isDemo ? { keys: demoKey, baseUrl: simulator.url } : undefined;
  const started = startChatApp({ given, isDemo, preload: '/opt/chat/preload.cjs', pool: { baseUrl: simulator.url } });
  electron.app.becomeReady();
  const backend = await started;
  const [window] = electron.BrowserWindow.getAllWindows();
  if (window === undefined) throw new Error('the app has opened no window');
  return {
    simulator,
    backend,
    window,
    async close() {
      electron.app.quit();
      await backend.close();
      await eventually('everything is over', () => simulator.journal.running === 0 && backend.openStreams === 0);
      await simulator.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
