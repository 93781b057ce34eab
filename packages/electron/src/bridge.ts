/** The window's end of the bridge: plain functions and copies, over whatever sends and receives. */

import { events, questions, type Reply, type SentChunk, takenChannel } from './channels.ts';
import type { ChatEvents, ChatPart, GeminiBridge, KeyState } from './contract.ts';

/** What is used of `ipcRenderer`. */
export interface WindowIpc {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
  send(channel: string, ...args: unknown[]): void;
  on(channel: string, listener: (event: unknown, message: unknown) => void): unknown;
}

type Listeners = { readonly [Name in keyof ChatEvents]: Set<(event: ChatEvents[Name]) => unknown> };

/**
 * Every chunk is acknowledged when its listeners are done with it, because IPC itself never says that a window is
 * behind. A window that hangs runs nothing, this neither, and so holds its streams without anybody's doing.
 */
export function bridgeOver(ipc: WindowIpc): GeminiBridge {
  const listeners: Listeners = { newChunk: new Set(), streamEnd: new Set(), streamError: new Set() };
  /** What comes of other ids was cancelled, or is meant for the page that was here before. */
  const running = new Set<string>();

  const ask = async <Value>(channel: string, ...args: unknown[]): Promise<Value> => {
    const reply = (await ipc.invoke(channel, ...args)) as Reply<Value>;
    if (reply.ok) return reply.value;
    throw new Error(reply.message);
  };

  ipc.on(events.newChunk, (_event, message) => {
    const { id, seq, parts } = message as SentChunk;
    if (!running.has(id)) return;
    const chunk = { id, text: textOf(parts), parts };
    const pending = tell(listeners.newChunk, chunk).filter(isThenable);
    const take = (): void => ipc.send(takenChannel, { id, seq });
    if (pending.length === 0) take();
    else void Promise.allSettled(pending).then(take);
  });
  for (const name of ['streamEnd', 'streamError'] as const) {
    ipc.on(events[name], (_event, message) => {
      const event = message as ChatEvents[typeof name];
      if (running.delete(event.id)) tell(listeners[name] as Set<(event: unknown) => unknown>, event);
    });
  }

  return {
    saveApiKey: (key, passphrase) => ask(questions.saveKey, { key, passphrase }),
    unlockApiKey: (passphrase) => ask(questions.unlockKey, { passphrase }),
    deleteApiKey: () => ask(questions.deleteKey),
    keyState: () => ask(questions.keyState),
    hasApiKey: async () => ['saved', 'session'].includes((await ask<KeyState>(questions.keyState)).state),
    async startChat(request) {
      const id = await ask<string>(questions.startChat, request);
      running.add(id);
      ipc.send(takenChannel, { id, seq: 0 });
      return id;
    },
    cancel(id) {
      running.delete(id);
      return ask(questions.cancelChat, { id });
    },
    on(name, listener) {
      // One function may listen twice, and each is stopped by itself.
      const entry = (event: ChatEvents[typeof name]): unknown => listener(event);
      listeners[name].add(entry);
      return () => void listeners[name].delete(entry);
    },
  };
}

function textOf(parts: readonly ChatPart[]): string {
  return parts.map(({ text = '', thought }) => (thought ? '' : text)).join('');
}

function tell<Event>(listeners: ReadonlySet<(event: Event) => unknown>, event: Event): unknown[] {
  return [...listeners].map((listener) => {
    try {
      return listener(event);
    } catch (error) {
      console.error(error); // the fault of one listener is not the others' loss
      return undefined;
    }
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
