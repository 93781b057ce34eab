/** The door of the main process: who asks, and with what, is looked at before anything else happens. */

import { isSluiceError } from '@sluice/core';
import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, WebContents, WebFrameMain } from 'electron';
import type { ZodType } from 'zod';
import type { Reply } from './channels.ts';
import { faultOf } from './plain-json.ts';
import type { FrameFacts } from './trusted-frames.ts';

/** Who has asked. */
export interface Asker {
  readonly frame: WebFrameMain;
  readonly contents: WebContents;
}

/** What a {@link Door} needs. */
export interface DoorParts {
  readonly ipcMain: IpcMain;
  readonly isTrusted: (frame: WebFrameMain | null) => frame is WebFrameMain;
  readonly maxRequestBytes: number;
  readonly onRefused: ((refused: { readonly channel: string; readonly url: string | null }) => void) | undefined;
}

/** The same words for everybody who may not ask, whatever was asked: they are told nothing by them. */
const refusal: Reply<never> = { ok: false, code: 'refused', message: 'Refused.' };

/** Channels that are open until {@link Door.close}. */
export class Door {
  readonly #parts: DoorParts;
  readonly #closing: (() => void)[] = [];

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Answers what is invoked. Expected trouble is data; what nobody expected is told to nobody outside. */
  answer<Question, Value>(
    channel: string,
    schema: ZodType<Question>,
    work: (question: Question, asker: Asker) => Value | Promise<Value>,
  ): void {
    const { ipcMain } = this.#parts;
    ipcMain.handle(channel, async (event, ...args: unknown[]): Promise<Reply<Value>> => {
      const asker = this.#askerOf(channel, event);
      if (asker === null) return refusal;
      const read = this.#read(schema, args);
      if ('fault' in read)
        return { ok: false, code: 'invalid_request', message: `The request was not understood: ${read.fault}.` };
      try {
        return { ok: true, value: await work(read.question, asker) };
      } catch (error) {
        if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message };
        return { ok: false, code: 'failed', message: 'The app could not do this.' };
      }
    });
    this.#closing.push(() => ipcMain.removeHandler(channel));
  }

  /** Hears what is sent. Nobody waits for an answer, so what is not understood is dropped. */
  hear<Message>(channel: string, schema: ZodType<Message>, work: (message: Message, asker: Asker) => void): void {
    const { ipcMain } = this.#parts;
    const listener = (event: IpcMainEvent, ...args: unknown[]): void => {
      const asker = this.#askerOf(channel, event);
      const read = asker === null ? null : this.#read(schema, args);
      if (asker !== null && read !== null && 'question' in read) work(read.question, asker);
    };
    ipcMain.on(channel, listener);
    this.#closing.push(() => ipcMain.off(channel, listener));
  }

  close(): void {
    for (const close of this.#closing.splice(0)) close();
  }

  /** Asked before anything is awaited: afterwards the frame may be gone, or show something else. */
  #askerOf(channel: string, event: IpcMainEvent | IpcMainInvokeEvent): Asker | null {
    const { isTrusted, onRefused } = this.#parts;
    const frame = event.senderFrame;
    if (isTrusted(frame)) return { frame, contents: event.sender };
    // Later, so that a listener that throws does not decide what the frame is answered.
    const url = urlOf(frame);
    if (onRefused !== undefined) queueMicrotask(() => onRefused({ channel, url }));
    return null;
  }

  #read<Question>(schema: ZodType<Question>, args: readonly unknown[]): { question: Question } | { fault: string } {
    if (args.length > 1) return { fault: 'more than one argument' };
    const fault = faultOf(args[0], this.#parts.maxRequestBytes);
    if (fault !== null) return { fault };
    const parsed = schema.safeParse(args[0]);
    if (parsed.success) return { question: parsed.data };
    // Messages of zod name what was expected, and never the value that came.
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.').slice(0, 100) ?? '';
    return { fault: `${where === '' ? '' : `${where}: `}${(issue?.message ?? 'no such shape').slice(0, 200)}` };
  }
}

function urlOf(frame: Pick<FrameFacts, 'url'> | null): string | null {
  try {
    return frame?.url ?? null;
  } catch {
    return null;
  }
}
