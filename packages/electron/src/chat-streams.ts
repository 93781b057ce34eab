/** All answers under way, by the frame that has asked; nobody else hears of them, or can end them. */

import { randomUUID } from 'node:crypto';
import { type Clock, SluiceError } from '@sluice/core';
import type { WebContents, WebFrameMain } from 'electron';
import type { Ending } from './ask.ts';
import { ChatStream, type StreamLimits } from './chat-stream.ts';
import type { ChatPart } from './contract.ts';
import type { Asker } from './incoming.ts';

/** What all streams keep to. */
export interface StreamsLimits extends StreamLimits {
  readonly maxStreamsPerFrame: number;
}

interface Running {
  readonly stream: ChatStream;
  readonly frame: WebFrameMain;
  readonly frameKey: string;
  readonly contents: WebContents;
}

/** Streams end with what they are for: the frame's document, its process, its window, the app. */
export class ChatStreams {
  readonly #limits: StreamsLimits;
  readonly #clock: Clock;
  readonly #running = new Map<string, Running>();
  readonly #watched = new Map<WebContents, () => void>();

  constructor(limits: StreamsLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get size(): number {
    return this.#running.size;
  }

  /** @throws SluiceError `rate_limited` when the frame has as many as it may */
  start(
    { frame, contents }: Asker,
    open: (signal: AbortSignal) => AsyncGenerator<readonly ChatPart[], Ending, void>,
  ): string {
    // The key was waited for; the window may have gone meanwhile, and then says so to nobody.
    if (isGone(frame)) throw new SluiceError('forbidden', 'The frame that asked is gone.');
    const { maxStreamsPerFrame } = this.#limits;
    const frameKey = keyOf(frame);
    if ([...this.#running.values()].filter((one) => one.frameKey === frameKey).length >= maxStreamsPerFrame)
      throw new SluiceError(
        'rate_limited',
        `There are ${maxStreamsPerFrame} answers under way in this window already.`,
      );
    this.#watch(contents);
    const id = randomUUID();
    const send = (channel: string, message: unknown): boolean => sendTo(frame, frameKey, channel, message);
    const onOver = (): void => void this.#running.delete(id);
    const stream = new ChatStream({ id, send, open, onOver }, this.#limits, this.#clock);
    this.#running.set(id, { stream, frame, frameKey, contents });
    void stream.run();
    return id;
  }

  /** @returns whether there was something to end */
  cancel(id: string, frame: WebFrameMain): boolean {
    const running = this.#of(id, frame);
    running?.stream.leave();
    return running !== undefined;
  }

  taken(id: string, seq: number, frame: WebFrameMain): void {
    this.#of(id, frame)?.stream.taken(seq);
  }

  close(): void {
    this.#leaveWhere(() => true);
    for (const stop of this.#watched.values()) stop();
    this.#watched.clear();
  }

  #of(id: string, frame: WebFrameMain): Running | undefined {
    const running = this.#running.get(id);
    return running?.frameKey === keyOf(frame) ? running : undefined;
  }

  #watch(contents: WebContents): void {
    if (this.#watched.has(contents)) return;
    const leave = (): void => this.#leaveWhere((one) => one.contents === contents);
    // When the new document is there, not when it is begun: `will-navigate` may still refuse it, and the old one stays.
    const onNavigate = (
      _: unknown,
      __: string,
      ___: number,
      ____: string,
      isMainFrame: boolean,
      ...ids: number[]
    ): void =>
      this.#leaveWhere(
        (one) => one.contents === contents && (isMainFrame || one.frameKey === ids.join(':') || isGone(one.frame)),
      );
    const stop = (): void => {
      contents.off('did-frame-navigate', onNavigate);
      contents.off('render-process-gone', leave);
      contents.off('destroyed', onDestroyed);
      this.#watched.delete(contents);
    };
    const onDestroyed = (): void => {
      leave();
      stop();
    };
    contents.on('did-frame-navigate', onNavigate);
    contents.on('render-process-gone', leave);
    contents.on('destroyed', onDestroyed);
    this.#watched.set(contents, stop);
  }

  #leaveWhere(isMeant: (one: Running) => boolean): void {
    for (const one of [...this.#running.values()]) if (isMeant(one)) one.stream.leave();
  }
}

/** Electron's own objects for frames are not always the same one for the same frame. */
function keyOf({ processId, routingId }: WebFrameMain): string {
  return `${processId}:${routingId}`;
}

function isGone(frame: WebFrameMain): boolean {
  return frame.isDestroyed() || frame.detached;
}

/** Another document in the frame is another frame to us. */
function sendTo(frame: WebFrameMain, frameKey: string, channel: string, message: unknown): boolean {
  try {
    if (isGone(frame) || keyOf(frame) !== frameKey) return false;
    frame.send(channel, message);
    return true;
  } catch {
    return false; // it went in between
  }
}
