import { EventEmitter } from 'node:events';
import type { FakeFrame, FakeWebContents } from './windows.ts';

type Handler = (event: FakeIpcEvent, ...args: unknown[]) => unknown;

/** Of main. One handler for a channel, as there. */
export class FakeIpcMain extends EventEmitter {
  readonly handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    if (this.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.handlers.set(channel, handler);
  }

  removeHandler(channel: string): void {
    this.handlers.delete(channel);
  }
}

class FakeIpcEvent {
  readonly sender: FakeWebContents;
  readonly processId: number;
  readonly frameId: number;
  readonly type = 'frame';
  readonly #frame: FakeFrame;

  constructor(frame: FakeFrame) {
    this.#frame = frame;
    this.sender = frame.contents;
    this.processId = frame.processId;
    this.frameId = frame.routingId;
  }

  /** "May be null if accessed after the frame has either navigated or been destroyed." */
  get senderFrame(): FakeFrame | null {
    return this.#frame.isDestroyed() ? null : this.#frame;
  }
}

/**
 * Of one frame. Arguments are cloned by the structured clone algorithm both ways, so functions throw. Messages keep their
 * order; replies to `invoke` take a way of their own, and here always the longer one: nobody may count on who is first.
 */
export class FakeIpcRenderer extends EventEmitter {
  readonly #frame: FakeFrame;
  readonly #main: () => FakeIpcMain;

  constructor(frame: FakeFrame, main: () => FakeIpcMain) {
    super();
    this.#frame = frame;
    this.#main = main;
  }

  send(channel: string, ...args: unknown[]): void {
    const copies = structuredClone(args);
    setImmediate(() => {
      if (!this.#frame.isDestroyed()) this.#main().emit(channel, new FakeIpcEvent(this.#frame), ...copies);
    });
  }

  async invoke(channel: string, ...args: unknown[]): Promise<unknown> {
    const copies = structuredClone(args);
    await turn();
    if (this.#frame.isDestroyed()) return new Promise(() => {});
    const handler = this.#main().handlers.get(channel);
    try {
      if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
      const answer: unknown = structuredClone(await handler(new FakeIpcEvent(this.#frame), ...copies));
      await turn();
      await turn();
      return this.#frame.isDestroyed() ? await new Promise(() => {}) : answer;
    } catch (error) {
      throw new Error(`Error invoking remote method '${channel}': ${String(error)}`);
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
