import { EventEmitter } from 'node:events';
import type { FakeApp } from './app.ts';
import { type FakeIpcMain, FakeIpcRenderer } from './ipc.ts';

let lastId = 0;

/** A document in a frame; another document is another one of these, with a routing id of its own. */
export class FakeFrame {
  readonly contents: FakeWebContents;
  readonly parent: FakeFrame | null;
  readonly url: string;
  readonly origin: string;
  readonly processId: number;
  readonly routingId: number;
  readonly detached = false;
  /** Of the page's world: what was exposed stands here. */
  readonly window: Record<string, unknown> = {};
  readonly ipcRenderer: FakeIpcRenderer;
  /** Everything that main has sent, listened to or not. */
  readonly received: { readonly channel: string; readonly args: readonly unknown[] }[] = [];
  /** The page hangs: what is sent to it waits. */
  isHanging = false;
  readonly #waiting: (() => void)[] = [];
  #waitingBytes = 0;
  #isDestroyed = false;

  constructor(contents: FakeWebContents, url: string, parent: FakeFrame | null, main: () => FakeIpcMain) {
    this.contents = contents;
    this.url = url;
    this.parent = parent;
    this.origin = originOf(url);
    this.processId = contents.processId;
    lastId += 1;
    this.routingId = lastId;
    this.ipcRenderer = new FakeIpcRenderer(this, main);
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  send(channel: string, ...args: unknown[]): void {
    if (this.#isDestroyed) throw new Error('Render frame was disposed before WebFrameMain could be accessed');
    const copies = structuredClone(args);
    setImmediate(() => {
      if (this.#isDestroyed) return;
      const deliver = (): void => {
        this.received.push({ channel, args: copies });
        this.ipcRenderer.emit(channel, { sender: this.ipcRenderer }, ...copies);
      };
      if (!this.isHanging) return deliver();
      this.#waiting.push(deliver);
      this.#waitingBytes += JSON.stringify(copies).length;
    });
  }

  /** What was sent to a page that hangs, in bytes of JSON. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The page is back. */
  wake(): void {
    this.isHanging = false;
    this.#waitingBytes = 0;
    for (const deliver of this.#waiting.splice(0)) deliver();
  }

  dispose(): void {
    this.#isDestroyed = true;
  }
}

type Preload = (renderer: FakeIpcRenderer, window: Record<string, unknown>, script: () => void) => void;

export interface WindowOptions {
  readonly webPreferences?: Readonly<Record<string, unknown>> | undefined;
  /** In the place of a path: what the preload script does. */
  readonly preloadScript?: (() => void) | undefined;
  readonly [name: string]: unknown;
}

export class FakeWebContents extends EventEmitter {
  processId = 1;
  mainFrame: FakeFrame;
  /** What was asked for and what it was told. */
  readonly permissions: {
    handler: ((contents: unknown, permission: string, answer: (isGiven: boolean) => void) => void) | null;
  } = { handler: null };
  readonly session = {
    setPermissionRequestHandler: (handler: NonNullable<FakeWebContents['permissions']['handler']>): void => {
      this.permissions.handler = handler;
    },
  };
  windowOpenHandler: ((details: { readonly url: string }) => { readonly action: string }) | null = null;
  readonly #iframes = new Set<FakeFrame>();
  readonly #script: () => void;
  readonly #main: () => FakeIpcMain;
  readonly #preload: Preload;
  #isDestroyed = false;

  constructor(script: () => void, main: () => FakeIpcMain, preload: Preload) {
    super();
    this.#script = script;
    this.#main = main;
    this.#preload = preload;
    this.mainFrame = this.#load('about:blank', null);
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  setWindowOpenHandler(handler: NonNullable<FakeWebContents['windowOpenHandler']>): void {
    this.windowOpenHandler = handler;
  }

  /**
   * Another document in the main frame. In this order: did-start-navigation, will-frame-navigate and will-navigate where
   * the page itself has asked (both can prevent it), did-frame-navigate, did-navigate.
   *
   * @returns whether it went there
   */
  navigate(url: string, { byPage = false } = {}): boolean {
    this.emit('did-start-navigation', { url, isMainFrame: true, isSameDocument: false });
    let isPrevented = false;
    const event = {
      url,
      preventDefault: () => {
        isPrevented = true;
      },
    };
    if (byPage) this.emit('will-frame-navigate', event);
    if (byPage && !isPrevented) this.emit('will-navigate', event, url);
    if (isPrevented) return false;
    this.#disposeAll();
    this.mainFrame = this.#load(url, null);
    this.emit('did-frame-navigate', {}, url, 200, 'OK', true, this.processId, this.mainFrame.routingId);
    this.emit('did-navigate', {}, url, 200, 'OK');
    return true;
  }

  reload(): void {
    this.navigate(this.mainFrame.url);
  }

  /** An iframe, with the preload script in it as `nodeIntegrationInSubFrames` would have it. */
  addFrame(url: string): FakeFrame {
    const frame = this.#load(url, this.mainFrame);
    this.#iframes.add(frame);
    return frame;
  }

  navigateFrame(old: FakeFrame, url: string): FakeFrame {
    this.emit('did-start-navigation', { url, isMainFrame: false, isSameDocument: false });
    old.dispose();
    this.#iframes.delete(old);
    const frame = this.addFrame(url);
    this.emit('did-frame-navigate', {}, url, 200, 'OK', false, this.processId, frame.routingId);
    return frame;
  }

  crash(): void {
    this.#disposeAll();
    this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 });
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#disposeAll();
    this.emit('destroyed', {});
  }

  #disposeAll(): void {
    this.mainFrame.dispose();
    for (const frame of this.#iframes) frame.dispose();
    this.#iframes.clear();
  }

  #load(url: string, parent: FakeFrame | null): FakeFrame {
    const frame = new FakeFrame(this, url, parent, this.#main);
    this.#preload(frame.ipcRenderer, frame.window, this.#script);
    return frame;
  }
}

export class FakeBrowserWindow extends EventEmitter {
  static #app: FakeApp | null = null;
  static #main: (() => FakeIpcMain) | null = null;
  static #preload: Preload | null = null;
  /** What every window's preload script does that brings none of its own. */
  static preloadScript: () => void = () => {};

  static start(app: FakeApp, main: () => FakeIpcMain, preload: Preload): void {
    FakeBrowserWindow.#app = app;
    FakeBrowserWindow.#main = main;
    FakeBrowserWindow.#preload = preload;
  }

  static getAllWindows(): FakeBrowserWindow[] {
    return [...(FakeBrowserWindow.#app?.windows ?? [])];
  }

  readonly webContents: FakeWebContents;
  readonly options: WindowOptions;

  constructor(options: WindowOptions = {}) {
    super();
    const [app, main, preload] = [FakeBrowserWindow.#app, FakeBrowserWindow.#main, FakeBrowserWindow.#preload];
    if (app === null || main === null || preload === null) throw new Error('startElectron comes first');
    this.options = options;
    const script = options.preloadScript ?? FakeBrowserWindow.preloadScript;
    this.webContents = new FakeWebContents(script, main, preload);
    app.windows.add(this);
    app.emit('web-contents-created', {}, this.webContents);
    this.webContents.once('destroyed', () => {
      app.windows.delete(this);
      this.emit('closed');
      if (app.windows.size === 0) app.emit('window-all-closed');
    });
  }

  async loadURL(url: string): Promise<void> {
    this.webContents.navigate(url);
    this.emit('ready-to-show');
  }

  show(): void {}

  destroy(): void {
    this.webContents.destroy();
  }
}

/** Of files it is `file://`; of what is opaque, `null` in letters. */
function originOf(url: string): string {
  const { protocol, host, origin } = new URL(url);
  if (protocol === 'file:') return 'file://';
  return origin === 'null' && host !== '' ? `${protocol}//${host}` : origin;
}
