/**
 * Entry `@sluice/electron/renderer`: what a page knows as `window.gemini`, and an answer as something to iterate over.
 *
 * @module
 */

import type { ChatRequest, GeminiBridge, NewChunk, StreamEnd, StreamError } from './contract.ts';

export type {
  ChatConfig,
  ChatEvents,
  ChatPart,
  ChatRequest,
  ChatTurn,
  ChatUsage,
  GeminiBridge,
  KeyState,
  NewChunk,
  StreamEnd,
  StreamError,
} from './contract.ts';

declare global {
  interface Window {
    readonly gemini: GeminiBridge;
  }
}

/** What {@link chat} throws when there is no more of an answer. */
export interface ChatError extends Error, Omit<StreamError, 'id' | 'message'> {
  readonly name: 'ChatError';
}

type Arrival =
  | { readonly chunk: NewChunk; readonly take: () => void }
  | { readonly end: StreamEnd }
  | { error: unknown };

/**
 * Asks, and hands out the answer piece by piece. Whoever is slow to take the next piece holds the provider; whoever leaves
 * the loop, or aborts, ends its call.
 *
 * @returns the end of the answer, as the generator's return value
 * @throws ChatError with the code of the `streamError`; the signal's reason when it is aborted
 * @example
 * export async function ask(gemini: GeminiBridge): Promise<void> {
 *   for await (const { text } of chat(gemini, { prompt: 'Why is the sky blue?' })) console.log(text);
 * }
 */
export async function* chat(
  bridge: GeminiBridge,
  request: ChatRequest,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<NewChunk, StreamEnd, void> {
  signal?.throwIfAborted();
  const id = await bridge.startChat(request);
  const arrivals: Arrival[] = [];
  let isOver = false;
  let wake = (): void => {};
  const arrive = (arrival: Arrival): void => {
    arrivals.push(arrival);
    wake();
  };
  const isMine = (event: { readonly id: string }): boolean => event.id === id;
  const stopListening = [
    bridge.on('newChunk', (chunk) =>
      isMine(chunk) ? new Promise<void>((take) => arrive({ chunk, take })) : undefined,
    ),
    bridge.on('streamEnd', (end) => void (isMine(end) && arrive({ end }))),
    bridge.on('streamError', (error) => void (isMine(error) && arrive({ error: chatError(error) }))),
  ];
  const onAbort = (): void => arrive({ error: signal?.reason });
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    for (;;) {
      const arrival = signal?.aborted ? { error: signal.reason } : arrivals.shift();
      if (arrival === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if ('chunk' in arrival) {
        yield arrival.chunk;
        arrival.take();
      } else {
        isOver = !signal?.aborted;
        if ('end' in arrival) return arrival.end;
        throw arrival.error;
      }
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    for (const stop of stopListening) stop();
    if (!isOver) await bridge.cancel(id);
  }
}

function chatError({ code, message, retryAfterMs }: StreamError): ChatError {
  return Object.assign(new Error(message), { name: 'ChatError', code, retryAfterMs } as const);
}
