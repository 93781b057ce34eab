import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { FakeBrowserWindow } from './windows.ts';

export class FakeApp extends EventEmitter {
  readonly windows = new Set<FakeBrowserWindow>();
  readonly #home: string;
  readonly #appPath: string;
  #isReady = false;

  constructor({ home, appPath }: { readonly home: string; readonly appPath: string }) {
    super();
    this.#home = home;
    this.#appPath = appPath;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  /** What a test does and Electron does by itself. */
  becomeReady(): void {
    this.#isReady = true;
    this.emit('ready', {});
  }

  whenReady(): Promise<void> {
    return this.#isReady ? Promise.resolve() : new Promise((resolve) => this.once('ready', () => resolve()));
  }

  getAppPath(): string {
    return this.#appPath;
  }

  getName(): string {
    return 'fake';
  }

  getPath(name: string): string {
    if (name === 'home') return this.#home;
    if (name === 'userData') return join(this.#home, 'config', 'fake');
    throw new Error(`Failed to get '${name}' path`);
  }

  /** "before-quit, then all windows are closed, then will-quit, then quit"; the first may be prevented, as may the third. */
  quit(): boolean {
    if (this.#isPreventedBy('before-quit')) return false;
    for (const window of [...this.windows]) window.destroy();
    if (this.#isPreventedBy('will-quit')) return false;
    this.emit('quit', {}, 0);
    return true;
  }

  #isPreventedBy(name: string): boolean {
    let isPrevented = false;
    this.emit(name, {
      preventDefault: () => {
        isPrevented = true;
      },
    });
    return isPrevented;
  }
}
